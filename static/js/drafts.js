/** Keeps texts that were not published yet in this browser, one a person, photo and language. */

/** @typedef {{text: string, base: string, caption: string}} Draft */

/**
 * @param {HTMLElement} article
 * @returns {string}
 */
function keyOf(article) {
  const { image, person } = /** @type {HTMLElement} */ (document.getElementById("page")).dataset;
  return `draft/${person}/${image}/${article.dataset.language}`;
}

/**
 * Keep what an editor holds.
 * @param {HTMLFormElement} form
 */
export function keepDraft(form) {
  const { text, base_version: base, caption } = form.elements;
  const draft = { text: text.value, base: base.value, caption: caption.value };
  store(keyOf(form.closest(".text")), JSON.stringify(draft));
}

/**
 * @param {HTMLElement} article
 * @returns {Draft | null} what was kept, unless it is what is published
 */
export function draftOf(article) {
  const raw = read(keyOf(article));
  const draft = raw ? JSON.parse(raw) : null;
  const published = article.querySelector(".text-words")?.textContent ?? "";
  return draft && draft.text.trim() && draft.text.trim() !== published.trim() ? draft : null;
}

/** @param {HTMLElement} article */
export function dropDraft(article) {
  try {
    localStorage.removeItem(keyOf(article));
  } catch {
    // A browser that keeps nothing has nothing to drop.
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Full or forbidden: the text stays in the editor.
  }
}

/**
 * @param {string} key
 * @returns {string | null}
 */
function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
