/** The captions of the photo page, fetched again when something about the photo has changed. */

import { announce } from "./announce.js";
import { applyView } from "./captionview.js";
import { enliven, fetchPage } from "./fragments.js";
import { currentPage } from "./pages.js";
import { watch } from "./socket.js";
import { say } from "./words.js";

let asked = 0;
let shown = 0;

/**
 * Ask for the messages of a photo that the gallery does not list.
 * @param {HTMLElement} page
 */
export function watchPhoto(page) {
  watch("watch" in page.dataset ? page.dataset.image : null);
}

/**
 * Tell whether a photo is the one on show.
 * @param {string} id
 * @returns {boolean}
 */
export function onShow(id) {
  return currentPage().dataset.page === "photo" && currentPage().dataset.image === id;
}

/** Fetch the captions of the photo on show again; an answer that a newer one overtook is left out. */
export async function refreshPanel() {
  const page = currentPage();
  if (page.dataset.page !== "photo") return;
  asked += 1;
  const number = asked;
  const fetched = (await fetchPage(page.dataset.captionsUrl)).getElementById("captions");
  const old = page.querySelector("#captions");
  if (!fetched || !old?.isConnected || number < shown) return;
  shown = number;
  fetched.toggleAttribute("data-fresh", old.dataset.state !== "done" && fetched.dataset.state === "done");
  const captions = document.adoptNode(fetched);
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  applyView(captions);
  old.replaceWith(captions);
  enliven(captions);
  if (held && !held.matches(".word")) (twin(captions, held) ?? captions).focus({ preventScroll: true });
  renewAlt(page);
}

/**
 * Let the picture say what is published of it, or the surest suggestion.
 * @param {HTMLElement} page
 */
export function renewAlt(page) {
  const words = page.querySelector(".text-words") ?? page.querySelector("#captions .caption-text");
  const picture = page.querySelector(".picture .photo");
  if (words && picture) Object.assign(picture, { alt: words.textContent, lang: words.lang });
}

/**
 * Take a caption that a moderator removed off the page at once; the others are fetched again.
 * @param {string} id
 */
export async function removeCaption(id) {
  const caption = currentPage().querySelector(`#captions [data-caption="${id}"]`);
  if (!caption) return;
  const captions = /** @type {HTMLElement} */ (caption.closest("#captions"));
  if (caption.contains(document.activeElement)) captions.focus({ preventScroll: true });
  (caption.closest("li") ?? caption).remove();
  announce(say("said.hidden"));
  await refreshPanel();
}

/**
 * The button or link that is, or reads as, the one that held the focus; words find their followers by themselves.
 * @param {HTMLElement} captions
 * @param {HTMLElement} held
 * @returns {HTMLElement | undefined}
 */
function twin(captions, held) {
  if (held.id && captions.querySelector(`#${CSS.escape(held.id)}`)) return document.getElementById(held.id);
  const name = (button) => button.ariaLabel ?? button.textContent.trim();
  return [...captions.querySelectorAll("button, a")].find((button) => name(button) === name(held));
}
