/** Drags an element of a list to another place in it, by mouse, pen or finger, near the edges scrolling along. */

const START_PX = 6;
const HOLD_MS = 250;
const EDGE_PX = 72;
const SCROLL_PX = 12;

/**
 * Let the elements of a list be dragged: at once by a mouse, after a moment's hold by a finger, which else scrolls.
 * @param {HTMLElement} list
 * @param {string} selector
 * @param {{over: (element: HTMLElement, before: Element | null) => void, dropped: (element: HTMLElement) => void}} told
 */
export function dragged(list, selector, told) {
  /** @type {{element: HTMLElement, x: number, y: number, id: number, on: boolean, timer: number, at: {x: number, y: number}} | null} */
  let drag = null;

  list.addEventListener("pointerdown", (event) => {
    const element = /** @type {HTMLElement | null} */ (event.target.closest(selector));
    if (!element || event.button !== 0 || !event.target.closest(".arranged-handle")) return;
    const at = { x: event.clientX, y: event.clientY };
    const timer = event.pointerType === "touch" ? setTimeout(begin, HOLD_MS) : 0;
    drag = { element, ...at, id: event.pointerId, on: false, timer, at };
  });
  list.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drag?.id) return;
    drag.at = { x: event.clientX, y: event.clientY };
    const far = Math.hypot(drag.at.x - drag.x, drag.at.y - drag.y) > START_PX;
    if (!drag.on && far && drag.timer) return stop(); // a finger that scrolls
    if (!drag.on && far) begin();
    if (drag.on) follow();
  });
  list.addEventListener("pointerup", ({ pointerId }) => pointerId === drag?.id && stop(true));
  list.addEventListener("pointercancel", ({ pointerId }) => pointerId === drag?.id && stop(drag.on));
  // Once something is dragged the finger must not scroll the page as well.
  list.addEventListener("touchmove", (event) => drag?.on && event.preventDefault(), { passive: false });
  list.addEventListener("contextmenu", (event) => drag?.on && event.preventDefault());

  function begin() {
    drag.on = true;
    drag.element.dataset.dragged = "";
    list.setPointerCapture(drag.id);
    requestAnimationFrame(roll);
  }

  function follow() {
    const { element, at } = drag;
    const over = [...list.querySelectorAll(selector)].find((other) => other !== element && holds(other, at));
    if (!over) return;
    const { left, width } = over.getBoundingClientRect();
    told.over(element, at.x < left + width / 2 ? over : over.nextElementSibling);
  }

  /** Scroll while the pointer is near the upper or lower edge. */
  function roll() {
    if (!drag?.on) return;
    const { y } = drag.at;
    const by = y < EDGE_PX ? -SCROLL_PX : y > window.innerHeight - EDGE_PX ? SCROLL_PX : 0;
    if (by) {
      window.scrollBy({ top: by, behavior: "instant" });
      follow();
    }
    requestAnimationFrame(roll);
  }

  /** @param {boolean} [there] whether the pointer came to its end where it is */
  function stop(there = false) {
    clearTimeout(drag.timer);
    const { element, on } = drag;
    drag = null;
    delete element.dataset.dragged;
    if (on && there) told.dropped(element);
  }
}

/**
 * @param {Element} element
 * @param {{x: number, y: number}} point
 * @returns {boolean}
 */
function holds(element, { x, y }) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return x >= left && x <= right && y >= top && y <= bottom;
}
