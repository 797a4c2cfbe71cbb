/** Lets a picture fade in over its placeholder once it has arrived. */

/** Watch every picture, those there now and those to come. */
export function startPictures() {
  document.addEventListener("load", (event) => show(event.target), true);
}

/**
 * Show the pictures of a page that came out of the browser's cache before anybody listened.
 * @param {HTMLElement} page
 */
export function showLoaded(page) {
  page.querySelectorAll(".photo:not([data-loaded])").forEach((photo) => photo.complete && show(photo));
}

/** @param {EventTarget} target */
function show(target) {
  if (target instanceof HTMLImageElement && target.matches(".photo")) target.dataset.loaded = "";
}
