/** Reads swipes, pinches, drags, double taps and the wheel, for mouse, pen and fingers alike. */

const SWIPE_PX = 60;
const FLICK_PX_MS = 0.5;
const TAP_PX = 12;
const TAP_MS = 300;
const WHEEL = 0.002;
const PINCH_WHEEL = 0.01;

/**
 * @typedef {{
 *   zoom: import("./zoom.js").Zoom,
 *   drag: (dx: number, dy: number) => void,
 *   swipe: (way: "left" | "right" | "down" | "none") => void,
 *   tap: (target: Element) => void,
 * }} Hands
 */

export class Gestures {
  /** @type {Map<number, PointerEvent>} */
  #down = new Map();
  /** @type {PointerEvent | null} */
  #first = null;
  #pinched = false;
  #tappedAt = { time: -Infinity, x: 0, y: 0 };

  /**
   * @param {HTMLElement} stage
   * @param {Hands} hands
   */
  constructor(stage, hands) {
    this.hands = hands;
    stage.addEventListener("pointerdown", (event) => this.#pressed(event));
    stage.addEventListener("pointermove", (event) => this.#moved(event));
    stage.addEventListener("pointerup", (event) => this.#lifted(event));
    stage.addEventListener("pointercancel", (event) => this.#lost(event));
    stage.addEventListener("wheel", (event) => this.#wheeled(event), { passive: false });
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    if (event.button !== 0 || event.target.closest("button, a")) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    if (!this.#down.size) [this.#first, this.#pinched] = [event, false];
    this.#down.set(event.pointerId, event);
    if (this.#down.size > 1) this.#pinched = true;
  }

  /** @param {PointerEvent} event */
  #moved(event) {
    const before = this.#down.get(event.pointerId);
    if (!before) return;
    const { zoom } = this.hands;
    if (this.#down.size === 2) this.#pinch(event, before);
    else if (zoom.isZoomed) zoom.pan(event.clientX - before.clientX, event.clientY - before.clientY);
    else if (!this.#pinched && event.pointerType !== "mouse") this.hands.drag(...this.#travelled(event));
    this.#down.set(event.pointerId, event);
  }

  /**
   * @param {PointerEvent} event
   * @param {PointerEvent} before
   */
  #pinch(event, before) {
    const other = [...this.#down.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    const { zoom } = this.hands;
    const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
    zoom.by(distance(event, other) / Math.max(1, distance(before, other)), zoom.pointAt(middle));
    zoom.pan((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
  }

  /** @param {PointerEvent} event */
  #lifted(event) {
    if (!this.#down.delete(event.pointerId) || this.#down.size || this.#pinched) return;
    const [dx, dy] = this.#travelled(event);
    if (Math.hypot(dx, dy) < TAP_PX) this.#tapped(event);
    else if (!this.hands.zoom.isZoomed && event.pointerType !== "mouse") this.hands.swipe(this.#wayOf(dx, dy, event));
  }

  /** @param {PointerEvent} event */
  #lost(event) {
    this.#down.delete(event.pointerId);
    this.hands.swipe("none");
  }

  /**
   * @param {number} dx
   * @param {number} dy
   * @param {PointerEvent} event
   */
  #wayOf(dx, dy, event) {
    const time = Math.max(1, event.timeStamp - this.#first.timeStamp);
    const far = (travelled) => Math.abs(travelled) > SWIPE_PX || (Math.abs(travelled) / time > FLICK_PX_MS && time < TAP_MS);
    if (Math.abs(dx) > Math.abs(dy)) return far(dx) ? (dx < 0 ? "left" : "right") : "none";
    return dy > 0 && far(dy) ? "down" : "none";
  }

  /** @param {PointerEvent} event */
  #tapped(event) {
    this.hands.swipe("none");
    const { time, x, y } = this.#tappedAt;
    const again = event.timeStamp - time < TAP_MS && Math.hypot(event.clientX - x, event.clientY - y) < 3 * TAP_PX;
    this.#tappedAt = { time: again ? -Infinity : event.timeStamp, x: event.clientX, y: event.clientY };
    if (again) this.hands.zoom.toggle(this.hands.zoom.pointAt(event));
    else this.hands.tap(document.elementFromPoint(event.clientX, event.clientY));
  }

  /** @param {WheelEvent} event */
  #wheeled(event) {
    event.preventDefault();
    const { zoom } = this.hands;
    zoom.by(Math.exp(-event.deltaY * (event.ctrlKey ? PINCH_WHEEL : WHEEL)), zoom.pointAt(event));
  }

  /**
   * @param {PointerEvent} event
   * @returns {[number, number]}
   */
  #travelled(event) {
    return [event.clientX - this.#first.clientX, event.clientY - this.#first.clientY];
  }
}

/**
 * @param {PointerEvent} one
 * @param {PointerEvent} other
 * @returns {number}
 */
function distance(one, other) {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}
