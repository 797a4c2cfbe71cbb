/** Sends photos, three at a time; what fails on the way is tried again, so that nothing is lost. */

import { checkFile } from "./checks.js";
import { captionLanguage } from "./language.js";
import { say } from "./words.js";

/**
 * @typedef {object} Upload
 * @property {File} file
 * @property {"ready"|"uploading"|"checking"|"retrying"|"lost"|"refused"|"queued"|"captioning"|"done"|"failed"} state
 * @property {number} share how much was sent, 0 to 1
 * @property {number} attempts
 * @property {number} wait seconds until the next attempt
 * @property {string} why
 * @property {string} language what its captions are asked for in
 * @property {string} caption
 * @property {string} spoken the language of its caption
 * @property {{id: string, url: string, thumbnail: string} | null} image
 */

const PARALLEL = 3;
const MOST_ATTEMPTS = 6;
const LONGEST_WAIT_S = 30;
const TRY_AGAIN = new Set([408, 425, 429]);
const csrfToken = document.querySelector('meta[name="csrf-token"]').content;

/** @type {Upload[]} */
const queue = [];
let sending = 0;
let address = "";
/** @type {(upload: Upload) => void} */
let changed = () => {};

/**
 * Set where uploads go and who hears of their changes.
 * @param {string} url
 * @param {(upload: Upload) => void} listener
 */
export function startUploads(url, listener) {
  address = url;
  changed = listener;
}

/**
 * Take a file in, or refuse it at once.
 * @param {File} file
 * @param {{maxBytes: number, accept: string}} limits
 * @returns {Upload}
 */
export function take(file, limits) {
  const why = checkFile(file, limits);
  const state = why ? "refused" : "ready";
  const language = captionLanguage();
  const upload = { file, state, share: 0, attempts: 0, wait: 0, why, language, caption: "", spoken: "", image: null };
  if (!why) queue.push(upload);
  return upload;
}

/**
 * Try a lost upload again.
 * @param {Upload} upload
 */
export function retry(upload) {
  Object.assign(upload, { state: "ready", attempts: 0, why: "" });
  changed(upload);
  queue.push(upload);
  pump();
}

/** Send what waits, as far as there is room. */
export function pump() {
  while (sending < PARALLEL && queue.length) send(queue.shift());
}

/** @param {Upload} upload */
function send(upload) {
  sending += 1;
  const form = new FormData();
  form.append("image", upload.file, upload.file.name);
  form.append("language", upload.language);
  const request = new XMLHttpRequest();
  request.open("POST", address);
  request.setRequestHeader("X-CSRFToken", csrfToken);
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", (event) => progressed(upload, event));
  request.addEventListener("loadend", () => ended(upload, request));
  change(upload, { state: "uploading", share: 0 });
  request.send(form);
}

/**
 * @param {Upload} upload
 * @param {ProgressEvent} event
 */
function progressed(upload, event) {
  const share = event.lengthComputable ? event.loaded / event.total : 0;
  change(upload, { share, state: share < 1 ? "uploading" : "checking" });
}

/**
 * @param {Upload} upload
 * @param {XMLHttpRequest} request
 */
function ended(upload, request) {
  sending -= 1;
  const { status } = request;
  if (status >= 200 && status < 300) accepted(upload, JSON.parse(request.responseText));
  else if (status === 0 || status >= 500 || TRY_AGAIN.has(status)) tryLater(upload, request);
  else change(upload, { state: "refused", why: reason(request) });
  pump();
}

/**
 * @param {Upload} upload
 * @param {{image: object, job: {state: string, error: string}, captions: {text: string, language: string}[]}} answer
 */
function accepted(upload, answer) {
  const { text: caption = "", language: spoken = "" } = answer.captions?.[0] ?? {};
  const waiting = ["queued", "captioning"].includes(answer.job?.state);
  const state = caption && !waiting ? "done" : (answer.job?.state ?? "queued");
  change(upload, { state, caption, spoken, why: answer.job?.error ?? "", image: answer.image, share: 1 });
}

/**
 * @param {Upload} upload
 * @param {XMLHttpRequest} request
 */
function tryLater(upload, request) {
  const attempts = upload.attempts + 1;
  if (attempts > MOST_ATTEMPTS) return change(upload, { state: "lost", attempts });
  const asked = Number(request.getResponseHeader("Retry-After")) || 0;
  const wait = Math.min(LONGEST_WAIT_S, Math.max(asked, 2 ** (attempts - 1)));
  change(upload, { state: "retrying", attempts, wait });
  setTimeout(() => {
    queue.unshift(upload);
    pump();
  }, wait * 1000 * (0.8 + Math.random() * 0.4));
}

/**
 * The server's sentence, or the nearest one of our own.
 * @param {XMLHttpRequest} request
 * @returns {string}
 */
function reason(request) {
  try {
    return JSON.parse(request.responseText).message;
  } catch {
    return say("tray.unread");
  }
}

/**
 * @param {Upload} upload
 * @param {Partial<Upload>} changes
 */
function change(upload, changes) {
  changed(Object.assign(upload, changes));
}
