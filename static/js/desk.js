// The desk works without this as well. With it, a decision is one request: the case behind it is there already.

const SETTLING = 250; // ms: nobody reads a name and answers it sooner, so the key was meant for the case before
const DOUBLE_CLICK = 500; // ms: the second click of a double click must not decide the case that follows
const FRESH = 90_000; // ms: less than a case is kept for whoever has it, so that it stays theirs
const AWAY = 10; // times that long without a key or a click, and colleagues may have it
const PATIENCE = 20_000; // ms for an answer
const STORED = "desk.keys";
const TYPING = "input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]";

const desk = document.querySelector("[data-desk]");
const part = (name) => desk.querySelector(`[data-${name}]`);
const words = (name) => document.querySelector(`[data-words=${name}]`).content.cloneNode(true);

// --- one case after another ----------------------------------------------------------------------------

let current; // the case that is shown
let ahead; // the one behind it, held ready
let line = Promise.resolve(); // decisions are sent one after the other
let unsent = 0;
let shownAt = Infinity;

function begin() {
  current = part("case");
  settle();
  holdReady();
  desk.addEventListener("click", ignoreSecondClick, { capture: true });
  desk.addEventListener("click", skip);
  desk.addEventListener("submit", submit);
  addEventListener("popstate", () => location.reload());
  addEventListener("beforeunload", (event) => unsent && event.preventDefault());
  addEventListener("pageshow", settle);
  stayFresh();
}

function submit(event) {
  const form = event.target;
  if (!form.dataset.decision) return;
  event.preventDefault();
  if (isSettled()) decide(form, new FormData(form, event.submitter));
}

function isSettled(span = SETTLING) {
  return performance.now() > shownAt + span;
}

function ignoreSecondClick(event) {
  if (help.contains(event.target)) return;
  if (event.isTrusted && event.detail > 0 && !isSettled(DOUBLE_CLICK)) event.preventDefault();
}

async function decide(form, body) {
  const undoes = Boolean(form.closest("[data-undo]"));
  const decided = current;
  if (decided.ariaBusy) return;
  decided.ariaBusy = "true";
  unsent += 1;
  await line;
  const moves = form.dataset.decision === "goes-on" && ahead && current === decided;
  if (moves) body.set("shown", ahead.dataset.pk);
  else if (undoes || current !== decided) body.set("shown", current.dataset.pk ?? "");
  else if (ahead) body.set("ahead", ahead.dataset.pk);
  line = send(form.action, body, nameOf(decided));
  if (moves) show(ahead);
  const answer = await line;
  unsent -= 1;
  decided.ariaBusy = null;
  if (answer) heed(answer, undoes ? decided : null);
}

function heed(answer, left) {
  say(answer);
  part("waiting").innerHTML = answer.waiting;
  part("undo").innerHTML = answer.undo;
  if (!answer.show) {
    ahead = parsed(answer.case);
    return;
  }
  ahead = answer.kept ? (left ?? ahead) : null;
  show(parsed(answer.case), ahead);
  if (!ahead) holdReady();
}

function show(node, next = null) {
  if (!node) return;
  current.replaceWith(node);
  current = node;
  ahead = next;
  document.title = node.dataset.title;
  if (new URL(node.dataset.url, location).href !== location.href) history.pushState(null, "", node.dataset.url);
  scrollTo(0, 0);
  node.querySelector("h1").focus({ preventScroll: true });
  settle();
}

