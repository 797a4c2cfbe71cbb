/** The upload tray: one row a file, its state in words, and one line for all of them. */

import { announce } from "./announce.js";
import { pump, retry, startUploads, take } from "./upload.js";
import { percent, say } from "./words.js";

/** @typedef {import("./upload.js").Upload} Upload */

const SENDING = new Set(["ready", "uploading", "checking", "retrying"]);
const MAKING = new Set(["queued", "captioning"]);
const REFUSED = new Set(["refused", "failed", "lost"]);
const tray = document.getElementById("tray");
const rows = document.getElementById("tray-rows");
const pattern = /** @type {HTMLTemplateElement} */ (document.getElementById("tray-row"));

/** @type {Map<Upload, HTMLElement>} */
const rowOf = new Map();
/** What came over the socket before the upload's own answer did. */
/** @type {Map<string, {state: string, caption: string, spoken: string, why: string}>} */
const early = new Map();

/** Get the tray ready. */
export function startTray() {
  startUploads(tray.dataset.uploadUrl, changed);
  document.addEventListener("capsite:photo", (event) => followed(event.detail));
  tray.querySelector(".tray-close").addEventListener("click", dismiss);
  tray.querySelector(".tray-fold").addEventListener("click", fold);
  addEventListener("beforeunload", (event) => some(SENDING) && event.preventDefault());
}

/**
 * Take files in and start sending them.
 * @param {Iterable<File>} files
 */
export function addFiles(files) {
  const limits = { maxBytes: Number(tray.dataset.maxBytes), accept: tray.dataset.accept };
  for (const file of files) addRow(take(file, limits));
  if (!rowOf.size) return;
  tray.hidden = false;
  summarise();
  pump();
}

/**
 * The photos whose captions somebody waits for in the tray.
 * @returns {string[]}
 */
export function awaited() {
  return uploads().filter((upload) => MAKING.has(upload.state)).map((upload) => upload.image.id);
}

/** @param {Upload} upload */
function addRow(upload) {
  const row = pattern.content.firstElementChild.cloneNode(true);
  row.querySelector(".tray-name").textContent = upload.file.name;
  row.querySelector(".tray-progress").ariaLabel = upload.file.name;
  row.querySelector(".tray-retry").addEventListener("click", () => retry(upload));
  rowOf.set(upload, row);
  show(upload, row);
  rows.append(row);
}

/** @param {Upload} upload */
function changed(upload) {
  const told = upload.image && early.get(upload.image.id);
  if (told && MAKING.has(upload.state)) Object.assign(upload, told);
  show(upload, rowOf.get(upload));
  summarise();
}

/** @param {{image: string, state: string, caption: string, spoken: string, why: string}} photo */
function followed({ image, state, caption, spoken, why }) {
  const now = { state: caption && state === "failed" ? "done" : state, caption, spoken, why };
  if (some(SENDING)) early.set(image, now);
  for (const upload of uploads()) {
    if (upload.image?.id === image && upload.state !== "done") changed(Object.assign(upload, now));
  }
}

/**
 * Draw one row.
 * @param {Upload} upload
 * @param {HTMLElement} row
 */
function show(upload, row) {
  row.dataset.state = upload.state;
  row.querySelector(".tray-state").textContent = wordsFor(upload);
  row.querySelector(".tray-state").lang = upload.state === "done" ? upload.spoken : document.documentElement.lang;
  const bar = row.querySelector(".tray-progress");
  bar.hidden = upload.state !== "uploading";
  bar.value = Math.round(upload.share * 100);
  row.querySelector(".tray-retry").hidden = upload.state !== "lost";
  showPicture(upload, row.querySelector(".tray-picture"));
  showLink(upload, row.querySelector(".tray-open"));
}

/**
 * What a row says.
 * @param {Upload} upload
 * @returns {string}
 */
function wordsFor({ state, share, wait, why, caption, spoken, language }) {
  if (state === "done") return spoken && spoken !== language ? say("tray.instead", { caption }) : caption;
  if (state === "refused") return say("tray.refused", { why });
  if (state === "failed") return say("tray.uncaptioned", { why });
  if (MAKING.has(state)) return say(`stage.${state}`);
  return say(`tray.${state}`, { percent: percent(share), seconds: wait });
}

/**
 * Show the file's own picture while it is sent, the server's small one afterwards.
 * @param {Upload} upload
 * @param {HTMLImageElement} picture
 */
function showPicture(upload, picture) {
  const drawn = picture.getAttribute("src") ?? "";
  const wanted = upload.image?.thumbnail ?? (upload.state === "uploading" && !drawn ? URL.createObjectURL(upload.file) : drawn);
  if (!wanted || wanted === drawn) return;
  if (drawn.startsWith("blob:")) URL.revokeObjectURL(drawn);
  picture.src = wanted;
  picture.onload = () => (picture.hidden = false);
  picture.onerror = () => (picture.hidden = true);
}

/**
 * @param {Upload} upload
 * @param {HTMLAnchorElement} link
 */
function showLink(upload, link) {
  if (!upload.image || !link.hidden) return;
  link.href = upload.image.url;
  link.hidden = false;
  window.htmx.process(link);
}

function summarise() {
  const all = uploads();
  const captioned = all.filter((upload) => upload.state === "done").length;
  const refused = all.filter((upload) => REFUSED.has(upload.state)).length;
  const sentence = say(refused ? "tray.refusals" : "tray.progress", { captioned, refused, total: all.length });
  tray.querySelector(".tray-summary").textContent = sentence;
  tray.querySelector(".tray-close").hidden = some(SENDING);
  if (captioned + refused === all.length) announce(sentence);
}

function dismiss() {
  rows.replaceChildren();
  rowOf.clear();
  early.clear();
  tray.hidden = true;
  document.getElementById("main").focus({ preventScroll: true });
}

function fold() {
  rows.hidden = !rows.hidden;
  tray.querySelector(".tray-fold").setAttribute("aria-expanded", String(!rows.hidden));
}

/** @returns {Upload[]} */
function uploads() {
  return [...rowOf.keys()];
}

/** @param {Set<string>} states */
function some(states) {
  return uploads().some((upload) => states.has(upload.state));
}
