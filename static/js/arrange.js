/** Puts an album's photos in order: dragged by mouse or finger, or moved by key; every move is sent at once. */

import { announce, notice } from "./announce.js";
import { dragged } from "./dragging.js";
import { currentPage, onPage } from "./pages.js";
import { say } from "./words.js";

const MOVE_MS = 160;
const csrfToken = document.querySelector('meta[name="csrf-token"]').content;
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

/** Moves that wait for the one that is being sent; two of the same photo in a row are one. */
/** @type {{photo: HTMLElement, url: string, after: string}[]} */
const waiting = [];
let sending = false;

/** Take part on the page that arranges an album. */
export function startArranging() {
  document.addEventListener("keydown", keyed);
  document.addEventListener("submit", submitted);
  onPage((page) => {
    const list = /** @type {HTMLElement | null} */ (page.querySelector(".arrange"));
    if (list) dragged(list, ".arranged", { over: (photo, before) => put(photo, before), dropped: (photo) => send(photo) });
  });
}

/** @returns {HTMLElement[]} */
function photos() {
  return [...currentPage().querySelectorAll(".arrange > .arranged")];
}

/** @param {KeyboardEvent} event */
function keyed(event) {
  const photo = event.target.closest?.(".arranged");
  if (!photo || !event.target.matches(".arranged-handle") || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = perRow();
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row, Home: -Infinity, End: Infinity };
  if (!Object.hasOwn(steps, event.key)) return;
  event.preventDefault();
  shift(photo, steps[event.key]);
}

/** @param {SubmitEvent} event */
function submitted(event) {
  const photo = event.target.closest(".arranged");
  if (!photo) return;
  event.preventDefault();
  // The picture itself is for dragging and for keys; a click on it moves nothing.
  if (event.submitter.matches(".arranged-handle")) return;
  const by = Number(event.submitter.value);
  shift(photo, by < -1 ? -Infinity : by);
}

/**
 * Move a photo so many places among those on the page.
 * @param {HTMLElement} photo
 * @param {number} by
 */
function shift(photo, by) {
  const all = photos();
  const to = Math.min(all.length - 1, Math.max(0, all.indexOf(photo) + by));
  const others = all.filter((other) => other !== photo);
  if (all[to] === photo) return;
  const held = document.activeElement;
  put(photo, others[to] ?? currentPage().querySelector(".arrange > .more"));
  /** @type {HTMLElement} */ (held).focus({ preventScroll: true });
  photo.scrollIntoView({ block: "nearest", behavior: stillness.matches ? "instant" : "smooth" });
  send(photo);
}

/**
 * Put a photo before another element, and let those that make room slide.
 * @param {HTMLElement} photo
 * @param {Element | null} before
 */
function put(photo, before) {
  if (before === photo || photo.nextElementSibling === before) return;
  const from = new Map(photos().map((other) => [other, other.getBoundingClientRect()]));
  photo.parentElement.insertBefore(photo, before);
  if (stillness.matches) return;
  for (const [other, { left, top }] of from) {
    const now = other.getBoundingClientRect();
    const path = [{ translate: `${left - now.left}px ${top - now.top}px` }, { translate: "0 0" }];
    if (other !== photo && (left !== now.left || top !== now.top)) other.animate(path, { duration: MOVE_MS, easing: "ease-out" });
  }
}

/**
 * Tell the server, and people, where a photo is now.
 * @param {HTMLElement} photo
 */
function send(photo) {
  const all = photos();
  announce(say("arrange.place", { place: all.indexOf(photo) + 1, count: all.length }));
  const previous = /** @type {HTMLElement | null} */ (photo.previousElementSibling);
  if (waiting.at(-1)?.photo === photo) waiting.pop();
  waiting.push({ photo, url: photo.querySelector("form").action, after: previous?.dataset.image ?? "" });
  sendWaiting();
}

async function sendWaiting() {
  if (sending) return;
  sending = true;
  for (let move = waiting.shift(); move; move = waiting.shift()) {
    await post(move.url, new URLSearchParams({ after: move.after }));
  }
  sending = false;
}

/**
 * @param {string} url
 * @param {URLSearchParams} body
 */
async function post(url, body) {
  const headers = { "X-CSRFToken": csrfToken, "HX-Request": "true" };
  const answer = await fetch(url, { method: "POST", headers, body, keepalive: true }).catch(() => null);
  if (answer?.ok) return;
  notice(answer && answer.status < 500 ? (await answer.json()).message : say("error.away"));
}

/** How many photos stand in a row. */
function perRow() {
  const tops = photos().map((photo) => photo.offsetTop);
  return Math.max(1, tops.filter((top) => top === tops[0]).length);
}
