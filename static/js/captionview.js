/** Shows the captions of one strategy, and those that are sure enough; both choices are remembered. */

import { announce } from "./announce.js";
import { currentPage, onPage } from "./pages.js";
import { percent, say, sayCount } from "./words.js";

const STRATEGY = "captions-strategy";
const LEAST = "captions-least";

/** The photo whose captions are all shown for now, also those below the limit. */
let opened = "";

/** Listen to the choices, and apply them to every page. */
export function startCaptionView() {
  document.addEventListener("input", chosen);
  document.addEventListener("change", ({ target }) => controlled(target) && announce(summary()));
  document.addEventListener("click", revealed);
  addEventListener("storage", ({ key }) => [STRATEGY, LEAST].includes(key) && show());
  onPage(show);
}

/**
 * Apply the choices to captions that are about to be shown.
 * @param {HTMLElement} captions
 */
export function applyView(captions) {
  const view = currentPage().querySelector("#caption-view");
  if (!view) return;
  const { strategy, least } = choice(view);
  let below = 0;
  let fitting = 0;
  for (const caption of /** @type {NodeListOf<HTMLElement>} */ (captions.querySelectorAll(".caption"))) {
    const fits = strategy === "all" || caption.dataset.strategies.split(" ").includes(strategy);
    const unsure = fits && Math.round(Number(caption.dataset.confidence || 1) * 100) < least;
    fitting += Number(fits);
    below += Number(unsure);
    caption.hidden = !fits || (unsure && opened !== currentPage().dataset.image);
  }
  captions.querySelectorAll(".panel-heading").forEach(hideEmpty);
  for (const way of captions.querySelectorAll(".way")) {
    way.toggleAttribute("data-chosen", !fitting && way.dataset.way === strategy);
  }
  tell(view, below, least);
}

/** Show the choices that are remembered, and what fits them. */
function show() {
  const view = currentPage().querySelector("#caption-view");
  const captions = currentPage().querySelector("#captions");
  if (!view || !captions) return;
  const slider = view.querySelector("#caption-least");
  const { strategy, least } = choice(view);
  view.querySelector(`[value="${strategy}"]`).checked = true;
  slider.value = String(least);
  slider.setAttribute("aria-valuetext", percent(least / 100));
  view.querySelector(".caption-least").textContent = percent(least / 100);
  applyView(captions);
}

/**
 * What was chosen, on this page or another one; what nobody can choose counts for nothing.
 * @param {Element} view
 * @returns {{strategy: string, least: number}}
 */
function choice(view) {
  const kept = localStorage.getItem(STRATEGY);
  const known = [...view.querySelectorAll("[name=shown-strategy]")].some(({ value }) => value === kept);
  const least = Number(localStorage.getItem(LEAST)) || 0;
  return { strategy: known ? kept : "all", least: Math.min(95, Math.max(0, least)) };
}

/**
 * A heading stands for the captions that follow it.
 * @param {HTMLElement} heading
 */
function hideEmpty(heading) {
  const after = heading.nextElementSibling;
  const captions = after?.matches(".caption") ? [after] : [...(after?.querySelectorAll(".caption") ?? [])];
  heading.hidden = captions.length > 0 && captions.every((caption) => caption.hidden);
}

/**
 * @param {Element} view
 * @param {number} below
 * @param {number} least
 */
function tell(view, below, least) {
  const line = view.querySelector(".captions-below");
  const isOpen = opened === currentPage().dataset.image;
  line.hidden = below === 0;
  line.querySelector("span").textContent = sayCount("view.below", below).replace("{limit}", percent(least / 100));
  const button = line.querySelector("button");
  button.setAttribute("aria-pressed", String(isOpen));
  button.textContent = say(isOpen ? "view.hide" : "view.show");
}

/**
 * @param {EventTarget} target
 * @returns {boolean}
 */
function controlled(target) {
  return target.matches("[name=shown-strategy], #caption-least");
}

/** @param {Event} event */
function chosen({ target }) {
  if (!controlled(target)) return;
  localStorage.setItem(target.id === "caption-least" ? LEAST : STRATEGY, target.value);
  opened = "";
  show();
}

/** @param {MouseEvent} event */
function revealed(event) {
  if (!event.target.closest("[data-below]")) return;
  const { image } = currentPage().dataset;
  opened = opened === image ? "" : image;
  show();
  announce(summary());
}

/** @returns {string} */
function summary() {
  const page = currentPage();
  const shown = page.querySelectorAll("#captions .caption:not([hidden])").length;
  const below = page.querySelector(".captions-below:not([hidden]) span")?.textContent ?? "";
  const way = page.querySelector(".way[data-chosen] p")?.textContent.trim() ?? "";
  return [way || sayCount("view.shown", shown), below].filter(Boolean).join(" ");
}
