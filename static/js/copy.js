/** Copies a caption to the clipboard, also where the site is served without TLS. */

import { announce } from "./announce.js";
import { say } from "./words.js";

const SHOWN_MS = 1600;

/** Listen to every copy button. */
export function startCopy() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await write(button.dataset.copy);
    button.dataset.copied = "";
    announce(say("said.copied"));
    setTimeout(() => delete button.dataset.copied, SHOWN_MS);
  });
}

/** @param {string} text */
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
