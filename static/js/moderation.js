/** Keeps the number of open cases beside the moderator's name up to date. */

import { announce } from "./announce.js";
import { sayCount } from "./words.js";

/** Listen to what the socket tells moderators. */
export function startModeration() {
  if (badge()) document.addEventListener("capsite:message", read);
}

/** @returns {HTMLElement | null} */
function badge() {
  return document.querySelector("[data-open-cases]");
}

/** @param {CustomEvent<{type: string, open?: number}>} event */
function read({ detail: { type, open } }) {
  if (open === undefined || !/^(hello$|moderation\.)/.test(type)) return;
  const before = Number(badge().dataset.openCases);
  show(open);
  if (type === "moderation.case_opened" && open > before) announce(sayCount("said.cases", open));
}

/** @param {number} open */
function show(open) {
  const shown = badge();
  shown.dataset.openCases = String(open);
  shown.hidden = open === 0;
  shown.querySelector("[data-count]").textContent = String(open);
  shown.querySelector("[data-count-words]").textContent = sayCount("said.cases", open);
}
