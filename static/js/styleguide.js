/** Fills the swatches of the style guide, and shows what appears only now and then. */

import { notice } from "./announce.js";

const IMAGE = "00000000-0000-0000-0000-000000000000";
/** What of a swatch shows a token, by its kind. */
const SHOWS = {
  colour: "background",
  space: "width",
  radius: "borderRadius",
  shadow: "boxShadow",
  motion: "transitionDuration",
};

/** @type {Record<string, () => void>} */
const acts = {
  toast: () => {
    const captions = [{ text: "A tabby cat with green eyes.", language: "en", confidence: 0.8 }];
    const detail = { type: "image.updated", image: IMAGE, captions };
    document.dispatchEvent(new CustomEvent("capsite:message", { detail }));
  },
  notice: () => notice("This file is 9 MB. The limit is 5 MB."),
  idle: () => /** @type {HTMLDialogElement} */ (document.getElementById("idle")).showModal(),
};

function show() {
  const values = getComputedStyle(document.documentElement);
  for (const swatch of document.querySelectorAll("[data-token]")) {
    const { token, kind } = /** @type {HTMLElement} */ (swatch).dataset;
    const property = kind === "type" && token !== "--font" ? "fontSize" : (SHOWS[kind] ?? "fontFamily");
    swatch.style[property] = `var(${token})`;
  }
  for (const value of document.querySelectorAll("[data-value]")) {
    value.textContent = values.getPropertyValue(/** @type {HTMLElement} */ (value).dataset.value);
  }
}

show();
document.getElementById("theme-menu").addEventListener("change", show);
document.querySelector(".styleguide").addEventListener("click", (event) => {
  acts[event.target.closest("[data-guide]")?.dataset.guide]?.();
});
