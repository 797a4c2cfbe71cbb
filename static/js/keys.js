/** Single-key shortcuts, which can be switched off, and the dialog that lists them. */

import { undoByKey } from "./actions.js";
import { follow } from "./fragments.js";
import { openByKey } from "./lightbox.js";
import { focusSearch } from "./search.js";
import { editByKey } from "./texts.js";
import { voteByKey } from "./votes.js";

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("shortcuts"));
const toggle = /** @type {HTMLInputElement} */ (document.getElementById("single-keys"));

const PROMOTED = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

const keys = {
  "/": focusSearch,
  u: () => press("[data-upload]"),
  z: undoByKey,
  f: openByKey,
  j: () => press('[data-step="next"]:not([hidden])'),
  k: () => press('[data-step="previous"]:not([hidden])'),
  e: editByKey,
  "+": () => voteByKey("up"),
  "-": () => voteByKey("down"),
  ...Object.fromEntries(PROMOTED.map((key, place) => [key, () => promote(place)])),
  "?": () => dialog.showModal(),
};

/** Listen to the keyboard. */
export function startKeys() {
  toggle.checked = localStorage.getItem("single-keys") !== "off";
  toggle.addEventListener("change", () => localStorage.setItem("single-keys", toggle.checked ? "on" : "off"));
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", (event) => event.target.closest("[data-shortcuts]") && dialog.showModal());
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isBusy(event)) return;
  if (event.key === "Escape") return press("[data-back]");
  if (!toggle.checked || !Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
}

/**
 * Tell whether somebody is writing, or something lies over the page.
 * @param {KeyboardEvent} event
 * @returns {boolean}
 */
function isBusy(event) {
  const writing = event.target.closest?.("input:not([type=radio], [type=checkbox], [type=file]), textarea, select");
  return Boolean(writing || document.querySelector("dialog[open], :popover-open"));
}

/** @param {number} place */
function promote(place) {
  /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#captions .caption:not([hidden]) .promote"))[place]?.click();
}

/** @param {string} selector */
function press(selector) {
  const control = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  if (control) follow(control);
}
