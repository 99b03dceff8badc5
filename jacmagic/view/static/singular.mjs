/** Where the determinant of J is zero, and where it jumps across zero. */

import { volume } from "./linear.mjs";
import { line, shift } from "./scene.mjs";

const ZERO_CELLS = 32; // along a side of the window
const GRID_SHIFT = [0.382, 0.293]; // of a cell: folds and kinks along axes and diagonals miss the grid's points
const SMALL_SHARE = 1e-3; // of the larger determinant at an edge's ends: what is less has gone to zero
const HALVINGS = 30; // after which one that goes to zero like the cube root of the distance is small
const LINE_LABELS = [["zero", "det J = 0"], ["kink", "kink"]];
const LABEL_SHARE = 0.9; // of the window, in which a label stands

/**
 * @typedef {import("./scene.mjs").Point} Point
 * @typedef {{at: Point, look: string}} Cut where the determinant changes its sign: "zero", or a "kink"
 * @typedef {{at: Point, det: number}} End of an edge
 */

/**
 * Where a map of the plane is not invertible, in lines across cells of a grid.
 * @param {import("./slice.mjs").Slice} map
 * @param {number} half the window's half width
 */
export function singularLines({ evaluate, centre }, half) {
  const det = (/** @type {Point} */ at) => {
    const jet = evaluate(at);
    return jet ? volume(jet.jacobian) : NaN;
  };
  const [columns, rows] = GRID_SHIFT.map((by) =>
    Array.from({ length: ZERO_CELLS + 2 }, (_, k) => half * ((2 * (k - by)) / ZERO_CELLS - 1)),
  );
  const ends = rows.map((y) => columns.map((x) => shift(centre, [x, y])).map((at) => ({ at, det: det(at) })));
  const across = ends.map((row) => row.slice(1).map((end, j) => cut(row[j], end, det)));
  const up = ends.slice(1).map((row, i) => row.map((end, j) => cut(ends[i][j], end, det)));
  const pieces = up.flatMap((row, i) =>
    row.slice(1).flatMap((right, j) => pairs(/** @type {Cut[]} */ ([across[i][j], right, across[i + 1][j], row[j]].filter(Boolean)))),
  );
  const [x, y] = centre;
  return LINE_LABELS.flatMap(([look, label]) => {
    const lines = joined(pieces.filter((ends) => ends.some((end) => end.look === "kink") === (look === "kink")));
    const inside = lines.flat().filter((at) => Math.max(Math.abs(at[0] - x), Math.abs(at[1] - y)) < LABEL_SHARE * half);
    const at = inside[look === "kink" ? inside.length - 1 : 0]; // apart from the other label
    return [...lines.map((points) => line(points, look)), ...(at ? [line([at, at], look, label)] : [])];
  });
}

/**
 * Lines of pieces that share their ends.
 * @param {[Cut, Cut][]} pieces
 */
function joined(pieces) {
  /** @type {Cut[][]} */
  const lines = [];
  /** @type {Map<Cut, Cut[]>} */
  const ends = new Map();
  for (const pair of pieces) {
    const [a, b] = ends.has(pair[1]) ? [pair[1], pair[0]] : pair;
    const pieces = ends.get(a) ?? [a];
    if (!ends.has(a)) {
      lines.push(pieces);
      ends.set(a, pieces);
    } else if (pieces.length > 1) ends.delete(a);
    if (pieces[pieces.length - 1] !== a) pieces.reverse();
    pieces.push(b);
    ends.set(b, pieces);
  }
  return lines.map((points) => points.map(({ at }) => at));
}

/**
 * What the lines mean.
 * @param {import("./scene.mjs").Shape[]} shapes
 * @param {string} name of the function
 */
export function singularWords(shapes, name) {
  const meanings = [
    ["zero", "On the red curve det J = 0."],
    ["kink", `On the dash-dotted line ${name} has a kink: det J jumps to, from or across 0.`],
  ];
  return meanings.filter(([look]) => shapes.some((shape) => shape.look === look)).map(([, meaning]) => meaning);
}

/**
 * Halve an edge until both determinants are small, or it is as short as a jump.
 * @param {End} a
 * @param {End} b
 * @param {(at: Point) => number} det
 * @returns {Cut | null}
 */
function cut(a, b, det) {
  const first = Math.max(Math.abs(a.det), Math.abs(b.det));
  const larger = () => Math.max(Math.abs(a.det), Math.abs(b.det));
  for (let k = 0; k < HALVINGS; k++) {
    if (!Number.isFinite(a.det + b.det) || Math.sign(a.det) === Math.sign(b.det)) return null;
    if (larger() <= SMALL_SHARE * first) return { at: between(a.at, b.at, a.det / (a.det - b.det)), look: "zero" };
    const at = between(a.at, b.at, 0.5);
    const middle = { at, det: det(at) };
    if (Math.sign(middle.det) === Math.sign(a.det)) a = middle;
    else b = middle;
  }
  return larger() <= 2 * first ? { at: a.at, look: "kink" } : null; // else a pole
}

/**
 * @param {Point} a
 * @param {Point} b
 * @param {number} share
 * @returns {Point}
 */
function between(a, b, share) {
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
}

/**
 * The cuts of a cell that a line connects: two of a kind, of four the nearer ones.
 * @param {Cut[]} cuts
 * @returns {[Cut, Cut][]}
 */
function pairs(cuts) {
  if (cuts.length === 2) return [[cuts[0], cuts[1]]];
  return LINE_LABELS.flatMap(([look]) => {
    const [a, b, c, d] = cuts.filter((cut) => cut.look === look);
    if (!b || (c && !d)) return [];
    if (!c) return [[a, b]];
    const length = (/** @type {[Cut, Cut][]} */ turn) => turn.reduce((sum, [{ at: [x, y] }, { at: [u, v] }]) => sum + Math.hypot(x - u, y - v), 0);
    /** @type {[Cut, Cut][][]} */
    const [one, other] = [[[a, b], [c, d]], [[b, c], [d, a]]];
    return length(one) <= length(other) ? one : other;
  });
}
