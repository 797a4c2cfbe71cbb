/** Loads the next photos of a list before anybody has scrolled to its end. */

/** @type {WeakMap<Element, Promise<boolean>>} */
const coming = new WeakMap();

/**
 * Fetch the next page of a list; resolves once its cards are there, or could not be had.
 * @param {HTMLElement} page
 * @returns {Promise<boolean>} whether there is more on the page now
 */
export function loadMore(page) {
  const more = page.querySelector(".gallery > .more");
  if (!more) return Promise.resolve(false);
  if (!coming.has(more)) coming.set(more, load(more));
  return coming.get(more);
}

/**
 * @param {Element} more
 * @returns {Promise<boolean>}
 */
function load(more) {
  return new Promise((resolve) => {
    const done = ({ detail }) => {
      if (detail.requestConfig?.elt !== more) return;
      document.removeEventListener("htmx:afterRequest", done);
      coming.delete(more);
      setTimeout(() => resolve(detail.successful)); // by then the cards have their places
    };
    document.addEventListener("htmx:afterRequest", done);
    window.htmx.process(more); // what has only just come does not listen yet
    window.htmx.trigger(more, "click");
  });
}
