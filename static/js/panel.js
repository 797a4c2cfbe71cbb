/** The captions of the photo page, fetched again when something about the photo has changed. */

import { enliven, fetchPage } from "./fragments.js";
import { currentPage } from "./pages.js";
import { watch } from "./socket.js";

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
  old.replaceWith(captions);
  enliven(captions);
  if (held && !held.matches(".word")) (twin(captions, held) ?? captions).focus({ preventScroll: true });
  const best = captions.querySelector(".caption-text");
  if (best) Object.assign(page.querySelector(".picture .photo"), { alt: best.textContent, lang: best.lang });
}

/**
 * The button that reads as the one that held the focus; words find their followers by themselves.
 * @param {HTMLElement} captions
 * @param {HTMLElement} held
 * @returns {HTMLElement | undefined}
 */
function twin(captions, held) {
  const name = (button) => button.ariaLabel ?? button.textContent.trim();
  return [...captions.querySelectorAll("button")].find((button) => name(button) === name(held));
}
