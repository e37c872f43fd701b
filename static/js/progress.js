// While something is under way its page is asked for again, and what has changed is put in its place. Whoever reads or
// uses the keyboard is left where they are.

const EVERY = 2000; // ms

const status = () => document.querySelector("[data-status]");

async function look() {
  if (document.hidden) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return; // the next look may find the server again
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.querySelector("[data-status]");
  if (now?.dataset.status !== status().dataset.status) location.reload(); // over, or logged out meanwhile
  else for (const part of document.querySelectorAll("[data-live]")) renew(part, page);
}

// What is the same stays, or a screen reader would say it again.
function renew(part, page) {
  const now = page.querySelector(`[data-live="${part.dataset.live}"]`);
  if (!part.isEqualNode(now)) part.replaceChildren(...now.childNodes);
}

setInterval(look, EVERY);
