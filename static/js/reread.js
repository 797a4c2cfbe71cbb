/** Reads the truth again after a connection was opened: what was missed is fetched, not guessed. */

import { cardList, cardOf, putOnTop, renewCard, shelf } from "./cards.js";
import { cardsIn, fetchCards, fetchPage } from "./fragments.js";
import { welcome } from "./newcomers.js";
import { refreshPanel } from "./panel.js";
import { awaited } from "./tray.js";

const CHUNK = 50;
const AGAIN_MS = 3000;
let later = 0;

/** Bring everything on the page up to date; while the server cannot, ask again. */
export async function reread() {
  try {
    const seen = cardList() ? await rereadFirstPage() : new Set();
    const ids = new Set([...unfinished(), ...awaited()].filter((id) => !seen.has(id)));
    await rereadCards([...ids]);
    await refreshPanel();
  } catch {
    rereadLater();
  }
}

/** Read again in a moment; asking several times is asking once. */
export function rereadLater() {
  clearTimeout(later);
  later = setTimeout(reread, AGAIN_MS);
}

/**
 * Fetch some cards and bring those on the page up to date.
 * @param {string[]} ids
 */
export async function rereadCards(ids) {
  for (let start = 0; start < ids.length; start += CHUNK) {
    const askedAt = performance.now();
    const cards = await fetchCards(ids.slice(start, start + CHUNK));
    cards.forEach(report);
    cards.forEach((card) => renewCard(card, askedAt));
  }
}

/** @returns {Promise<Set<string>>} the photos that were brought up to date */
async function rereadFirstPage() {
  const askedAt = performance.now();
  const page = await fetchPage(document.body.dataset.galleryUrl);
  const cards = cardsIn(page);
  const ids = new Set(cards.map((card) => card.dataset.image));
  cards.forEach(report);
  const strangers = cards.filter((card) => !cardOf(card.dataset.image));
  if (cards.length && strangers.length === cards.length) startOver(page, cards);
  else {
    cards.forEach((card) => renewCard(card, askedAt));
    welcome(strangers);
  }
  return ids;
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

/** @returns {string[]} */
function unfinished() {
  const waiting = `.card:not([data-state="done"])`;
  const cards = [...(cardList()?.querySelectorAll(waiting) ?? []), ...shelf.querySelectorAll(waiting)];
  return cards.map((card) => card.dataset.image);
}

/**
 * Tell whoever follows this photo (the upload tray) what its card says now.
 * @param {HTMLElement} card
 */
function report(card) {
  const caption = card.querySelector(".card-caption").textContent.trim();
  const why = card.querySelector(".stage").textContent.trim();
  const detail = { image: card.dataset.image, state: card.dataset.state, caption, why };
  document.dispatchEvent(new CustomEvent("capsite:photo", { detail }));
}
