/** The language that captions of new photos are asked for in; remembered for the server's next answer. */

const YEAR_SECONDS = 31_536_000;

/** @returns {HTMLFormElement} */
const menu = () => /** @type {HTMLFormElement} */ (document.getElementById("language-menu"));

/** Listen to the menu. */
export function startLanguage() {
  menu().addEventListener("change", choose);
}

/**
 * What the person chose, such as "en".
 * @returns {string}
 */
export function captionLanguage() {
  return menu().elements.language.value;
}

function choose() {
  const language = captionLanguage();
  const name = menu().querySelector("input:checked + [lang]").textContent;
  document.cookie = `caption_language=${language}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  for (const now of document.querySelectorAll("[data-language-now]")) {
    now.textContent = name;
    now.lang = language;
  }
}
