/** Shows where the captioner looked: the words of a caption can be pointed at, tapped and reached by key. */

import { announce } from "./announce.js";
import { heatmapOf } from "./heatdata.js";
import { paint, unpaint } from "./heatpaint.js";
import { currentPage } from "./pages.js";
import { say } from "./words.js";

const WORD = /[\p{L}\p{M}\p{N}](?:\S*[\p{L}\p{M}\p{N}])?/gu;
const HOVER_MS = 90;
const LINGER_MS = 140;
const QUIET_MS = 200;
const PEEK_SHARE = 0.85;

/** The word whose heat is wanted. */
/** @type {HTMLElement | null} */
let wanted = null;
/** @type {HTMLElement | null} */
let focused = null;
let hovering = 0;
let waiting = 0;

/** Make every caption that comes to the page explain itself. */
export function startHeatmaps() {
  const main = document.getElementById("main");
  new MutationObserver(renewed).observe(main, { childList: true, subtree: true });
  renewed();
  main.addEventListener("pointerover", pointed);
  main.addEventListener("pointerout", left);
  main.addEventListener("focusin", ({ target }) => target.matches(".word") && entered(target));
  main.addEventListener("focusout", quitted);
  // Ahead of the shortcuts, for which Escape means the way back.
  document.addEventListener("keydown", pressed, { capture: true });
}

function renewed() {
  document.querySelectorAll(".caption-text[data-heatmap]:not([data-words])").forEach(split);
  if (wanted && !wanted.isConnected) takeUp(wanted);
}

/**
 * Go on with the same word of captions that were fetched again.
 * @param {HTMLElement} gone
 */
function takeUp(gone) {
  const { caption } = gone.closest("[data-caption]").dataset;
  const word = currentPage().querySelector(`[data-caption="${caption}"] .word[data-start="${gone.dataset.start}"]`);
  if (!word) return clear();
  show(word);
  if (gone === focused && document.activeElement === document.body) word.focus({ preventScroll: true });
}

/**
 * Put every word of a caption into an element; together they stay one sentence and one tab stop.
 * @param {HTMLElement} caption
 */
function split(caption) {
  const text = caption.textContent;
  const parts = [];
  let end = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    parts.push(text.slice(end, index), wordElement(word, [...text.slice(0, index)].length));
    end = index + word.length;
  }
  caption.replaceChildren(...parts, text.slice(end));
  caption.dataset.words = "";
  caption.querySelector(".word")?.setAttribute("tabindex", "0");
}

/**
 * @param {string} text
 * @param {number} start counted in characters, as the server counts
 * @returns {HTMLElement}
 */
function wordElement(text, start) {
  const element = document.createElement("span");
  element.className = "word";
  element.tabIndex = -1;
  element.dataset.start = String(start);
  element.textContent = text;
  return element;
}

/** @param {PointerEvent} event */
function pointed({ target, pointerType }) {
  clearTimeout(hovering);
  if (!target.matches(".word") || pointerType === "touch") return;
  hovering = setTimeout(show, wanted ? 0 : HOVER_MS, target);
}

/** @param {PointerEvent} event */
function left({ target }) {
  clearTimeout(hovering);
  if (!target.matches(".word") || target !== wanted || target === document.activeElement) return;
  // The next word lies a space away.
  hovering = setTimeout(() => (focused ? show(focused) : clear()), LINGER_MS);
}

/** @param {HTMLElement} word */
function entered(word) {
  focused = word;
  word.parentElement.querySelector('.word[tabindex="0"]').tabIndex = -1;
  word.tabIndex = 0;
  show(word);
}

/** @param {FocusEvent} event */
function quitted({ target, relatedTarget }) {
  if (relatedTarget?.matches(".word")) return;
  // Captions that are fetched again take their words along; a moment later those have followers.
  setTimeout(() => {
    if (target.isConnected) focused = null;
    if (target === wanted) clear();
  });
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.key === "Escape" && wanted && !document.querySelector("dialog[open], :popover-open")) {
    event.preventDefault();
    clear();
  } else if (event.target.matches?.(".word") && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const next = neighbour(event.target, event.key);
    if (next) event.preventDefault();
    next?.focus();
  }
}

