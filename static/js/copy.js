/** Copies a text to the clipboard; where the browser refuses, it stands ready to be copied by hand. */

import { announce } from "./announce.js";
import { say } from "./words.js";

const SHOWN_MS = 1600;

/** Listen to every copy button. */
export function startCopy() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    if (!(await written(button.dataset.copy, button))) return offer(button.dataset.copy);
    button.dataset.copied = "";
    announce(say("said.copied"));
    setTimeout(() => delete button.dataset.copied, SHOWN_MS);
  });
}

/**
 * @param {string} text
 * @param {HTMLElement} button
 * @returns {Promise<boolean>} whether the clipboard has it
 */
async function written(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writtenByCommand(text, button); // no TLS, or no permission: the older way may still do
  }
}

/**
 * @param {string} text
 * @param {HTMLElement} button
 * @returns {boolean}
 */
function writtenByCommand(text, button) {
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
  (button.closest("dialog, [popover]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  button.focus({ preventScroll: true });
  return done;
}

/**
 * Show the text, all of it selected.
 * @param {string} text
 */
function offer(text) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("copy-by-hand"));
  const area = dialog.querySelector("textarea");
  area.value = text;
  dialog.showModal();
  area.select();
}
