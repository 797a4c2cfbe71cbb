/** Places the cards in columns from their known sizes; a card never changes its column while the width stays. */

const COLUMN_PX = 290;
const TALLEST = 2;
const WIDEST = 0.45;
const SENTINEL_LEAD_PX = 900;

/** @typedef {{columns: number, width: number, gap: number, foot: number}} Room */

/** What is known of each gallery: the column of every photo, and the room they were given. */
/** @type {WeakMap<Element, {columnOf: Map<string, number>, columns: number, width: number}>} */
const plans = new WeakMap();
/** @type {WeakMap<Element, string>} */
const placeOf = new WeakMap();
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
  list.toggleAttribute("data-moving", moving && before?.width === room.width);
  plans.set(list, { columnOf, columns: room.columns, width: room.width });
  assign(cards, columnOf, room);
  const bottom = place(cards, columnOf, room);
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
 * @returns {number}
 */
function place(cards, columnOf, room) {
  const heights = new Array(room.columns).fill(0);
  for (const card of cards) {
    const column = columnOf.get(card.dataset.image);
    const height = heightOf(card, room);
    put(card, column * (room.width + room.gap), heights[column], room.width, height - room.foot);
    heights[column] += height + room.gap;
  }
  const bottom = Math.max(0, ...heights);
  list.style.height = `${bottom}px`;
  return bottom;
}

/**
 * @param {HTMLElement} card
 * @param {number} x
 * @param {number} y
 * @param {number} wide
 * @param {number} high
 */
function put(card, x, y, wide, high) {
  const next = `${x} ${y} ${wide} ${high}`;
  if (placeOf.get(card) === next) return;
  placeOf.set(card, next);
  card.style.translate = `${x}px ${y}px`;
  card.style.width = `${wide}px`;
  card.querySelector(".frame").style.height = `${high}px`;
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
 * @param {{width: number, foot: number}} room
 * @returns {number}
 */
function heightOf(card, room) {
  const photo = card.querySelector(".photo");
  const ratio = photo.getAttribute("height") / photo.getAttribute("width") || 1;
  return Math.round(room.width * Math.min(TALLEST, Math.max(WIDEST, ratio))) + room.foot;
}

/** @param {number[]} heights */
function lowest(heights) {
  return heights.indexOf(Math.min(...heights));
}
