// While a file of letters is being made its page shows how far it is; without this, a link looks again.

const AGAIN = 1500; // ms

async function look() {
  const answer = await fetch(location.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("#parcel");
  if (!answer.ok || !fresh) return;
  document.querySelector("#parcel").replaceChildren(...fresh.childNodes);
  if ("packing" in fresh.dataset) setTimeout(look, AGAIN);
}

setTimeout(look, AGAIN);
