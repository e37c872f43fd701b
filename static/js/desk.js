// The desk without it works as well: this adds single keys, and a link that is ready to be copied.

const SETTLING = 600; // ms: the second tap of a double tap must not decide the case that follows, unread
const STORED = "desk.keys";
const TYPING = "input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]";

const keyed = new Map([...document.querySelectorAll("[data-key]")].map((item) => [item.dataset.key, item]));
const toggle = document.querySelector("[data-keys]");
let ready = Infinity;

if (toggle) {
  toggle.checked = localStorage.getItem(STORED) !== "off";
  toggle.closest(".keys").hidden = false;
  toggle.addEventListener("change", () => {
    localStorage.setItem(STORED, toggle.checked ? "on" : "off");
    show();
  });
  document.addEventListener("keydown", press);
  document.addEventListener("submit", () => (ready = Infinity));
  addEventListener("pageshow", () => (ready = performance.now() + SETTLING));
  show();
}

function show() {
  document.body.classList.toggle("keyed", toggle.checked);
}

function press(event) {
  if (!toggle.checked || performance.now() < ready || event.repeat || event.isComposing) return;
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest(TYPING)) return;
  const item = keyed.get(letterOf(event));
  if (!item) return;
  event.preventDefault(); // or the letter would also choose in the select it leads to
  if (item.matches("select")) item.focus();
  else item.click();
}

// On a keyboard of another script the place of the key counts.
function letterOf(event) {
  return /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace("Key", "").toLowerCase();
}

document.querySelector("[data-copy]")?.addEventListener("focus", (event) => event.target.select());
