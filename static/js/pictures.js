/** Lets a picture fade in over its placeholder once it has arrived, and says so where it cannot. */

import { say } from "./words.js";

/** Watch every picture, those there now and those to come. */
export function startPictures() {
  document.addEventListener("load", (event) => show(event.target), true);
  document.addEventListener("error", (event) => miss(event.target), true);
  addEventListener("online", tryAgain);
  document.addEventListener("capsite:message", ({ detail }) => detail.type === "hello" && tryAgain());
}

/**
 * Show the pictures of a page that came out of the browser's cache before anybody listened.
 * @param {HTMLElement} page
 */
export function showLoaded(page) {
  for (const photo of page.querySelectorAll(".photo:not([data-loaded])")) {
    if (photo.complete && photo.currentSrc) photo.naturalWidth ? show(photo) : miss(photo);
  }
}

/** @param {EventTarget} target */
function show(target) {
  if (!(target instanceof HTMLImageElement && target.matches(".photo"))) return;
  delete target.dataset.broken;
  target.dataset.loaded = "";
}

/** @param {EventTarget} target */
function miss(target) {
  if (!(target instanceof HTMLImageElement && target.matches(".photo"))) return;
  target.dataset.broken = "";
  target.parentElement.dataset.missing = say("picture.missing");
}

/** Fetch again what could not be had while the connection was lost. */
function tryAgain() {
  for (const photo of document.querySelectorAll(".photo[data-broken]")) photo.src = photo.src;
}
