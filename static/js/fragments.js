/** Fetches pieces of pages from the server and makes them live. */

/** The server answers for no more cards at once. */
const MAX_CARDS = 100;

/**
 * Fetch a page or a fragment.
 * @param {string} url
 * @returns {Promise<Document>}
 */
export async function fetchPage(url) {
  const answer = await fetch(url, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) throw Object.assign(new Error(`${url} answered ${answer.status}`), { status: answer.status });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/**
 * Fetch the cards of some photos as they are now.
 * @param {string[]} ids
 * @returns {Promise<HTMLElement[]>}
 */
export async function fetchCards(ids) {
  const cards = [];
  for (let start = 0; start < ids.length; start += MAX_CARDS) {
    const some = ids.slice(start, start + MAX_CARDS).join(",");
    cards.push(...cardsIn(await fetchPage(`${document.body.dataset.cardsUrl}?ids=${some}`)));
  }
  return cards;
}

/**
 * Return the cards of a fetched page, ready to be put into this one.
 * @param {Document} page
 * @returns {HTMLElement[]}
 */
export function cardsIn(page) {
  return [...page.querySelectorAll(".card")].map((card) => document.adoptNode(card));
}

/**
 * Let htmx see what was put into the page by hand.
 * @param {Element} element
 */
export function enliven(element) {
  window.htmx.process(element);
}

/**
 * Follow a link or press a button, also one that has come this very moment and that htmx has yet to see.
 * @param {HTMLElement} control
 */
export function follow(control) {
  enliven(control);
  control.click();
}
