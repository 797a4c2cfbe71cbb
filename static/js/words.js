/** Finds the sentences that the server rendered in the page's language. */

const source = /** @type {HTMLTemplateElement} */ (document.getElementById("words"));
const locale = document.documentElement.lang;
const plurals = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);
const percents = new Intl.NumberFormat(locale, { style: "percent" });

/** @type {Map<string, string>} */
const sentences = new Map();
for (const element of source.content.querySelectorAll("[data-word]")) {
  sentences.set(element.dataset.word, element.textContent.trim());
}

/**
 * Return a sentence with its {names} filled in.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function say(key, values = {}) {
  const sentence = sentences.get(key) ?? "";
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => written(values[name] ?? whole));
}

/**
 * Write a value as people read it: a number with the separators of their language.
 * @param {string | number} value
 * @returns {string}
 */
function written(value) {
  return typeof value === "number" ? numbers.format(value) : value;
}

/**
 * Return a sentence about a number of things, in the plural form that fits.
 * @param {string} key
 * @param {number} count
 * @returns {string}
 */
export function sayCount(key, count) {
  const form = `${key}.${plurals.select(count)}`;
  return say(sentences.has(form) ? form : `${key}.other`, { count });
}

/**
 * Say why a photo was not captioned: in the words of its code, or as the worker said it.
 * @param {{code: string, message: string} | null} error
 * @returns {string}
 */
export function sayFailure(error) {
  return error ? say(`failure.${error.code}`) || error.message : "";
}

/**
 * Write a share between 0 and 1 as people read it.
 * @param {number} share
 * @returns {string}
 */
export function percent(share) {
  return percents.format(share);
}
