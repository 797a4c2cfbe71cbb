/** Reads the truth again after a connection was opened: what was missed is fetched, not guessed. */

import { cardList, cardOf, putOnTop, removeCard, renewCard, shelf } from "./cards.js";
import { cardsIn, fetchCards, fetchPage } from "./fragments.js";
import { showWaiting, welcome } from "./newcomers.js";
import { refreshPanel } from "./panel.js";
import { awaited } from "./tray.js";

const AGAIN_MS = 3000;
let later = 0;
let firstPageAt = 0;

/** Bring everything on the page up to date; while the server cannot, ask again. */
export async function reread() {
  try {
    const renewed = cardList() ? await rereadFirstPage() : new Set();
    const ids = new Set([...shown(), ...awaited()].filter((id) => !renewed.has(id)));
    await rereadCards([...ids]);
    await refreshPanel();
  } catch (error) {
    if (error.status !== 404) rereadLater(); // the photo on show may be gone
  }
}

/** Read again in a moment; asking several times is asking once. */
export function rereadLater() {
  clearTimeout(later);
  later = setTimeout(reread, AGAIN_MS);
}

/**
 * Fetch some cards, bring those on the page up to date and remove those that are gone.
 * @param {string[]} ids
 */
export async function rereadCards(ids) {
  const askedAt = performance.now();
  const cards = await fetchCards(ids);
  const found = new Set(cards.map(idOf));
  cards.forEach(report);
  cards.forEach((card) => renewCard(card, askedAt));
  ids.filter((id) => !found.has(id)).forEach(removeCard);
  showWaiting();
}

/**
 * Let in what is new on the first page and bring the rest of it up to date. What is new was not here to hear
 * the messages that came with it, so it is not among the photos returned and is asked for once more.
 * @returns {Promise<Set<string>>} the photos that were brought up to date
 */
async function rereadFirstPage() {
  const askedAt = performance.now();
  const page = await fetchPage(document.body.dataset.galleryUrl);
  if (askedAt < firstPageAt) return new Set();
  firstPageAt = askedAt;
  const cards = cardsIn(page);
  const known = cards.filter((card) => cardOf(idOf(card)));
  cards.forEach(report);
  if (cards.length && !known.length) startOver(page, cards);
  else {
    // Strangers below the last known card are not new: they moved up, and scrolling brings them.
    welcome(cards.slice(0, cards.indexOf(known.at(-1))));
    known.forEach((card) => renewCard(card, askedAt));
  }
  return new Set(known.map(idOf));
}

/**
 * Show the first page afresh: so much is new that the known cards no longer join on.
 * @param {Document} page
 * @param {HTMLElement[]} cards
 */
function startOver(page, cards) {
  const more = page.querySelector(".more");
  shelf.replaceChildren();
  cardList().replaceChildren(...(more ? [document.adoptNode(more)] : []));
  putOnTop(cards);
  if (more) window.htmx.process(more);
}

/**
 * The photos whose cards are on the page or wait to be let in.
 * @returns {string[]}
 */
function shown() {
  return [...(cardList()?.querySelectorAll(".card") ?? []), ...shelf.children].map(idOf);
}

/**
 * @param {HTMLElement} card
 * @returns {string}
 */
function idOf(card) {
  return card.dataset.image;
}

/**
 * Tell whoever follows this photo (the upload tray) what its card says now.
 * @param {HTMLElement} card
 */
function report(card) {
  const { textContent, lang: spoken } = card.querySelector(".card-caption");
  const caption = textContent.trim();
  const why = card.querySelector(".stage").textContent.trim();
  const detail = { image: card.dataset.image, state: card.dataset.state, caption, spoken, why };
  document.dispatchEvent(new CustomEvent("capsite:photo", { detail }));
}
