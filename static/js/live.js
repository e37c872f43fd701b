// Keeps a letter's count and wall current while somebody looks. Without it they are as old as the page.

const wall = document.querySelector("[data-live]");
const { live, poll, said } = wall.dataset;
const usual = navigator.connection?.saveData ? 60_000 : poll * 1000;
const items = () => [...wall.querySelectorAll(".names li")];
const nameOf = (item) => item.firstChild.textContent;
const topOf = (item) => item.getBoundingClientRect().top;
const known = new Set(items().map(nameOf));
let revision = Number(wall.dataset.revision);
let pause = usual;
let timer;

// Always under the pause: everybody sees a name in time, and not all ask at once.
function wait() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, pause * (0.7 + Math.random() / 4));
}

async function look() {
  try {
    const news = await (await ask(live)).json();
    const latest = news.latest.map((item) => item.name);
    // A revision brings one name at most: others that are unknown here stand on a later page of the list.
    if (news.revision > revision) await refresh(latest.slice(0, news.revision - revision));
    latest.forEach((name) => known.add(name));
    pause = usual;
  } catch {
    pause = Math.min(pause * 2, 300_000);
  }
  wait();
}

async function ask(address) {
  const answer = await fetch(address, { cache: "no-cache" });
  if (!answer.ok) throw answer;
  return answer;
}

async function refresh(latest) {
  const page = new DOMParser().parseFromString(await (await ask(location)).text(), "text/html");
  const focused = wall.querySelector("a:focus");
  const read = items().find((item) => topOf(item) > 0 && topOf(item) < innerHeight);
  const top = read && topOf(read);
  for (const part of document.querySelectorAll("[data-live-part]")) {
    const fresh = page.querySelector(`[data-live-part=${part.dataset.livePart}]`);
    part.replaceChildren(...(fresh?.childNodes ?? []));
  }
  if (focused && !focused.isConnected) {
    const same = [...wall.querySelectorAll("a")].find((link) => link.href === focused.href);
    same?.focus({ preventScroll: true });
  }
  const same = read && items().find((item) => nameOf(item) === nameOf(read));
  if (same) scrollBy(0, topOf(same) - top);
  // A cache may answer with a page older than the news: then the next look asks again.
  revision = Number(page.querySelector("[data-live]").dataset.revision);
  for (const map of document.querySelectorAll(".map")) map.src = map.src.replace(/\?.*|$/, `?r=${revision}`);
  announce(latest.filter((name) => !known.has(name)));
}

function announce(names) {
  for (const item of items().filter((item) => !known.has(nameOf(item)))) {
    item.classList.add("new", "fresh");
    known.add(nameOf(item));
  }
  wall.querySelector("[role=status]").textContent =
    (names.length ? said.replace("NAMES", () => names.join(", ")) : "") +
    " " +
    wall.querySelector(".count").textContent;
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) look();
});
wait();
