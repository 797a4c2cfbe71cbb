/** Fetches pieces of pages from the server and makes them live. */

/**
 * Fetch a page or a fragment.
 * @param {string} url
 * @returns {Promise<Document>}
 */
export async function fetchPage(url) {
  const answer = await fetch(url, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/**
 * Fetch the cards of some photos as they are now.
 * @param {string[]} ids
 * @returns {Promise<HTMLElement[]>}
 */
export async function fetchCards(ids) {
  const url = `${document.body.dataset.cardsUrl}?ids=${ids.join(",")}`;
  return cardsIn(await fetchPage(url));
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
