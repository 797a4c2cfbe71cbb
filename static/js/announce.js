/** Speaks to screen readers through one polite live region, and shows one notice at a time. */

import { say, sayCount } from "./words.js";

const GATHER_MS = 600;
const NOTICE_MS = 8000;
const region = document.getElementById("live");
const board = document.getElementById("notice");

let gathered = nothing();
let gathering = 0;
let noticing = 0;

/**
 * Say one sentence.
 * @param {string} sentence
 * @param {{text: string, lang: string}} [quote] what of it is in a language of its own
 */
export function announce(sentence, quote) {
  region.textContent = "";
  requestAnimationFrame(() => region.replaceChildren(...(quote ? spoken(sentence, quote) : [sentence])));
}

/**
 * @param {string} sentence
 * @param {{text: string, lang: string}} quote
 * @returns {(string | HTMLElement)[]}
 */
function spoken(sentence, { text, lang }) {
  const at = sentence.indexOf(text);
  if (at < 0) return [sentence];
  const element = Object.assign(document.createElement("span"), { textContent: text, lang });
  return [sentence.slice(0, at), element, sentence.slice(at + text.length)];
}

function nothing() {
  return { captions: 0, photos: 0, text: "", lang: "", asked: "" };
}

/**
 * Say that a caption came; several within a moment become one sentence.
 * @param {string} text
 * @param {string} lang the language it is written in
 * @param {string} [asked] the language that was asked for
 */
export function announceCaption(text, lang, asked) {
  gathered.captions += 1;
  Object.assign(gathered, { text, lang, asked: asked || lang });
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
  const { captions, photos, text, lang, asked } = gathered;
  const parts = [];
  if (photos) parts.push(sayCount("said.photos", photos));
  if (captions === 1) parts.push(say(asked === lang ? "said.captioned" : "said.instead", { text }));
  if (captions > 1) parts.push(sayCount("said.captions", captions));
  gathered = nothing();
  gathering = 0;
  announce(parts.join(". "), captions === 1 ? { text, lang } : undefined);
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
