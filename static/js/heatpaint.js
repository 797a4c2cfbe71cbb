/** Paints a heat map over a picture: what was not looked at sinks into shade, what was looked at glows. */

const LONG_SIDES = Array.from({ length: 64 }, (_, n) => 160 + n);
const GLOW = 0.45;
const SHADE = 0.72;

/** What is on the canvas, value by value, so that the next map can grow out of it. */
let shown = new Float32Array(0);
let frame = 0;

/**
 * Let the heat of one word appear, out of what is painted already.
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLImageElement} picture the canvas takes its shape
 * @param {number[][]} grid values of at least 0
 * @param {[number, number, number, number]} box what the grid covers: left, top, right, bottom in fractions
 */
export function paint(canvas, picture, grid, box) {
  fit(canvas, picture);
  const target = spread(grid, box, canvas.width, canvas.height);
  const from = shown.length === target.length && canvas.hasAttribute("data-shown") ? shown : target;
  canvas.setAttribute("data-shown", "");
  cancelAnimationFrame(frame);
  const began = performance.now();
  const length = milliseconds(canvas, "--calm");
  const step = (now) => {
    const share = Math.min(1, Math.max(0, (now - began) / length));
    shown = target.map((value, place) => from[place] + (value - from[place]) * share);
    draw(canvas, shown);
    if (share < 1) frame = requestAnimationFrame(step);
  };
  step(began);
}

/**
 * Let the picture be as it was.
 * @param {HTMLCanvasElement} canvas
 */
export function unpaint(canvas) {
  canvas.removeAttribute("data-shown");
}

/**
 * Give the canvas the picture's shape: of the sizes that will do, the one whose sides divide most alike.
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLImageElement} picture
 */
function fit(canvas, { naturalWidth, naturalHeight }) {
  const longest = Math.max(naturalWidth, naturalHeight);
  const sizes = LONG_SIDES.map((side) => [naturalWidth, naturalHeight].map((edge) => (edge * side) / longest));
  const lost = (size) => Math.max(...size.map((edge) => Math.abs(Math.round(edge) - edge)));
  const best = sizes.reduce((one, other) => (lost(other) < lost(one) ? other : one));
  const [width, height] = best.map((edge) => Math.max(1, Math.round(edge)));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/**
 * Values for every pixel, row by row, the greatest being 1.
 * @param {number[][]} grid
 * @param {[number, number, number, number]} box
 * @param {number} width
 * @param {number} height
 * @returns {Float32Array}
 */
function spread(grid, [left, top, right, bottom], width, height) {
  const wide = grid.map((row) => stretch(row, left * width, right * width, width));
  const columns = Array.from({ length: width }, (_, x) => wide.map((row) => row[x]));
  const tall = columns.map((column) => stretch(column, top * height, bottom * height, height));
  const most = Math.max(...tall.map((column) => Math.max(...column))) || 1;
  const value = (_, place) => tall[place % width][Math.floor(place / width)] / most;
  return Float32Array.from({ length: width * height }, value);
}

/**
 * Spread values between two places of a line with a cubic B-spline, which has neither steps nor rings.
 * @param {number[]} values
 * @param {number} from
 * @param {number} to
 * @param {number} length
 * @returns {number[]} zero beyond the two places
 */
function stretch(values, from, to, length) {
  return Array.from({ length }, (_, place) => {
    if (place + 0.5 < from || place + 0.5 > to) return 0;
    const at = ((place + 0.5 - from) / (to - from)) * values.length - 0.5;
    const first = Math.floor(at);
    const near = (n) => values[Math.min(values.length - 1, Math.max(0, first - 1 + n))];
    return spline(at - first).reduce((sum, weight, n) => sum + weight * near(n), 0);
  });
}

/**
 * @param {number} t how far between the second and the third of four values
 * @returns {number[]}
 */
function spline(t) {
  const s = 1 - t;
  return [s ** 3, 3 * t ** 3 - 6 * t ** 2 + 4, 3 * s ** 3 - 6 * s ** 2 + 4, t ** 3].map((weight) => weight / 6);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values
 */
function draw(canvas, values) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(canvas.width, canvas.height);
  const shade = colour(context, canvas, "--heat-veil");
  const glow = colour(context, canvas, "--heat");
  values.forEach((value, place) => {
    const cover = SHADE * (1 - value) ** 1.5;
    const shine = GLOW * value ** 1.5;
    const alpha = cover + shine;
    for (let part = 0; part < 3; part += 1) {
      picture.data[4 * place + part] = (shade[part] * cover + glow[part] * shine) / (alpha || 1);
    }
    picture.data[4 * place + 3] = alpha * 255;
  });
  context.putImageData(picture, 0, 0);
}

/**
 * A colour of the design as red, green and blue.
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} canvas
 * @param {string} name
 * @returns {number[]}
 */
function colour(context, canvas, name) {
  context.fillStyle = getComputedStyle(canvas).getPropertyValue(name).trim();
  return context.fillStyle.match(/[0-9a-f]{2}/gi).map((part) => Number.parseInt(part, 16));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} name
 * @returns {number}
 */
function milliseconds(canvas, name) {
  return Number.parseFloat(getComputedStyle(canvas).getPropertyValue(name)) || 1;
}
