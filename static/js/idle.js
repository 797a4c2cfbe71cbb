/** Warns before an unused browser is signed out, and tells the server that somebody is there. */

const SIGNS = ["pointerdown", "keydown", "wheel", "touchmove", "input"];
/** Seconds at which the time that is left is said aloud; each figure is shown. */
const SAID_AT = [120, 90, 60, 30, 20, 10, 5];
const RETRY_MS = 5000;

const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("idle"));
/** Every tab of this browser hears what one of them learned. */
const tabs = new BroadcastChannel("capsite-idle");
const clock = { until: 0, sent: 0, timer: 0, asking: false, failed: -Infinity, said: Infinity };

/** Start the clock, or let other tabs know that nobody is signed in here any more. */
export function startIdle() {
  if (!dialog) {
    tabs.postMessage({ check: true });
    return;
  }
  learn(Number(dialog.dataset.seconds));
  tabs.addEventListener("message", ({ data }) => heard(data));
  for (const sign of SIGNS) addEventListener(sign, alive, { passive: true, capture: true });
  document.addEventListener("visibilitychange", () => document.hidden || tick());
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    stay();
  });
  dialog.querySelector("#idle-stay").addEventListener("click", stay);
  setInterval(tick, 1000);
}

/** @param {{until?: number, check?: boolean}} news of another tab */
function heard({ until, check }) {
  if (check) ask("GET");
  else if (until > clock.until) setUntil(until);
}

/** Somebody does something: tell the server, but not with every key. */
function alive() {
  if (dialog.open || clock.timer) return;
  const pause = Math.min(30, Number(dialog.dataset.whole) / 10) * 1000;
  const wait = Math.max(0, clock.sent + pause - Date.now());
  clock.timer = setTimeout(() => {
    clock.timer = 0;
    clock.sent = Date.now();
    ask("POST");
  }, wait);
}

async function stay() {
  if (await ask("POST")) dialog.close();
}

/** What the clock says; before the warning, and at the end, the server has the last word. */
async function tick() {
  const left = Math.ceil((clock.until - Date.now()) / 1000);
  if (left > Number(dialog.dataset.warning)) return dialog.open && dialog.close();
  if (!dialog.open || left < 0) await ask("GET");
  if (left >= 0) show(Math.ceil((clock.until - Date.now()) / 1000));
}

/** @param {number} left seconds */
function show(left) {
  if (left > Number(dialog.dataset.warning)) return;
  if (!dialog.open) {
    clock.said = Infinity;
    dialog.showModal();
  }
  const shown = Math.max(0, left);
  const seconds = String(shown % 60).padStart(2, "0");
  dialog.querySelector(".idle-count").textContent = `${Math.floor(shown / 60)}:${seconds}`;
  const mark = SAID_AT.find((at) => at < clock.said && shown <= at && shown > at - 3);
  if (mark || clock.said === Infinity) sayLeft(shown);
}

/** @param {number} left seconds */
function sayLeft(left) {
  clock.said = left;
  const unit = { style: "unit", unit: "second", unitDisplay: "long" };
  const time = new Intl.NumberFormat(document.documentElement.lang, unit).format(left);
  dialog.querySelector(".idle-said").textContent = dialog.dataset.said.replace("{time}", time);
}

/**
 * Ask the server how long one is signed in, or for the whole time again.
 * @param {"GET" | "POST"} method
 * @returns {Promise<boolean>} whether it answered
 */
async function ask(method) {
  if (method === "GET" && (clock.asking || Date.now() - clock.failed < RETRY_MS)) return false;
  clock.asking = true;
  try {
    const headers = { "X-CSRFToken": dialog.dataset.token, "X-Requested-With": "fetch" };
    const answer = await fetch(dialog.dataset.url, { method, headers });
    if (answer.status === 403) return method === "POST" && ask("GET"); // another tab signed in anew
    if (!answer.ok) throw new Error(String(answer.status));
    learn((await answer.json()).seconds);
    return true;
  } catch {
    clock.failed = Date.now(); // away: nobody is signed out on a guess
    return false;
  } finally {
    clock.asking = false;
  }
}

/** @param {number} seconds as the server counts */
function learn(seconds) {
  if (!seconds) return leave();
  setUntil(Date.now() + seconds * 1000);
  tabs.postMessage({ until: clock.until });
}

/** @param {number} until */
function setUntil(until) {
  clock.until = until;
  if (dialog.open && until - Date.now() > Number(dialog.dataset.warning) * 1000) dialog.close();
}

/** The session is over: what it showed goes off the screen. */
function leave() {
  const next = encodeURIComponent(location.pathname + location.search);
  location.replace(`${dialog.dataset.login}?ended=1&next=${next}`);
}
