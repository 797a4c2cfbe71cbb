/** Places the cards of the gallery, and lets the first pictures be seen before the other scripts come. */

import { startMasonry } from "./masonry.js";

// Nobody waits longer than this for buttons, however slowly pictures come.
const PATIENCE_MS = 1500;

const page = document.getElementById("page");
if (page) startMasonry(page);
await Promise.race([seen(), new Promise((done) => setTimeout(done, PATIENCE_MS))]);
await import("./app.js");
document.documentElement.dataset.ready = "";

/** Resolves when the first pictures have arrived and a frame has shown them. */
async function seen() {
  const first = [...document.querySelectorAll("img[fetchpriority=high]")];
  if (!first.length) return;
  await Promise.all(first.map((picture) => picture.complete || over(picture)));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}

/** @param {HTMLImageElement} picture */
function over(picture) {
  return new Promise((done) => {
    for (const name of ["load", "error"]) picture.addEventListener(name, done, { once: true });
  });
}
