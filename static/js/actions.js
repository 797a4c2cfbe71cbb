/** The menu of a photo, fetched when it opens; a deletion waits a moment in which it can be undone. */

import { announce, notice } from "./announce.js";
import { cardOf } from "./cards.js";
import { currentPage, onPage } from "./pages.js";
import { say } from "./words.js";

const UNDO_MS = 8000;
const AGAIN_MS = 2000;
const csrfToken = document.querySelector('meta[name="csrf-token"]').content;
const bar = document.getElementById("undo");

/** What is about to be deleted. */
/** @type {{id: string, url: string, timer: number} | null} */
let leaving = null;

/** Listen to every menu and to the notice of a deletion. */
export function startActions() {
  document.addEventListener("toggle", opened, { capture: true });
  document.addEventListener("submit", deleteLater, { capture: true });
  document.addEventListener("click", share, { capture: true });
  bar.querySelector(".undo-button").addEventListener("click", undo);
  addEventListener("pagehide", deleteNow);
  onPage(() => leaving && dim(leaving.id, true));
}

/** Undo the deletion whose notice is shown. */
export function undoByKey() {
  if (leaving) undo();
}

/** @param {ToggleEvent} event */
function opened({ target, newState }) {
  if (target.matches(".actions-menu") && newState === "open") window.htmx.trigger(target, "menu-open");
}

/** @param {MouseEvent} event */
function share(event) {
  const button = event.target.closest("[data-share]");
  if (!button || !navigator.share || !matchMedia("(pointer: coarse)").matches) return;
  event.stopPropagation();
  navigator.share({ title: button.dataset.share, url: button.dataset.copy }).catch(() => {}); // or not
}

/** @param {SubmitEvent} event */
function deleteLater(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.matches("[data-delete-later]")) return;
  event.preventDefault();
  event.stopPropagation();
  deleteNow();
  const { deleteLater: id, title } = form.dataset;
  leaving = { id, url: form.action, timer: setTimeout(ripe, UNDO_MS) };
  const words = title ? say("undo.deleted", { title }) : say("undo.untitled");
  bar.querySelector(".undo-words").textContent = words;
  bar.hidden = false;
  announce(words);
  dim(id, true);
  /** @type {HTMLElement | null} */ (form.closest("[popover]"))?.hidePopover();
  /** @type {HTMLElement | null} */ (currentPage().querySelector("[data-back]"))?.click();
}

/** Nobody's notice is taken away while they are at it. */
function ripe() {
  if (bar.matches(":hover, :focus-within")) leaving.timer = setTimeout(ripe, AGAIN_MS);
  else deleteNow();
}

async function deleteNow() {
  if (!leaving) return;
  const { id, url } = end();
  const headers = { "X-CSRFToken": csrfToken, "HX-Request": "true" };
  const answer = await fetch(url, { method: "POST", headers, keepalive: true }).catch(() => null);
  if (answer?.ok) return;
  dim(id, false);
  notice(answer?.status < 500 ? (await answer.json()).message : say("error.refused"));
}

function undo() {
  dim(end().id, false);
  announce(say("undo.kept"));
}

/** Take the notice away, and the focus with it if it was there. */
function end() {
  const ended = leaving;
  clearTimeout(ended.timer);
  leaving = null;
  if (bar.contains(document.activeElement)) document.getElementById("main").focus({ preventScroll: true });
  bar.hidden = true;
  return ended;
}

/**
 * Show on its card that a photo is about to go.
 * @param {string} id
 * @param {boolean} going
 */
function dim(id, going) {
  cardOf(id)?.toggleAttribute("data-leaving", going);
}
