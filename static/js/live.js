/** Turns socket messages into what people see: new photos on top, captions in place, the worker's state. */

import { announce, announceCaption } from "./announce.js";
import { bestOf, cardOf, fillCard, removeCard } from "./cards.js";
import { fetchCards } from "./fragments.js";
import { showWaiting, startNewcomers, welcome } from "./newcomers.js";
import { currentPage, galleryPage, onPage } from "./pages.js";
import { onShow, refreshPanel, watchPhoto } from "./panel.js";
import { reread, rereadCards } from "./reread.js";
import { startSocket } from "./socket.js";
import { awaited } from "./tray.js";
import { say, sayCount } from "./words.js";

const GATHER_MS = 30;

/** @type {Set<string>} */
let created = new Set();
/** @type {Promise<void> | null} */
let fetching = null;
/** @type {{state: string, waiting: number} | null} */
let worker = null;

const readers = {
  hello: (message) => showWorker(message.worker),
  worker: (message) => showWorker(message),
  "image.created": (message) => photoCreated(message.image),
  "image.updated": photoUpdated,
  "image.removed": (message) => photoRemoved(message.image),
};

/** Connect and keep every page up to date. */
export function startLive() {
  startNewcomers();
  startSocket({ message: read, open: opened, lost: () => announce(say("said.lost")) });
  onPage((page) => {
    watchPhoto(page);
    showWaiting();
    showWorker(worker);
  });
  document.addEventListener("htmx:afterRequest", afterRetry);
}

/** @param {{type: string}} message */
function read(message) {
  return readers[message.type]?.(message);
}

/** @param {boolean} again */
async function opened(again) {
  await reread(awaited());
  if (again) announce(say("said.back"));
}

/** @param {string} id */
function photoCreated(id) {
  if (!galleryPage()) return;
  created.add(id);
  fetching ??= new Promise((resolve) => setTimeout(resolve, GATHER_MS)).then(fetchCreated);
  return fetching;
}

async function fetchCreated() {
  const ids = [...created];
  created = new Set();
  fetching = null;
  welcome(await fetchCards(ids));
}

/** @param {import("./cards.js").Update} message */
async function photoUpdated(message) {
  const { image, state, captions, error } = message;
  const best = bestOf(captions ?? []);
  const detail = { image, state, caption: best?.text ?? "", why: error?.message ?? "" };
  if (fetching && !cardOf(image)) await fetching;
  const card = cardOf(image);
  const fresh = card ? fillCard(card, message) : false;
  if (onShow(image)) await refreshPanel();
  document.dispatchEvent(new CustomEvent("capsite:photo", { detail }));
  if (best && (fresh || onShow(image))) announceCaption(best.text);
}

/** @param {string} id */
function photoRemoved(id) {
  removeCard(id);
  if (onShow(id)) announce(say("said.removed"));
}

/** @param {{state: string, waiting: number} | null} now */
function showWorker(now) {
  worker = now;
  const banner = currentPage().querySelector(".worker-banner");
  if (!banner || !now) return;
  const { state, waiting } = now;
  banner.hidden = state === "ready";
  const counted = state === "away" && waiting > 0;
  banner.textContent = counted ? sayCount("worker.away", waiting) : say(`worker.${state}`);
}

/** @param {CustomEvent} event */
function afterRetry(event) {
  if (!event.target.matches?.(".retry")) return;
  const card = event.target.closest(".card");
  if (card) rereadCards([card.dataset.image]);
  else refreshPanel();
}
