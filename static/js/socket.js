/** One WebSocket to the gallery that comes back by itself, with back-off and jitter. */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const PING_MS = 25_000;
const SILENCE_MS = 10_000;
const root = document.documentElement;

/** @type {WebSocket | null} */
let socket = null;
let attempts = 0;
let pinging = 0;
let silence = 0;
let retrying = 0;
/** @type {string | null} */
let watched = null;
/** @type {{message: (message: object) => unknown, open: (again: boolean) => void, lost: () => void}} */
let handlers;

/**
 * Connect, and stay connected.
 * @param {typeof handlers} given
 */
export function startSocket(given) {
  handlers = given;
  addEventListener("online", reconnectNow);
  addEventListener("offline", () => socket?.close());
  document.addEventListener("visibilitychange", () => document.hidden || reconnectNow());
  connect();
}

/**
 * Ask for the messages of one photo that the gallery does not list, or stop asking.
 * @param {string | null} image
 */
export function watch(image) {
  if (watched && watched !== image) send({ type: "unwatch", image: watched });
  watched = image;
  if (watched) send({ type: "watch", image: watched });
}

function connect() {
  clearTimeout(retrying);
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}${document.body.dataset.socketPath}`);
  socket.addEventListener("open", opened);
  socket.addEventListener("message", received);
  socket.addEventListener("close", closed);
}

function opened() {
  const again = root.dataset.socket === "closed";
  attempts = 0;
  root.dataset.socket = "open";
  pinging = setInterval(ping, PING_MS);
  if (watched) send({ type: "watch", image: watched });
  handlers.open(again);
}

/** @param {MessageEvent<string>} event */
async function received(event) {
  clearTimeout(silence);
  const message = JSON.parse(event.data);
  await handlers.message(message);
  document.dispatchEvent(new CustomEvent("capsite:message", { detail: message }));
}

function closed() {
  clearInterval(pinging);
  clearTimeout(silence);
  if (root.dataset.socket === "open") handlers.lost();
  root.dataset.socket = "closed";
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts);
  attempts += 1;
  retrying = setTimeout(connect, wait * (0.5 + Math.random()));
}

function ping() {
  send({ type: "ping" });
  silence = setTimeout(() => socket.close(), SILENCE_MS);
}

function reconnectNow() {
  if (socket?.readyState === WebSocket.CLOSED) connect();
}

/** @param {object} message */
function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}
