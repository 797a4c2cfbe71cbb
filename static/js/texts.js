/** Published texts: an editor in place whose drafts survive, and texts that follow other screens. */

import { announce } from "./announce.js";
import { draftOf, dropDraft, keepDraft } from "./drafts.js";
import { enliven, fetchPage } from "./fragments.js";
import { currentPage, onPage } from "./pages.js";
import { onShow, renewAlt } from "./panel.js";
import { showTimes } from "./times.js";
import { say } from "./words.js";

/** @typedef {{id: string, language: string, version: number, text: string, author: string | null}} Told */

const AGAIN_MS = 150;

/** Articles whose versions were on show when they were sent for. */
/** @type {Set<string>} */
const unfolded = new Set();

/** Listen to the editors of every page that comes. */
export function startTexts() {
  // A text area that was drawn larger has a style, which the content policy lets nobody copy.
  window.htmx.config.attributesToSettle = ["class", "width", "height"];
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  // Only once settled do new elements have attributes and triggers of their own.
  document.addEventListener("htmx:afterSettle", settled);
  document.addEventListener("input", typed);
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", pressed);
  onPage((page) => {
    page.querySelectorAll(".text").forEach(begin);
    renewAlt(page);
  });
}

/**
 * Show a text that was published on some screen; whoever is writing only hears of it.
 * @param {{image: string, annotation: Told}} message
 */
export async function textUpdated({ image, annotation }) {
  if (!onShow(image)) return;
  const article = articleOf(annotation.language);
  if (!article || Number(article.dataset.version) >= annotation.version) return;
  // One's own text comes back over the socket before the answer to the form does.
  if (currentPage().querySelector(".htmx-request")) return again({ image, annotation });
  if (article.querySelector(".text-form")) return tellNewer(article, annotation);
  await refreshTexts();
  const author = annotation.author ?? say("said.somebody");
  announce(say("said.text", { author, text: annotation.text }), { text: annotation.text, lang: annotation.language });
}

/** @param {{image: string, annotation: Told}} message */
async function again(message) {
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  await textUpdated(message);
}

/** Fetch the texts of the photo on show again; what is being written stays. */
export async function refreshTexts() {
  const url = currentPage().querySelector("#texts")?.dataset.textsUrl;
  if (!url) return;
  const fetched = await fetchPage(url);
  for (const fresh of fetched.querySelectorAll(".text")) renew(/** @type {HTMLElement} */ (fresh));
  const none = currentPage().querySelector(".texts-none");
  if (none && !fetched.querySelector(".texts-none")) none.remove();
}

/** Go on with the editor that is open, or open one. */
export function editByKey() {
  const area = currentPage().querySelector(".text-area");
  if (area) area.focus();
  else currentPage().querySelector("a.text-edit")?.click();
}

/** @param {HTMLElement} fresh */
function renew(fresh) {
  const old = articleOf(fresh.dataset.language);
  if (!old || old.querySelector(".text-form") || Number(fresh.dataset.version) <= Number(old.dataset.version)) return;
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  const open = Boolean(old.querySelector(".versions[open]"));
  const article = /** @type {HTMLElement} */ (document.adoptNode(fresh));
  old.replaceWith(article);
  enliven(article);
  if (open) article.querySelector(".versions").open = true;
  if (held) (held.id ? (document.getElementById(held.id) ?? article) : article).focus({ preventScroll: true });
  article.dataset.fresh = "";
  arrived(article);
}

/**
 * @param {string} language
 * @returns {HTMLElement | null}
 */
function articleOf(language) {
  return currentPage().querySelector(`.text[data-language="${language}"]`);
}

/**
 * @param {HTMLElement} article
 * @param {Told} annotation
 */
function tellNewer(article, { version, text, author }) {
  article.dataset.version = String(version);
  const newer = article.querySelector(".text-newer");
  newer.textContent = say("text.newer", { version, text, author: author ?? say("said.somebody") });
  newer.hidden = false;
}

