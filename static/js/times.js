/** Writes moments in the reader's own time zone. */

const moments = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "long",
  timeStyle: "short",
});

/**
 * Rewrite every moment inside an element.
 * @param {HTMLElement} element
 */
export function showTimes(element) {
  for (const time of element.querySelectorAll("time")) {
    time.textContent = moments.format(new Date(time.dateTime));
  }
}
