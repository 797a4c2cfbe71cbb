/** What the lightbox can show: the photos of the list on the page, or the one photo of a photo page. */

import { loadMore } from "./more.js";
import { currentPage } from "./pages.js";
import { listBehind } from "./places.js";

/** So few photos before the end of a list, its next page is fetched. */
const AHEAD = 4;

/**
 * @typedef {{id: string, alt: string, lang: string, srcset: string, src: string, low: string,
 *   width: number, height: number, card: HTMLElement | null}} Item
 */

/** @returns {HTMLElement[]} */
function cards() {
  return [...currentPage().querySelectorAll(".gallery > .card")];
}

/**
 * The photo that an element of the page belongs to.
 * @param {Element} element
 * @returns {Item | null}
 */
export function itemAt(element) {
  const holder = /** @type {HTMLElement | null} */ (element.closest(".card, .picture"));
  const photo = holder?.querySelector(".photo");
  if (!photo) return null;
  const card = holder.matches(".card") ? holder : null;
  return {
    id: (card ?? currentPage()).dataset.image,
    alt: photo.alt,
    lang: photo.lang,
    srcset: photo.srcset,
    src: photo.src,
    low: photo.complete && photo.naturalWidth ? photo.currentSrc : (holder.querySelector(".placeholder")?.src ?? ""),
    width: Number(photo.getAttribute("width")),
    height: Number(photo.getAttribute("height")),
    card,
  };
}

/**
 * The photo with an id, if the page shows it.
 * @param {string} id
 * @returns {Item | null}
 */
export function itemOf(id) {
  const page = currentPage();
  const picture = page.dataset.image === id ? page.querySelector(".picture") : null;
  const holder = picture ?? cards().find((card) => card.dataset.image === id);
  return holder ? itemAt(holder) : null;
}

/**
 * The photos on both sides of one, as far as the page has them.
 * @param {string} id
 * @returns {{previous: Item | null, next: Item | null, first: Item | null, last: Item | null}}
 */
export function around(id) {
  const all = cards();
  const index = all.findIndex((card) => card.dataset.image === id);
  if (index >= all.length - AHEAD) loadMore(currentPage());
  const item = (place) => (index >= 0 && all[place] ? itemAt(all[place]) : null);
  return { previous: item(index - 1), next: item(index + 1), first: item(0), last: item(all.length - 1) };
}

/**
 * Which photo of how many one is.
 * @param {string} id
 * @returns {{place: number, count: number, more: boolean} | null}
 */
export function placeOf(id) {
  const all = cards();
  const index = all.findIndex((card) => card.dataset.image === id);
  if (index >= 0) {
    const more = Boolean(currentPage().querySelector(".gallery > .more"));
    return { place: index + 1, count: all.length, more };
  }
  const list = listBehind();
  return list && { place: list.urls.indexOf(location.pathname) + 1, count: list.urls.length, more: list.more };
}

/**
 * A picture of a photo that fetches nothing yet: first it must know how large it is.
 * @param {Item} item
 * @returns {HTMLImageElement}
 */
export function pictureOf({ alt, lang }) {
  return Object.assign(new Image(), { className: "photo lightbox-photo", draggable: false, decoding: "async", alt, lang });
}

/**
 * What is here already of a photo, to be seen until the rest has come.
 * @param {Item} item
 * @returns {HTMLImageElement[]}
 */
export function lowOf({ low }) {
  return low ? [Object.assign(new Image(), { src: low, alt: "", className: "lightbox-low" })] : [];
}

/**
 * Fetch a photo in the size at which it would fill a stage.
 * @param {Item} item
 * @param {HTMLElement} stage
 */
export function preload({ srcset, src, width, height }, stage) {
  const sizes = `${Math.ceil(Math.min(stage.clientWidth, (stage.clientHeight * width) / height))}px`;
  Object.assign(new Image(), { sizes, srcset, src });
}