function skip(event) {
  const link = event.target.closest("[data-skip]");
  if (!link || !ahead || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  if (current.ariaBusy) return;
  part("said").replaceChildren();
  show(ahead);
  holdReady();
}

async function holdReady() {
  const asking = current;
  if (!asking.dataset.next) return;
  const answer = await ask(asking.dataset.next).catch(() => null);
  if (!answer?.json || asking !== current || asking.ariaBusy) return;
  part("waiting").innerHTML = answer.json.waiting;
  ahead = parsed(answer.json.case);
}

function settle() {
  shownAt = performance.now();
}

// While somebody is there, what they have stays theirs, and what is held ready stays as it is in the database.
function stayFresh() {
  let idle = 0;
  for (const sign of ["keydown", "pointerdown", "scroll"]) addEventListener(sign, () => (idle = 0), { passive: true });
  setInterval(() => {
    idle += 1;
    if (!document.hidden && idle <= AWAY && !unsent) holdReady();
  }, FRESH);
}

// --- asking and being answered -------------------------------------------------------------------------

async function ask(address, options) {
  const signal = AbortSignal.timeout(PATIENCE);
  const response = await fetch(address, { headers: { Accept: "application/json" }, signal, ...options });
  if (response.status >= 500) throw new Error(response.status);
  return { json: response.ok && !response.redirected ? await response.json() : null }; // else led to the way in
}

// What was decided is sent until it is answered, and a repeat is harmless: the desk knows what it has done.
async function send(address, body, name) {
  for (;;) {
    try {
      const { json } = await ask(address, { method: "POST", body });
      if (json) return json;
      return sayShut(address);
    } catch {
      await again(name);
    }
  }
}

function again(name) {
  const said = words("broken");
  said.querySelector("[data-name]").textContent = name;
  part("said").replaceChildren(said);
  return new Promise((resolve) => {
    part("said").querySelector("[data-again]").addEventListener("click", resolve, { once: true });
    addEventListener("online", resolve, { once: true });
  }).then(() => part("said").replaceChildren(words("busy")));
}

function sayShut(address) {
  const said = words("shut");
  said.querySelector("[data-link]").href = address.replace(/(decide|undo)\/(\?.*)?$/, "change/$2");
  part("said").replaceChildren(said);
}

function say({ said }) {
  if (!said) return;
  const paragraph = document.createElement("p");
  paragraph.className = said.level + (said.told ? " told" : "");
  paragraph.innerHTML = said.said;
  part("said").replaceChildren(paragraph);
}

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function nameOf(node) {
  return node.querySelector("h1").textContent;
}

// --- keys ----------------------------------------------------------------------------------------------

const help = document.querySelector("[data-keys-help]");
const toggle = document.querySelector("[data-keys]");

function listen() {
  toggle.checked = localStorage.getItem(STORED) !== "off";
  toggle.addEventListener("change", () => {
    localStorage.setItem(STORED, toggle.checked ? "on" : "off");
    showKeys();
  });
  const opener = part("help");
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", press);
  showKeys();
}

function showKeys() {
  document.body.classList.toggle("keyed", toggle.checked);
}

function press(event) {
  if (event.key === "Escape") return closeReasons();
  if (!toggle.checked || event.repeat || event.isComposing || help.open) return;
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest(TYPING)) return;
  if (event.key === "?") return void act(event, part("help"));
  if (!isSettled() || current.ariaBusy) return;
  const digit = digitOf(event);
  if (digit) return choose(event, digit);
  if (event.key.startsWith("Arrow")) return move(event);
  if (!event.shiftKey) act(event, desk.querySelector(`[data-key~="${letterOf(event)}"]`));
}

function act(event, item) {
  if (!item) return;
  event.preventDefault();
  if (item.matches("summary")) openReasons(item.parentElement);
  else if (item.matches("input")) item.focus();
  else if (item.form) item.form.requestSubmit(item);
  else item.click();
}

// A digit decides where reasons are open, and else says which organisation it is.
function choose(event, digit) {
  const where = desk.querySelector("[data-reasons][open]") ?? desk.querySelector("#approve");
  const item = where?.querySelector(`[data-digit="${digit}"]`);
  if (!item) return;
  if (item.matches("[type=radio]")) {
    event.preventDefault();
    item.checked = true;
    item.focus();
  } else act(event, item);
}

function openReasons(details) {
  for (const other of desk.querySelectorAll("[data-reasons][open]")) other.open = false;
  details.open = true;
  details.querySelector("[data-digit]").focus();
}

function closeReasons() {
  const open = desk?.querySelector("[data-reasons][open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
}

function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...(event.target.closest("[data-reasons]")?.querySelectorAll("[data-digit]") ?? [])];
  const here = buttons.indexOf(event.target);
  if (!step || here < 0) return;
  event.preventDefault();
  buttons.at((here + step) % buttons.length).focus();
}

// On a keyboard of another script the place of the key counts; digits have one place on all of them.
function letterOf(event) {
  return /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace("Key", "").toLowerCase();
}

function digitOf(event) {
  if (event.shiftKey && !/^\d$/.test(event.key)) return "";
  return event.code.match(/^(?:Digit|Numpad)([1-9])$/)?.[1] ?? "";
}

// --- copying -------------------------------------------------------------------------------------------

function copying() {
  document.querySelector("[data-copy]")?.addEventListener("focus", (event) => event.target.select());
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copies);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.copied;
  } catch {
    field.focus(); // it is selected: the keyboard copies it
  }
}

if (desk) {
  begin();
  listen();
}
copying();
