// Keeps a room's screen current and welcomes each organisation as it arrives. Without it the page is loaded anew.

const { live, poll } = document.body.dataset;
const usual = poll * 1000;
const welcome = document.querySelector(".welcome");
const away = document.querySelector(".away");
const full = document.querySelector(".full");
const idOf = (item) => item.dataset.id;
const listed = () => [...document.querySelectorAll(".newest [data-id]")];
const known = new Set(listed().map(idOf));
let waiting = []; // items that were not welcomed yet, in the order they arrived
let shown = ""; // the edition of what stands here; unknown before the first look
let currentSince = new Date();
let pause = usual;
let timer;
let resting;

// --- looking -----------------------------------------------------------------------------------------

// Always under the pause: everybody sees a name in time, and not all ask at once.
function wait() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, pause * (0.7 + Math.random() / 4));
}

async function look() {
  clearTimeout(timer);
  try {
    const answer = await ask(live);
    if (editionOf(answer) !== shown) await refresh();
    currentSince = new Date();
    pause = usual;
    away.textContent = "";
  } catch {
    pause = Math.min(pause * 2, 60_000);
    const time = currentSince.toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
    const said = away.dataset.said.replace("TIME", time);
    if (away.textContent !== said) away.textContent = said;
  }
  wait();
}

async function ask(address) {
  const answer = await fetch(address, { cache: "no-cache" });
  if (!answer.ok) throw answer;
  return answer;
}

// Without the language, which data has not: so it also tells that the letter has closed meanwhile.
function editionOf(answer) {
  return (answer.headers.get("ETag") ?? "").replace(/\.\w+"$/, "");
}

async function refresh() {
  const answer = await ask(location);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live-part]")) {
    part.replaceChildren(...page.querySelector(`[data-live-part=${part.dataset.livePart}]`).childNodes);
  }
  // A cache may answer with a page older than the news: then the next look asks again.
  shown = editionOf(answer);
  const items = listed();
  const here = new Set(items.map(idOf));
  waiting = waiting.filter((item) => here.has(idOf(item)));
  if (welcome.dataset.id && !here.has(welcome.dataset.id)) rest();
  arrive(items);
}

// What stands below the last one known moved up because others left: it is no news.
function arrive(items) {
  const last = items.findLastIndex((item) => known.has(idOf(item)));
  const news = items.slice(0, last < 0 ? items.length : last).filter((item) => !known.has(idOf(item)));
  for (const item of items) known.add(idOf(item));
  waiting.push(...news.reverse());
  if (!welcome.dataset.id) next();
}

// --- welcoming ---------------------------------------------------------------------------------------

function next() {
  clearTimeout(resting);
  const item = document.hidden ? undefined : waiting.shift();
  if (!item) return rest();
  const heading = document.createElement("p");
  heading.textContent = welcome.dataset.said;
  const words = document.createElement("div");
  words.append(...[...item.childNodes].map((node) => node.cloneNode(true)));
  welcome.replaceChildren(heading, words);
  fit(words);
  welcome.dataset.id = idOf(item);
  resting = setTimeout(goOn, waiting.length > 9 ? 2_500 : waiting.length > 2 ? 4_000 : 7_000);
}

// A name may have 255 letters, of any script.
function fit(words) {
  for (let size = parseFloat(getComputedStyle(words).fontSize); size > 12; size *= 0.9) {
    if (welcome.scrollHeight <= welcome.clientHeight) return;
    words.style.fontSize = `${size * 0.9}px`;
  }
}

// Asks first: whoever was removed while waiting is not welcomed.
async function goOn() {
  const { id } = welcome.dataset;
  await look();
  if (welcome.dataset.id === id) next();
}

function rest() {
  clearTimeout(resting);
  delete welcome.dataset.id;
  welcome.replaceChildren();
  if (waiting.length && !document.hidden) next();
}

// --- a screen that nobody touches --------------------------------------------------------------------

async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // The browser saves power instead, which is its owner's choice.
  }
}

let idling;
function stir() {
  document.body.classList.remove("idle");
  clearTimeout(idling);
  idling = setTimeout(() => document.body.classList.add("idle"), 4_000);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (document.hidden) return;
  stayAwake();
  look();
  if (!welcome.dataset.id) next();
});
addEventListener("online", look);
for (const moved of ["pointermove", "pointerdown", "keydown"]) addEventListener(moved, stir);
full.hidden = !document.fullscreenEnabled;
full.addEventListener("click", () =>
  document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen(),
);
stir();
stayAwake();
wait();
