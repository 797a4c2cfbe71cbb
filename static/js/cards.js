/** The cards of the gallery: filled in place, put on top, refreshed and removed. */

import { enliven } from "./fragments.js";
import { galleryPage } from "./pages.js";
import { percent, say, sayFailure } from "./words.js";

/** @typedef {{text: string, language: string, confidence: number, level: string}} Caption */
/** @typedef {{image: string, state: string, error: {code: string, message: string} | null, captions: Caption[]}} Update */

/** How late a card is true: when a message filled it, or when the answer that renewed it was asked for. */
/** @type {WeakMap<HTMLElement, number>} */
const trueAt = new WeakMap();

/** New cards that wait until their reader comes back to the top. */
export const shelf = document.createElement("ul");

/** @returns {HTMLElement | null} */
export function cardList() {
  return galleryPage()?.querySelector(".gallery") ?? null;
}

/**
 * @param {string} id
 * @returns {HTMLElement | null}
 */
export function cardOf(id) {
  const selector = `.card[data-image="${CSS.escape(id)}"]`;
  return cardList()?.querySelector(selector) ?? shelf.querySelector(selector);
}

/**
 * The most confident of some captions, of those in the language of the page if there are any.
 * @param {Caption[]} captions
 * @returns {Caption | undefined}
 */
export function bestOf(captions) {
  const spoken = captions.filter(({ language }) => language === document.documentElement.lang);
  const chosen = spoken.length ? spoken : captions;
  return chosen.reduce((best, caption) => (caption.confidence > best.confidence ? caption : best), chosen[0]);
}

/**
 * Fill a card from a message; returns true when a caption came that was not there.
 * @param {HTMLElement} card
 * @param {Update} update
 * @returns {boolean}
 */
export function fillCard(card, update) {
  trueAt.set(card, performance.now());
  const best = bestOf(update.captions ?? []);
  const state = update.state === "failed" && best ? "done" : update.state;
  const fresh = state === "done" && card.dataset.state !== "done";
  card.dataset.state = state;
  card.querySelector(".stage").textContent = sayFailure(update.error) || say(`stage.${state}`);
  // What people published stays: a newer caption of the model does not take its place.
  if (best && !("published" in card.dataset)) fillCaption(card, best);
  card.toggleAttribute("data-fresh", fresh || card.hasAttribute("data-fresh"));
  return fresh;
}

/**
 * @param {HTMLElement} card
 * @param {Caption} caption
 */
function fillCaption(card, caption) {
  const words = card.querySelector(".card-caption");
  const photo = card.querySelector(".photo");
  words.textContent = photo.alt = caption.text;
  words.lang = photo.lang = caption.language;
  fillMeter(card.querySelector(".confidence"), caption);
}

/**
 * @param {HTMLElement} confidence
 * @param {Caption} caption
 */
function fillMeter(confidence, caption) {
  const share = Math.round(caption.confidence * 100);
  const words = { level: say(`level.${caption.level}`), percent: percent(share / 100) };
  const meter = confidence.querySelector(".meter");
  confidence.dataset.level = caption.level;
  meter.setAttribute("aria-valuenow", String(share));
  meter.setAttribute("aria-valuetext", say("meter.text", words));
  confidence.querySelector(".meter-fill").setAttribute("width", `${share}%`);
  confidence.querySelector(".meter-level").textContent = words.level;
  confidence.querySelector(".meter-number").textContent = words.percent;
}

/**
 * Bring a card up to date from one that was fetched; the picture stays as it is.
 * @param {HTMLElement} fetched
 * @param {number} askedAt
 */
export function renewCard(fetched, askedAt) {
  const card = cardOf(fetched.dataset.image);
  if (!card || trueAt.get(card) > askedAt) return;
  trueAt.set(card, askedAt);
  if (card.dataset.state !== fetched.dataset.state) {
    card.toggleAttribute("data-fresh", fetched.dataset.state === "done");
    card.dataset.state = fetched.dataset.state;
  }
  card.toggleAttribute("data-published", "published" in fetched.dataset);
  const { alt, lang } = fetched.querySelector(".photo");
  Object.assign(card.querySelector(".photo"), { alt, lang });
  const foot = fetched.querySelector(".card-foot");
  card.querySelector(".card-foot").replaceWith(foot);
  enliven(foot);
}

/**
 * Put new cards on top, in their order.
 * @param {HTMLElement[]} cards
 */
export function putOnTop(cards) {
  cardList()?.prepend(...cards);
  cards.forEach(enliven);
}

/**
 * Remove a photo's card.
 * @param {string} id
 */
export function removeCard(id) {
  cardOf(id)?.remove();
}
