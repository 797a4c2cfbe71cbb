/** The captions of the photo page, fetched again when something about the photo has changed. */

import { enliven, fetchPage } from "./fragments.js";
import { currentPage } from "./pages.js";
import { watch } from "./socket.js";

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

/** Fetch the captions of the photo on show again. */
export async function refreshPanel() {
  const page = currentPage();
  if (page.dataset.page !== "photo") return;
  const fetched = (await fetchPage(page.dataset.captionsUrl)).getElementById("captions");
  const old = page.querySelector("#captions");
  if (!fetched || !old?.isConnected) return;
  fetched.toggleAttribute("data-fresh", old.dataset.state !== "done" && fetched.dataset.state === "done");
  const captions = document.adoptNode(fetched);
  old.replaceWith(captions);
  enliven(captions);
  const text = captions.querySelector(".caption-text")?.textContent;
  if (text) page.querySelector(".picture .photo").alt = text;
}
