/** Keeps the shell alive between pages: what starts on each page, and the gallery that waits behind a photo. */

import { notice } from "./announce.js";
import { say } from "./words.js";

/** @type {((page: HTMLElement) => void)[]} */
const starters = [];
/** @type {{page: HTMLElement, path: string, title: string, scroll: number, focus: Element} | null} */
let kept = null;
let path = here();
/** @type {XMLHttpRequest | null} */
let fetching = null;

/** @returns {string} */
function here() {
  return location.pathname + location.search;
}

/** @returns {HTMLElement} */
export function currentPage() {
  return document.getElementById("page");
}

/**
 * The gallery, on show or waiting behind a photo.
 * @returns {HTMLElement | null}
 */
export function galleryPage() {
  const page = currentPage();
  return page.dataset.page === "gallery" ? page : (kept?.page ?? null);
}

/**
 * How far the gallery is scrolled, also while it waits.
 * @returns {number}
 */
export function galleryScroll() {
  return currentPage().dataset.page === "gallery" ? window.scrollY : (kept?.scroll ?? 0);
}

/**
 * Run something now and on every page that comes.
 * @param {(page: HTMLElement) => void} starter
 */
export function onPage(starter) {
  starters.push(starter);
  starter(currentPage());
}

/** Take part in htmx's navigation. */
export function startPages() {
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  document.addEventListener("htmx:pushedIntoHistory", () => kept?.page.remove());
  document.addEventListener("htmx:afterSettle", afterSettle);
  document.addEventListener("htmx:historyCacheMiss", restoreFromHistory);
  document.addEventListener("htmx:historyRestore", arrive);
  document.addEventListener("htmx:beforeRequest", restoreFromLink);
  document.addEventListener("htmx:sendError", () => notice(say("error.away")));
  document.addEventListener("htmx:responseError", () => notice(say("error.refused")));
}

/** @param {CustomEvent} event */
function beforeSwap(event) {
  if (!event.detail.boosted) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
  const page = currentPage();
  if (page.dataset.page !== "gallery" || event.detail.requestConfig.path === path) return;
  // The page itself goes only once the browser has noted its scroll position with the history entry.
  const stand = document.createElement("div");
  page.after(stand);
  event.detail.target = stand;
  keep(page);
}

/**
 * Note a gallery and its place, for the way back.
 * @param {HTMLElement} page
 */
function keep(page) {
  kept = { page, path, title: document.title, scroll: window.scrollY, focus: document.activeElement };
}

/** @param {CustomEvent} event */
function afterSettle(event) {
  if (event.detail.boosted) arrive();
}

function arrive() {
  path = here();
  startCurrent();
  document.getElementById("main").focus({ preventScroll: true });
}

function startCurrent() {
  for (const starter of starters) starter(currentPage());
}

/** @param {CustomEvent} event */
function restoreFromHistory(event) {
  // A second step back overtakes the page that the first one is still fetching.
  fetching?.abort();
  fetching = event.detail.xhr;
  if (event.detail.path === kept?.path) {
    event.preventDefault();
    restore();
  } else if (currentPage().dataset.page === "gallery") keep(currentPage());
}

/** @param {CustomEvent} event */
function restoreFromLink(event) {
  const { boosted, requestConfig } = event.detail;
  if (!boosted || requestConfig.verb !== "get" || requestConfig.path !== kept?.path) return;
  event.preventDefault();
  history.pushState({ htmx: true }, "", kept.path);
  restore();
}

/** Bring the kept gallery back to the place where it was left. */
function restore() {
  const { page, title, scroll, focus } = kept;
  path = kept.path;
  kept = null;
  currentPage().replaceWith(page);
  document.title = title;
  startCurrent();
  window.scrollTo({ top: scroll, behavior: "instant" });
  (page.contains(focus) ? focus : document.getElementById("main")).focus({ preventScroll: true });
}
