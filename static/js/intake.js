/** The ways a photo gets in: picker, drop anywhere, paste anywhere. */

import { addFiles } from "./tray.js";

const veil = document.getElementById("drop-veil");
const input = /** @type {HTMLInputElement} */ (document.getElementById("file-input"));
let depth = 0;
let ownDrag = false;

/** Open every way in. */
export function startIntake() {
  document.addEventListener("click", (event) => event.target.closest("[data-upload]") && pick());
  input.addEventListener("change", picked);
  document.addEventListener("paste", (event) => addFiles(event.clipboardData?.files ?? []));
  document.addEventListener("dragstart", () => (ownDrag = true));
  document.addEventListener("dragend", () => (ownDrag = false));
  document.addEventListener("dragenter", (event) => hover(event, 1));
  document.addEventListener("dragleave", (event) => hover(event, -1));
  document.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  document.addEventListener("drop", dropped);
}

/** Open the file picker. */
export function pick() {
  input.click();
}

function picked() {
  addFiles(input.files);
  input.value = "";
}

/**
 * @param {DragEvent} event
 * @param {number} step
 */
function hover(event, step) {
  if (!carriesFiles(event)) return;
  depth = Math.max(0, depth + step);
  veil.hidden = depth === 0;
}

/** @param {DragEvent} event */
function dropped(event) {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  depth = 0;
  veil.hidden = true;
  addFiles(event.dataTransfer.files);
}

/**
 * Files from outside; a picture of this page dragged about is none.
 * @param {DragEvent} event
 * @returns {boolean}
 */
function carriesFiles(event) {
  return !ownDrag && Boolean(event.dataTransfer?.types.includes("Files"));
}
