/** Zooms a picture about a point and moves it, never further than its edges. */

const FURTHEST = 4;
const FINEST = 2;
const STEP = 1.4;

/** @typedef {{x: number, y: number}} Point from the middle of the stage, in CSS pixels */

export class Zoom {
  /**
   * @param {HTMLElement} stage
   * @param {HTMLElement} frame
   * @param {(scale: number) => void} changed
   */
  constructor(stage, frame, changed) {
    Object.assign(this, { stage, frame, changed, scale: 1, x: 0, y: 0, most: FURTHEST });
  }

  /** @returns {boolean} */
  get isZoomed() {
    return this.scale > 1.001;
  }

  /**
   * Give the frame the size at which a photo fits the stage; returns its width.
   * @param {number} width
   * @param {number} height
   * @returns {number}
   */
  fit(width, height) {
    const room = { wide: this.stage.clientWidth, high: this.stage.clientHeight };
    const share = Math.min(room.wide / width, room.high / height, FINEST);
    this.frame.style.width = `${Math.round(width * share)}px`;
    this.frame.style.height = `${Math.round(height * share)}px`;
    this.most = Math.max(FURTHEST, FINEST / share);
    this.reset();
    return Math.round(width * share);
  }

  reset() {
    this.to(1);
  }

  /**
   * Zoom to a scale; what lies under the point stays there.
   * @param {number} scale
   * @param {Point} [point]
   */
  to(scale, point = { x: 0, y: 0 }) {
    const next = Math.min(this.most, Math.max(1, scale));
    const ratio = next / this.scale;
    this.x = point.x - (point.x - this.x) * ratio;
    this.y = point.y - (point.y - this.y) * ratio;
    this.scale = next;
    this.#apply();
    this.changed(next);
  }

  /**
   * @param {number} factor
   * @param {Point} [point]
   */
  by(factor, point) {
    this.to(this.scale * factor, point);
  }

  in() {
    this.by(STEP);
  }

  out() {
    this.by(1 / STEP);
  }

  /**
   * Close by, or the whole of it.
   * @param {Point} point
   */
  toggle(point) {
    this.to(this.isZoomed ? 1 : STEP ** 3, point);
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#apply();
  }

  /**
   * Where a pointer is, from the middle of the stage.
   * @param {{clientX: number, clientY: number}} pointer
   * @returns {Point}
   */
  pointAt({ clientX, clientY }) {
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }

  #apply() {
    this.x = within(this.x, this.frame.offsetWidth * this.scale, this.stage.clientWidth);
    this.y = within(this.y, this.frame.offsetHeight * this.scale, this.stage.clientHeight);
    this.frame.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
  }
}

/**
 * @param {number} offset
 * @param {number} size
 * @param {number} room
 * @returns {number}
 */
function within(offset, size, room) {
  const most = Math.max(0, (size - room) / 2);
  return Math.min(most, Math.max(-most, offset));
}