/** @param {CustomEvent} event */
function beforeSwap({ detail }) {
  const article = detail.target.closest?.(".text");
  if (article?.querySelector(".versions[open]")) unfolded.add(article.id);
}

/** @param {CustomEvent} event */
function settled({ target, detail }) {
  if (target.matches?.(".timeline, .timeline-more")) return showTimes(target.parentElement);
  const article = target.closest?.(".versions-body") ? null : target.closest?.(".text");
  if (!article || detail.target === article) return showTimes(target);
  const { elt, verb } = detail.requestConfig;
  if (verb === "post" && detail.xhr.status === 200) published(article, elt.matches(".text-form"));
  if (article.matches(".text-conflict")) announce(say("said.conflict"));
  if (unfolded.delete(article.id) && article.querySelector(".versions")) article.querySelector(".versions").open = true;
  if (article.matches(".text-editing") && elt.matches(".text-edit")) resume(article);
  arrived(article);
  setTimeout(() => keepFocus(article));
}

/**
 * Say what was published; the draft of it is done with.
 * @param {HTMLElement} article
 * @param {boolean} written
 */
function published(article, written) {
  if (written) dropDraft(article);
  currentPage().querySelector(".texts-none")?.remove();
  const words = article.querySelector(".text-words");
  announce(say("said.published", { text: words.textContent }), { text: words.textContent, lang: words.lang });
}

/** @param {HTMLElement} article */
function arrived(article) {
  showTimes(article);
  offerDraft(article);
  markPublished();
  renewAlt(currentPage());
}

/**
 * A button that was swapped away leaves its focus to the text it worked on.
 * @param {HTMLElement} article
 */
function keepFocus(article) {
  if (document.activeElement !== document.body) return;
  (article.querySelector(".text-conflict .text-area, .text-edit") ?? article).focus({ preventScroll: true });
}

/** Mark the suggestions that read as what is published. */
function markPublished() {
  for (const caption of currentPage().querySelectorAll(".caption[data-language]")) {
    const words = articleOf(caption.dataset.language)?.querySelector(".text-words")?.textContent;
    if (words !== undefined) caption.toggleAttribute("data-published", words === caption.querySelector(".caption-text").textContent);
  }
}

/**
 * Offer the draft of a text; an editor that is a page of its own takes it up.
 * @param {HTMLElement} article
 */
function begin(article) {
  offerDraft(article);
  const form = article.querySelector(".text-form");
  if (article.matches(".text-editing") && !form.elements.caption.value) resume(article);
}

/** @param {HTMLElement} article */
function offerDraft(article) {
  const offer = article.querySelector(".text-draft");
  if (offer) offer.hidden = !draftOf(article);
}

/**
 * Put a draft back into the editor, on top of the version it was begun on.
 * @param {HTMLElement} article
 */
function resume(article) {
  const draft = draftOf(article);
  if (!draft) return;
  const { text, base_version: base, caption } = article.querySelector(".text-form").elements;
  Object.assign(text, { value: draft.text });
  base.value = draft.base;
  caption.value = draft.caption;
  announce(say("text.resumed"));
}

/** @param {InputEvent} event */
function typed(event) {
  const form = event.target.closest?.(".text-form");
  if (form) keepDraft(form);
}

/** @param {MouseEvent} event */
function clicked(event) {
  const button = event.target.closest?.("[data-draft]");
  const article = button?.closest(".text");
  if (!article) return;
  if (button.dataset.draft === "resume") article.querySelector(".text-edit").click();
  else {
    dropDraft(article);
    offerDraft(article);
    if (button.closest("[hidden]")) article.querySelector(".text-edit")?.focus();
  }
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const form = event.target.closest?.(".text-form");
  if (!form || event.isComposing) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  if (event.key === "Escape") form.querySelector("[data-cancel]")?.click();
}
