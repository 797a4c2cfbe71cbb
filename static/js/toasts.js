/** Tells of captions that came while one looked elsewhere, as each person likes: seen, heard, or not at all. */

import { bestOf, cardOf } from "./cards.js";
import { currentPage } from "./pages.js";
import { playNote } from "./sound.js";
import { say, sayCount } from "./words.js";

const GATHER_MS = 600;
const SHOWN_MS = 8000;
const AGAIN_MS = 2000;
const MOST = 3;
/** What can be chosen in the menu, and how it stands until somebody does. */
const CHOICES = { "toasts": true, "toasts-stay": false, "sound": false };

const board = document.getElementById("toasts");
const pattern = /** @type {HTMLTemplateElement} */ (document.getElementById("toast"));
/** @type {{image: string, text: string, language: string}[]} */
let gathered = [];

/** Listen to captions and to the menu. */
export function startToasts() {
  const menu = /** @type {HTMLFormElement} */ (document.getElementById("theme-menu"));
  for (const name of Object.keys(CHOICES)) {
    const box = /** @type {HTMLInputElement} */ (menu.elements.namedItem(name));
    box.checked = chosen(name);
    box.addEventListener("change", () => choose(name, box.checked));
  }
  document.addEventListener("capsite:message", (event) => came(event.detail));
  board.addEventListener("click", (event) => {
    if (event.target.closest(".toast-close")) remove(event.target.closest(".toast"));
  });
}

/**
 * @param {string} name
 * @returns {boolean}
 */
function chosen(name) {
  const kept = localStorage.getItem(name);
  return kept === null ? CHOICES[name] : kept === "on";
}

/**
 * @param {string} name
 * @param {boolean} on
 */
function choose(name, on) {
  localStorage.setItem(name, on ? "on" : "off");
  if (name === "sound" && on) playNote();
}

/** @param {{type: string, image: string, captions?: {text: string, language: string}[]}} message */
function came({ type, image, captions }) {
  const best = type === "image.updated" && bestOf(captions ?? []);
  if (!best) return;
  if (!gathered.length) setTimeout(tell, GATHER_MS);
  gathered.push({ image, text: best.text, language: best.language });
}

function tell() {
  const unseen = gathered.filter(({ image }) => !isSeen(image));
  gathered = [];
  if (chosen("sound")) playNote();
  if (!unseen.length || !chosen("toasts")) return;
  const one = unseen.length === 1 ? unseen[0] : null;
  show(one ? say("toast.caption", { text: one.text }) : sayCount("said.captions", unseen.length), one);
}

/**
 * Tell whether somebody sees the photo anyway.
 * @param {string} image
 * @returns {boolean}
 */
function isSeen(image) {
  if (document.hidden) return false;
  if (currentPage().dataset.image === image) return true;
  const card = cardOf(image);
  if (!card?.isConnected) return false;
  const { top, bottom } = card.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/**
 * @param {string} sentence
 * @param {{image: string, language: string} | null} one
 */
function show(sentence, one) {
  const toast = /** @type {HTMLElement} */ (pattern.content.firstElementChild.cloneNode(true));
  const link = /** @type {HTMLAnchorElement} */ (toast.querySelector(".toast-words"));
  link.textContent = sentence;
  link.href = one ? `${board.dataset.photos}${one.image}/` : board.dataset.gallery;
  if (one) link.lang = one.language;
  while (board.childElementCount >= MOST) board.firstElementChild.remove();
  board.append(toast);
  window.htmx.process(toast);
  link.addEventListener("click", () => remove(toast));
  if (!chosen("toasts-stay")) setTimeout(() => fade(toast), SHOWN_MS);
}

/**
 * Nobody's notice is taken away while they are at it.
 * @param {HTMLElement} toast
 */
function fade(toast) {
  if (toast.matches(":hover, :focus-within")) setTimeout(() => fade(toast), AGAIN_MS);
  else remove(toast);
}

/** @param {HTMLElement} toast */
function remove(toast) {
  const held = toast.contains(document.activeElement);
  toast.remove();
  if (held) document.getElementById("main").focus({ preventScroll: true });
}
