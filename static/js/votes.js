/** Votes on captions: totals that follow every screen's votes, the report dialog, and votes by key. */

import { announce } from "./announce.js";
import { say } from "./words.js";

/** @typedef {{caption: string, up: number, down: number, committed_at: number}} Votes */

/** The newest totals heard of each caption. */
/** @type {Map<string, Votes>} */
const heard = new Map();

/** Listen to votes and reports. */
export function startVotes() {
  document.addEventListener("htmx:afterSwap", swapped);
  document.addEventListener("click", clicked);
}

/**
 * Show the totals that somebody's vote led to.
 * @param {Votes} message
 */
export function showVotes(message) {
  if ((heard.get(message.caption)?.committed_at ?? 0) > message.committed_at) return;
  heard.set(message.caption, message);
  document.querySelectorAll(`[data-votes-of="${message.caption}"]`).forEach((votes) => fill(votes, message));
}

/**
 * Vote on the caption that holds the focus, or on the first one.
 * @param {"up" | "down"} way
 */
export function voteByKey(way) {
  const focused = document.activeElement?.closest("[data-caption]");
  const caption = focused ?? document.querySelector("#captions [data-caption]:not([hidden])");
  /** @type {HTMLElement | null | undefined} */ (caption?.querySelector(`.vote-${way}`))?.click();
}

/**
 * @param {Element} votes
 * @param {Votes} totals
 */
function fill(votes, totals) {
  for (const count of votes.querySelectorAll("[data-count]")) {
    const total = String(totals[/** @type {HTMLElement} */ (count).dataset.count]);
    if (count.textContent !== total) count.textContent = total;
  }
}

/** @param {CustomEvent} event */
function swapped({ target, detail }) {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("report"));
  if (target === dialog || detail.target === dialog) return dialog.open || dialog.showModal();
  const votes = target.closest?.(".votes");
  if (!votes) return;
  // A vote of somebody else may have overtaken the answer to one's own.
  const newest = heard.get(votes.dataset.votesOf);
  if (newest && newest.committed_at > Number(votes.dataset.readAt)) fill(votes, newest);
  if (dialog?.open) return reported(dialog);
  if (!votes.contains(document.activeElement)) announce(totals(votes));
}

/** @param {HTMLDialogElement} dialog */
function reported(dialog) {
  dialog.close();
  announce(say("said.reported"));
}

/**
 * @param {HTMLElement} votes
 * @returns {string}
 */
function totals(votes) {
  const number = (way) => votes.querySelector(`[data-count="${way}"]`).textContent;
  return say("said.votes", { up: number("up"), down: number("down") });
}

/** @param {MouseEvent} event */
function clicked(event) {
  const dialog = event.target.closest("#report");
  const closing = event.target.closest("[data-close]") || event.target === dialog;
  if (!dialog || !closing) return;
  event.preventDefault();
  dialog.close();
}
