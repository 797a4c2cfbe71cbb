/** Places the cards in columns from their known sizes; while the width stays, so does a card's column. */

const COLUMN_PX = 290;
const TALLEST = 2;
const WIDEST = 0.45;
const SENTINEL_LEAD_PX = 900;
const MOVE_MS = 180;
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

/** @typedef {{columns: number, width: number, gap: number, foot: number}} Room */

/** What is known of each gallery: the column of every photo, and the room they were given. */
/** @type {WeakMap<Element, {columnOf: Map<string, number>, columns: number, width: number}>} */
const plans = new WeakMap();
/** @type {WeakMap<Element, {x: number, y: number, wide: number, high: number}>} */
const placeOf = new WeakMap();
/** @type {WeakMap<Element, number>} */
const ratioOf = new WeakMap();
/** @type {HTMLElement | null} */
let list = null;

const resized = new ResizeObserver(() => list?.isConnected && layout());
const changed = new MutationObserver(() => layout({ moving: true }));

/**
 * Lay out the gallery of a page, if it has one, and keep it laid out.
 * @param {HTMLElement} page
 */
export function startMasonry(page) {
  resized.disconnect();
  changed.disconnect();
  list = page.querySelector(".gallery");
  if (!list) return;
  changed.observe(list, { childList: true });
  resized.observe(page);
  layout();
}

/** @param {{moving?: boolean}} [how] */
function layout({ moving = false } = {}) {
  const room = measure();
  const cards = [...list.children].filter((child) => child.matches(".card"));
  const before = plans.get(list);
  const columnOf = before?.columns === room.columns ? before.columnOf : new Map();
  plans.set(list, { columnOf, columns: room.columns, width: room.width });
  assign(cards, columnOf, room);
  const view = moving && before?.width === room.width && !stillness.matches ? outlook() : null;
  const bottom = place(cards, columnOf, room, view);
  placeSentinel(bottom);
  list.dataset.placed = "";
}

/** @returns {Room} */
function measure() {
  const style = getComputedStyle(document.documentElement);
  const rem = parseFloat(style.fontSize);
  const gap = parseFloat(style.getPropertyValue("--gap"));
  const foot = parseFloat(style.getPropertyValue("--foot")) * rem;
  const room = list.parentElement.clientWidth;
  const count = Math.max(2, Math.round(room / COLUMN_PX));
  return { columns: count, width: (room - gap * (count - 1)) / count, gap, foot };
}

/**
 * Give every new card a column: those before the known ones go on top, the others below.
 * @param {HTMLElement[]} cards
 * @param {Map<string, number>} columnOf
 * @param {Room} room
 */
function assign(cards, columnOf, room) {
  const firstKnown = cards.findIndex((card) => columnOf.has(card.dataset.image));
  const above = new Array(room.columns).fill(0);
  const heights = new Array(room.columns).fill(0);
  cards.forEach((card, index) => {
    const onTop = index < firstKnown;
    const id = card.dataset.image;
    if (!columnOf.has(id)) columnOf.set(id, lowest(onTop ? above : heights));
    const column = columnOf.get(id);
    heights[column] += heightOf(card, room) + room.gap;
    if (onTop) above[column] = heights[column];
  });
}

/**
 * Put every card at its place and return the height of the tallest column.
 * @param {HTMLElement[]} cards
 * @param {Map<string, number>} columnOf
 * @param {Room} room
 * @param {{top: number, bottom: number} | null} view where moves are seen, if they are to be
 * @returns {number}
 */
function place(cards, columnOf, room, view) {
  const heights = new Array(room.columns).fill(0);
  for (const card of cards) {
    const column = columnOf.get(card.dataset.image);
    const height = heightOf(card, room);
    const x = column * (room.width + room.gap);
    put(card, { x, y: heights[column], wide: room.width, high: height - room.foot }, view);
    heights[column] += height + room.gap;
  }
  const bottom = Math.max(0, ...heights);
  list.style.height = `${bottom}px`;
  return bottom;
}

/**
 * @param {HTMLElement} card
 * @param {{x: number, y: number, wide: number, high: number}} to
 * @param {{top: number, bottom: number} | null} view
 */
function put(card, to, view) {
  const from = placeOf.get(card);
  placeOf.set(card, to);
  if (from?.wide !== to.wide || from.high !== to.high) size(card, to);
  if (from?.x === to.x && from.y === to.y) return;
  card.style.translate = `${to.x}px ${to.y}px`;
  if (from && view && to.y < view.bottom && to.y + to.high > view.top) move(card, from, to);
}

/**
 * @param {HTMLElement} card
 * @param {{wide: number, high: number}} to
 */
function size(card, to) {
  card.style.width = `${to.wide}px`;
  card.querySelector(".frame").style.height = `${to.high}px`;
}

/**
 * @param {HTMLElement} card
 * @param {{x: number, y: number}} from
 * @param {{x: number, y: number}} to
 */
function move(card, from, to) {
  const path = [from, to].map(({ x, y }) => ({ translate: `${x}px ${y}px` }));
  card.animate(path, { duration: MOVE_MS, easing: "ease-out" });
}

/**
 * The part of the gallery that is on the screen.
 * @returns {{top: number, bottom: number}}
 */
function outlook() {
  const top = -list.getBoundingClientRect().top;
  return { top, bottom: top + window.innerHeight };
}

/**
 * Let the sentinel reach well above the end, so that the next cards are there before they are needed.
 * @param {number} bottom
 */
function placeSentinel(bottom) {
  const more = /** @type {HTMLElement | null} */ (list.querySelector(":scope > .more"));
  if (!more) return;
  const top = Math.max(0, bottom - SENTINEL_LEAD_PX);
  more.style.translate = `0 ${top}px`;
  more.style.height = `${bottom - top + 64}px`;
}

/**
 * @param {Element} card
 * @param {Room} room
 * @returns {number}
 */
function heightOf(card, room) {
  if (!ratioOf.has(card)) ratioOf.set(card, readRatio(card));
  return Math.round(room.width * ratioOf.get(card)) + room.foot;
}

/**
 * @param {Element} card
 * @returns {number}
 */
function readRatio(card) {
  const photo = card.querySelector(".photo");
  const ratio = photo.getAttribute("height") / photo.getAttribute("width") || 1;
  return Math.min(TALLEST, Math.max(WIDEST, ratio));
}

/** @param {number[]} heights */
function lowest(heights) {
  return heights.indexOf(Math.min(...heights));
}
