/** The language that captions of new photos are asked for in; remembered for the server's next answer. */

const YEAR_SECONDS = 31_536_000;

/** @returns {HTMLFormElement} */
const choices = () => /** @type {HTMLFormElement} */ (document.getElementById("caption-language"));

/** Listen to the menu. */
export function startLanguage() {
  choices().addEventListener("change", remember);
}

/**
 * What the person chose, such as "en".
 * @returns {string}
 */
export function captionLanguage() {
  return choices().elements.language.value;
}

function remember() {
  document.cookie = `caption_language=${captionLanguage()}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}
