/**
 * Curves for pictures: adaptive samples of a function, and level lines of a grid.
 *
 * @typedef {[number, number]} Point
 * @typedef {Point[]} Polyline
 */

import { roundStep } from "./format.mjs";

const FIRST_PIECES = 8; // of a curve, before pieces that bend are halved
const MAX_HALVINGS = 6; // of one of these: 512 pieces in all
const FLATNESS = 0.0012; // of the window's size, by which a piece may miss the curve: a third of a pixel of 300
const SHORT = 0.01; // of the window's size: what is shorter is drawn, whatever is in it
const END_SHARE = 0.1; // of a longer piece: its middle is not a closer to an end, as it is at a jump
const JUMP_HALVINGS = 30; // after which a piece of a continuous curve is short, a cube root's too

/**
 * A curve as polylines, finer where it bends; it is broken where the function has no value, and
 * at jumps and poles: where a piece stays long however short its parameter's interval is.
 * @param {(t: number) => Point | null} curve for t from 0 to 1
 * @param {number} size of the window
 * @returns {Polyline[]}
 */
export function sampleCurve(curve, size) {
  const at = (/** @type {number} */ t) => finite(curve(t));
  /** @type {Polyline[]} */
  const lines = [];
  let line = /** @type {Polyline} */ ([]);
  const breakOff = () => {
    if (line.length > 1) lines.push(line);
    line = [];
  };
  /** @type {(t0: number, a: Point | null, t1: number, b: Point | null, depth: number) => void} */
  const piece = (t0, a, t1, b, depth) => {
    const middle = (t0 + t1) / 2;
    const c = at(middle);
    const isFlat = a && b && c && isBeside(c, a, b, size);
    if (depth < MAX_HALVINGS && !isFlat && (a || b || c)) {
      piece(t0, a, middle, c, depth + 1);
      piece(middle, c, t1, b, depth + 1);
    } else if (a && b && (isFlat || !jumps(at, [t0, a], [t1, b], SHORT * size))) {
      if (!line.length) line.push(a);
      line.push(b);
    } else {
      breakOff();
    }
  };
  for (let k = 0; k < FIRST_PIECES; k++) {
    const [t0, t1] = [k / FIRST_PIECES, (k + 1) / FIRST_PIECES];
    piece(t0, at(t0), t1, at(t1), 0);
  }
  breakOff();
  return lines;
}

/** @param {Point | null} point */
function finite(point) {
  return point && point.every(Number.isFinite) ? point : null;
}

/** @type {(a: Point, b: Point) => number} */
const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/**
 * Whether a point stands beside a segment and near it, not before or after it, nor near its ends: at a
 * pole or a jump it does not.
 * @param {Point} c
 * @param {Point} a
 * @param {Point} b
 * @param {number} size of the window, in whose units squares do not overflow
 */
function isBeside(c, a, b, size) {
  const [[p, q], [u, v]] = [b, c].map((end) => end.map((x, k) => (x - a[k]) / size));
  const [along, length] = [u * p + v * q, Math.hypot(p, q)];
  const apart = length ? Math.abs(p * v - u * q) / length : Math.hypot(u, v);
  const rest = length > SHORT ? END_SHARE * length * length : 0;
  return along >= rest && along <= length * length - rest && apart <= FLATNESS;
}

/**
 * Whether the longer half of a piece stays long however often it is halved again.
 * @param {(t: number) => Point | null} at
 * @param {[number, Point]} from parameter and point
 * @param {[number, Point]} to
 * @param {number} short length of a piece that is drawn, whatever is in it
 */
function jumps(at, from, to, short) {
  const first = distance(from[1], to[1]);
  if (first <= short) return false;
  for (let k = 0; k < JUMP_HALVINGS; k++) {
    const middle = (from[0] + to[0]) / 2;
    const c = at(middle);
    if (!c) return true;
    if (distance(from[1], c) > distance(c, to[1])) to = [middle, c];
    else from = [middle, c];
  }
  return distance(from[1], to[1]) > first / 4;
}

/**
 * Level lines by marching squares: segments, each across one square of the grid.
 * @param {number[][]} heights rows from low y to high y; nan where there is none
 * @param {number} level
 * @param {(column: number, row: number) => Point} place coordinates of a fractional grid index
 * @returns {Polyline[]}
 */
export function levelLine(heights, level, place) {
  const segments = [];
  for (let i = 0; i + 1 < heights.length; i++) {
    for (let j = 0; j + 1 < heights[i].length; j++) {
      for (const [a, b] of crossings(heights, level, i, j)) {
        segments.push(/** @type {Polyline} */ ([place(...a), place(...b)]));
      }
    }
  }
  return segments;
}

/**
 * Where a level crosses one square: none, one or two segments of fractional indices (column, row).
 * @param {number[][]} heights
 * @param {number} level
 * @param {number} i
 * @param {number} j
 * @returns {[Point, Point][]}
 */
function crossings(heights, level, i, j) {
  const corners = /** @type {Point[]} */ ([[j, i], [j + 1, i], [j + 1, i + 1], [j, i + 1]]);
  const above = corners.map(([x, y]) => heights[y][x] - level);
  if (!above.every(Number.isFinite)) return [];
  const cut = [];
  for (let k = 0; k < 4; k++) {
    const [p, q] = [above[k], above[(k + 1) % 4]];
    if (p >= 0 === q >= 0) continue;
    const [from, to] = [corners[k], corners[(k + 1) % 4]];
    const share = p / (p - q);
    cut.push(/** @type {Point} */ ([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]));
  }
  if (cut.length < 4) return cut.length === 2 ? [[cut[0], cut[1]]] : [];
  const centre = above.reduce((sum, height) => sum + height, 0) >= 0; // a saddle: the mean decides
  return centre === above[0] >= 0 ? [[cut[0], cut[1]], [cut[2], cut[3]]] : [[cut[3], cut[0]], [cut[1], cut[2]]];
}

/**
 * Round numbers between two ends: 1, 2 or 5 times a power of ten apart.
 * @param {number} low
 * @param {number} high
 * @param {number} about how many
 */
export function roundNumbers(low, high, about) {
  const raw = (high - low) / about;
  if (!(raw > 0) || !Number.isFinite(raw)) return [];
  const step = roundStep(raw);
  const numbers = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) numbers.push(Number((k * step).toPrecision(12)));
  return numbers;
}
