/** Brings people back to where they were in a list: the gallery, what was found, or an album. */

import { enliven } from "./fragments.js";
import { loadMore } from "./more.js";
import { currentPage, onPage } from "./pages.js";
import { say } from "./words.js";

const LISTS = ["gallery", "search", "album"];
const BEHIND = "list-behind";
const MOST_PAGES = 50;

/** @typedef {{kind: string, address: string, title: string, urls: string[], more: boolean}} List */

/** The address of each page, without the photo that may be open over it. */
/** @type {WeakMap<HTMLElement, string>} */
const addressOf = new WeakMap();

/** Note where people leave a list, and take them there again. */
export function startPlaces() {
  onPage((page) => {
    addressOf.set(page, here());
    followList(page);
  });
  document.addEventListener("htmx:replacedInHistory", () => addressOf.set(currentPage(), here()));
  document.addEventListener("htmx:beforeSwap", ({ detail }) => detail.boosted && note());
  // Before the page that is shown next takes this one's place.
  document.addEventListener("htmx:historyCacheMiss", note, { capture: true });
  addEventListener("pagehide", note);
  document.addEventListener("htmx:historyRestore", comeBack);
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.boosted && detail.requestConfig.elt.matches("[data-back]")) comeBack();
  });
  const [arrival] = performance.getEntriesByType("navigation");
  if (["back_forward", "reload"].includes(arrival?.type)) comeBack();
}

/**
 * @param {HTMLElement} page
 * @returns {string}
 */
export function addressOfPage(page) {
  return addressOf.get(page) ?? here();
}

/**
 * The list from which somebody came to the photo on show, if it holds that photo.
 * @returns {List | null}
 */
export function listBehind() {
  const list = /** @type {List | null} */ (JSON.parse(sessionStorage.getItem(BEHIND) ?? "null"));
  return list?.urls.includes(location.pathname) ? list : null;
}

/** @returns {string} */
function here() {
  return location.pathname + location.search;
}

function note() {
  const page = currentPage();
  if (!LISTS.includes(page.dataset.page)) return;
  const cards = /** @type {HTMLElement[]} */ ([...page.querySelectorAll(".gallery > .card")]);
  const address = addressOfPage(page);
  const held = document.activeElement?.closest(".card");
  const anchor = cards.find((card) => card === held && onScreen(card)) ?? cards.find(onScreen);
  if (!anchor) return;
  const place = { id: anchor.dataset.image, top: anchor.getBoundingClientRect().top, held: anchor === held };
  const urls = cards.map((card) => card.querySelector(".card-link").pathname);
  const more = Boolean(page.querySelector(".gallery > .more"));
  const title = page.querySelector("h1")?.textContent.trim() ?? "";
  sessionStorage.setItem(`place ${address}`, JSON.stringify(place));
  sessionStorage.setItem(BEHIND, JSON.stringify({ kind: page.dataset.page, address, title, urls, more }));
}

/**
 * @param {Element} card
 * @returns {boolean}
 */
function onScreen(card) {
  const { top, bottom } = card.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}

async function comeBack() {
  const page = currentPage();
  const place = JSON.parse(sessionStorage.getItem(`place ${addressOfPage(page)}`) ?? "null");
  if (!place || !LISTS.includes(page.dataset.page)) return;
  const card = await reach(page, place);
  if (!card || page !== currentPage()) return;
  window.scrollBy({ top: card.getBoundingClientRect().top - place.top, behavior: "instant" });
  if (place.held) card.querySelector(".card-link").focus({ preventScroll: true });
}

/**
 * Load further photos until the one is there that somebody left from, and enough below it to scroll that far.
 * @param {HTMLElement} page
 * @param {{id: string, top: number}} place
 * @returns {Promise<HTMLElement | null>}
 */
async function reach(page, { id, top }) {
  const find = () => page.querySelector(`.gallery > .card[data-image="${CSS.escape(id)}"]`);
  const below = () => page.getBoundingClientRect().bottom - find().getBoundingClientRect().top;
  const enough = () => find() && below() >= window.innerHeight - top;
  for (let loaded = 0; !enough() && loaded < MOST_PAGES && page.isConnected; loaded += 1) {
    if (!(await loadMore(page))) break;
  }
  return find();
}

/**
 * From a search or an album, "next", "previous" and "back" stay within it.
 * @param {HTMLElement} page
 */
function followList(page) {
  const list = page.dataset.page === "photo" ? listBehind() : null;
  if (!list || list.kind === "gallery") return;
  const place = list.urls.indexOf(location.pathname);
  lead(page.querySelector('[data-step="previous"]'), list.urls[place - 1]);
  lead(page.querySelector('[data-step="next"]'), list.urls[place + 1]);
  const back = page.querySelector("[data-back]");
  back.querySelector("span").textContent = list.kind === "search" ? say("back.search") : list.title;
  lead(back, list.address);
}

/**
 * @param {HTMLAnchorElement} link
 * @param {string | undefined} url
 */
function lead(link, url) {
  link.hidden = !url;
  if (!url) return;
  link.href = url;
  link.removeAttribute("aria-disabled");
  enliven(link);
}
