/** Keeps the shell alive between pages: what starts on each page, and the gallery that waits behind a photo. */

import { notice } from "./announce.js";
import { say } from "./words.js";

/** @type {((page: HTMLElement) => void)[]} */
const starters = [];
/** @type {{page: HTMLElement, path: string, title: string, scroll: number, focus: Element} | null} */
let kept = null;

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
  if (page.dataset.page === "gallery") event.detail.target = keep(page);
}

/**
 * Put the gallery aside, with its place, and return what stands in for it.
 * @param {HTMLElement} page
 * @returns {HTMLElement}
 */
function keep(page) {
  const path = location.pathname + location.search;
  kept = { page, path, title: document.title, scroll: window.scrollY, focus: document.activeElement };
  const stand = document.createElement("div");
  stand.id = "page";
  page.replaceWith(stand);
  return stand;
}

/** @param {CustomEvent} event */
function afterSettle(event) {
  if (event.detail.boosted) arrive();
}

function arrive() {
  startCurrent();
  document.getElementById("main").focus({ preventScroll: true });
}

function startCurrent() {
  for (const starter of starters) starter(currentPage());
}

/** @param {CustomEvent} event */
function restoreFromHistory(event) {
  if (event.detail.path !== kept?.path) return;
  event.preventDefault();
  restore();
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
  kept = null;
  currentPage().replaceWith(page);
  document.title = title;
  startCurrent();
  window.scrollTo({ top: scroll, behavior: "instant" });
  (page.contains(focus) ? focus : document.getElementById("main")).focus({ preventScroll: true });
}
