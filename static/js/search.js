/** The search box: "/" leads to it, results follow what is typed, and the way back shows what was searched. */

import { announce } from "./announce.js";
import { startMasonry } from "./masonry.js";
import { currentPage, onPage } from "./pages.js";
import { showLoaded } from "./pictures.js";
import { showTimes } from "./times.js";
import { say, sayCount } from "./words.js";

const box = /** @type {HTMLInputElement} */ (document.getElementById("search-box"));
const ASKING = "#live-search, #history-form, #search-form";

/** Take part in searches and in what narrows them. */
export function startSearch() {
  onPage(showSearched);
  document.addEventListener("htmx:configRequest", leaveOutEmpty);
  document.addEventListener("htmx:afterSettle", settled);
}

/** Go to the search box. */
export function focusSearch() {
  box.focus();
  box.select();
}

/** @param {HTMLElement} page */
function showSearched(page) {
  if (page.dataset.page === "gallery") box.value = "";
  else if (page.dataset.page === "search" && document.activeElement !== box) box.value = page.dataset.searched;
}

/** @param {CustomEvent} event */
function leaveOutEmpty({ detail: { elt, parameters } }) {
  if (!elt.matches(ASKING)) return;
  for (const [name, value] of Object.entries({ ...parameters })) if (value === "") delete parameters[name];
}

/** @param {CustomEvent} event */
function settled({ detail: { boosted, requestConfig } }) {
  const page = currentPage();
  if (boosted) {
    if (page.dataset.page === "search" && (asksAnew(page) || requestConfig.elt.id === "search-form")) box.focus();
    return;
  }
  if (requestConfig?.elt.matches(".more")) return showTimes(page);
  if (requestConfig?.elt.matches(ASKING)) renew(page);
}

/**
 * Tell whether nothing was searched for yet.
 * @param {HTMLElement} page
 */
function asksAnew(page) {
  return !page.dataset.searched;
}

/** @param {HTMLElement} page */
function renew(page) {
  startMasonry(page);
  showLoaded(page);
  showTimes(page);
  const { found, more, searched } = page.querySelector("#results").dataset;
  if (searched === undefined) return;
  announce(more === undefined ? sayCount("said.found", Number(found)) : say("said.many", { count: found }));
}
