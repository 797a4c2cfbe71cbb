/** Turns socket messages into what people see: new photos on top, captions in place, the worker's state. */

import { announce, announceCaption } from "./announce.js";
import { bestOf, cardOf, fillCard, removeCard } from "./cards.js";
import { fetchCards } from "./fragments.js";
import { showWaiting, startNewcomers, welcome } from "./newcomers.js";
import { currentPage, galleryPage, onPage } from "./pages.js";
import { onShow, refreshPanel, removeCaption, watchPhoto } from "./panel.js";
import { reread, rereadCards, rereadLater } from "./reread.js";
import { startSocket } from "./socket.js";
import { refreshTexts, textUpdated } from "./texts.js";
import { showVotes } from "./votes.js";
import { say, sayCount, sayFailure } from "./words.js";

const GATHER_MS = 30;
const RECENT_MS = 10_000;

/** Photos that were announced and whose cards are on their way. */
/** @type {Map<string, Promise<void>>} */
const coming = new Map();
/** The last messages of each kind, oldest first, for cards and pages that were fetched before and are shown after. */
/** @type {Map<string, {message: object, at: number, isNew: boolean}>} */
const recent = new Map();
/** @type {string[]} */
let created = [];
/** @type {Promise<void> | null} */
let gathering = null;
/** The newest batch of cards; the next one waits for it, so that the newest photo ends on top. */
let batch = Promise.resolve();
/** @type {{state: string, waiting: number} | null} */
let worker = null;

const readers = {
  hello: (message) => showWorker(message.worker),
  worker: (message) => showWorker(message),
  "image.created": (message) => photoCreated(message.image),
  "image.updated": photoUpdated,
  "image.removed": (message) => photoRemoved(message.image),
  "caption.votes": showVotes,
  "caption.removed": captionRemoved,
  "annotation.updated": textPublished,
};

/** Connect and keep every page up to date. */
export function startLive() {
  startNewcomers();
  startSocket({ message: read, open: opened, lost: () => announce(say("said.lost")) });
  onPage((page) => {
    watchPhoto(page);
    showWaiting();
    showWorker(worker);
    replay();
  });
  document.addEventListener("htmx:afterRequest", afterRetry);
  document.addEventListener("htmx:afterRequest", afterMore);
}

/** @param {{type: string, image?: string}} message */
function read(message) {
  if (message.image) note(message);
  return readers[message.type]?.(message);
}

/** @param {{type: string, image: string}} message */
function note(message) {
  const key = keyOf(message);
  const isNew = message.type === "image.created" || Boolean(recent.get(key)?.isNew);
  forgetOld();
  recent.delete(key);
  recent.set(key, { message, at: performance.now(), isNew });
}

/**
 * What a message is about: of two about the same the later one counts.
 * @param {{type: string, image: string, caption?: string, annotation?: {language: string}}} message
 * @returns {string}
 */
function keyOf({ type, image, caption, annotation }) {
  return type.startsWith("image.") ? image : [type, image, caption ?? annotation?.language].join(" ");
}

function forgetOld() {
  for (const [key, { at }] of recent) {
    if (performance.now() - at <= RECENT_MS) return;
    recent.delete(key);
  }
}

/** Apply what was said about photos while this page, or more of its cards, was on its way. */
function replay() {
  forgetOld();
  for (const { message, isNew } of [...recent.values()]) {
    if (isNew && message.type !== "image.removed") photoCreated(message.image);
    readers[message.type]?.(message);
  }
}

/** @param {boolean} again */
async function opened(again) {
  recent.clear(); // what is read now is newer
  await Promise.all([reread(), refreshTexts().catch(() => {})]);
  if (again) announce(say("said.back"));
}

/** @param {string} id */
function photoCreated(id) {
  if (!galleryPage() || cardOf(id)) return;
  created.push(id);
  gathering ??= gather();
  coming.set(id, gathering);
  return gathering;
}

function gather() {
  const moment = new Promise((resolve) => setTimeout(resolve, GATHER_MS));
  batch = Promise.all([batch, moment]).then(fetchCreated);
  return batch;
}

async function fetchCreated() {
  const ids = created;
  created = [];
  gathering = null;
  try {
    welcome(await fetchCards(ids));
  } catch {
    rereadLater();
  } finally {
    ids.forEach((id) => coming.delete(id));
  }
}

/** @param {import("./cards.js").Update} message */
async function photoUpdated(message) {
  const { image, state, captions, error, language } = message;
  const best = bestOf(captions ?? []);
  await coming.get(image);
  const card = cardOf(image);
  const fresh = card ? fillCard(card, message) : false;
  const detail = { image, state, caption: best?.text ?? "", spoken: best?.language ?? "", why: sayFailure(error) };
  document.dispatchEvent(new CustomEvent("capsite:photo", { detail }));
  if (onShow(image)) await refreshPanel().catch(rereadLater);
  // A message that is read again on the next page was heard before.
  if (!best || message.said || !(fresh || onShow(image))) return;
  message.said = true;
  announceCaption(best.text, best.language, language);
}

/** @param {string} id */
async function photoRemoved(id) {
  await coming.get(id);
  removeCard(id);
  showWaiting();
  if (onShow(id)) announce(say("said.removed"));
}

/** @param {{image: string, annotation: import("./texts.js").Told}} message */
async function textPublished(message) {
  await textUpdated(message).catch(rereadLater);
  if (cardOf(message.image)) await rereadCards([message.image]).catch(rereadLater);
}

/** @param {{image: string, caption: string}} message */
async function captionRemoved({ image, caption }) {
  await removeCaption(caption).catch(rereadLater);
  if (cardOf(image)) await rereadCards([image]).catch(rereadLater);
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
  if (!event.target.matches?.(".retry, .ask")) return;
  const card = event.target.closest(".card");
  const answer = card ? rereadCards([card.dataset.image]) : refreshPanel();
  answer.catch(rereadLater);
}

/** @param {CustomEvent} event */
function afterMore(event) {
  if (event.detail.requestConfig.elt.matches(".more")) replay();
}