/**
 * @param {HTMLElement} word
 * @param {string} key
 * @returns {HTMLElement | undefined}
 */
function neighbour(word, key) {
  const words = [...word.parentElement.querySelectorAll(".word")];
  const place = words.indexOf(word);
  const places = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: words.length - 1 };
  return words[places[key]];
}

/** @param {HTMLElement} word */
async function show(word) {
  if (!word.isConnected || word === wanted) return;
  mark(word);
  peek(word);
  note("");
  waiting = setTimeout(load, QUIET_MS, word);
  try {
    const heatmap = await heatmapOf(word.parentElement.dataset.heatmap);
    if (word === wanted) reveal(word, heatmap);
  } catch (error) {
    if (word === wanted) fail(error.message);
  }
}

/**
 * Say that it takes a moment; what another caption's word has lit goes out.
 * @param {HTMLElement} word
 */
function load(word) {
  note(say("heat.loading", { word: word.textContent }));
  unpaint(canvas());
}

/**
 * @param {HTMLElement} word
 * @param {import("./heatdata.js").Heatmap} heatmap
 */
function reveal(word, heatmap) {
  const start = Number(word.dataset.start);
  const map = heatmap.words.find((each) => each.start <= start && start < each.end);
  const picture = currentPage().querySelector(".picture .photo");
  if (!map || !picture.naturalWidth) return fail(say("heat.none", { word: word.textContent }));
  note("");
  paint(canvas(), picture, map.grid, heatmap.box);
  if (word.matches(":focus-visible")) {
    const sentence = say("heat.at", { word: word.textContent, place: say(`place.${ninth(map.grid)}`) });
    announce(sentence, { text: word.textContent, lang: word.parentElement.lang });
  }
}

/** @param {string} why */
function fail(why) {
  unpaint(canvas());
  note(why);
  announce(why);
}

function clear() {
  clearTimeout(hovering);
  wanted?.removeAttribute("data-lit");
  wanted = null;
  note("");
  if (canvas()) unpaint(canvas());
  unpeek();
}

/** @param {HTMLElement} word */
function mark(word) {
  wanted?.removeAttribute("data-lit");
  wanted = word;
  word.dataset.lit = "";
}

/**
 * Say something on the picture, or nothing any more.
 * @param {string} sentence
 */
function note(sentence) {
  clearTimeout(waiting);
  const label = currentPage().querySelector(".heat-note");
  if (!label) return;
  label.textContent = sentence;
  label.hidden = !sentence;
}

/** @returns {HTMLCanvasElement | null} */
function canvas() {
  return currentPage().querySelector("canvas.heat");
}

/**
 * Bring a picture that was scrolled away into a corner that leaves the word free; at its place stays a gap.
 * @param {HTMLElement} word
 */
function peek(word) {
  const figure = /** @type {HTMLElement} */ (currentPage().querySelector(".picture"));
  const { top, bottom, height } = figure.getBoundingClientRect();
  const visible = Math.max(0, Math.min(bottom, innerHeight) - Math.max(top, 0));
  if (!("peek" in figure.dataset)) {
    if (visible > PEEK_SHARE * Math.min(height, innerHeight)) return;
    figure.style.height = `${height}px`;
  }
  figure.dataset.peek = "top";
  const covered = figure.querySelector(".frame").getBoundingClientRect().bottom;
  if (word.getBoundingClientRect().top < covered) figure.dataset.peek = "bottom";
}

function unpeek() {
  const figure = /** @type {HTMLElement | null} */ (currentPage().querySelector(".picture[data-peek]"));
  if (!figure) return;
  delete figure.dataset.peek;
  figure.style.height = "";
}

/**
 * The ninth of the picture that holds most of a map, counted from 0 in reading order.
 * @param {number[][]} grid
 * @returns {number}
 */
function ninth(grid) {
  const sums = Array(9).fill(0);
  grid.forEach((row, y) => {
    row.forEach((value, x) => {
      sums[3 * third(y, grid.length) + third(x, row.length)] += value;
    });
  });
  return sums.indexOf(Math.max(...sums));
}

/**
 * @param {number} place
 * @param {number} count
 * @returns {number}
 */
function third(place, count) {
  return Math.floor(((place + 0.5) / count) * 3);
}
