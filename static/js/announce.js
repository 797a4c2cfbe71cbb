/** Speaks to screen readers through one polite live region, and shows one notice at a time. */

import { say, sayCount } from "./words.js";

const GATHER_MS = 600;
const NOTICE_MS = 8000;
const region = document.getElementById("live");
const board = document.getElementById("notice");

let gathered = { captions: 0, photos: 0, text: "" };
let gathering = 0;
let noticing = 0;

/**
 * Say one sentence.
 * @param {string} sentence
 */
export function announce(sentence) {
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = sentence;
  });
}

/**
 * Say that a caption came; several within a moment become one sentence.
 * @param {string} text
 */
export function announceCaption(text) {
  gathered.captions += 1;
  gathered.text = text;
  gatherSoon();
}

/** Say that a photo came; several within a moment become one sentence. */
export function announcePhoto() {
  gathered.photos += 1;
  gatherSoon();
}

function gatherSoon() {
  gathering ||= setTimeout(announceGathered, GATHER_MS);
}

function announceGathered() {
  const { captions, photos, text } = gathered;
  const parts = [];
  if (photos) parts.push(sayCount("said.photos", photos));
  if (captions === 1) parts.push(say("said.captioned", { text }));
  if (captions > 1) parts.push(sayCount("said.captions", captions));
  gathered = { captions: 0, photos: 0, text: "" };
  gathering = 0;
  announce(parts.join(". "));
}

/**
 * Show a sentence over the page for a while.
 * @param {string} sentence
 */
export function notice(sentence) {
  clearTimeout(noticing);
  board.hidden = false;
  board.textContent = sentence;
  noticing = setTimeout(() => {
    board.hidden = true;
  }, NOTICE_MS);
}
