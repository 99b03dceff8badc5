/**
 * Values of expressions at points, each with a bound on its rounding error.
 *
 * The bound is that of a running error analysis (Higham, Accuracy and Stability of Numerical Algorithms,
 * §3.3): an operation rounds once, and carries over the errors of its arguments by its partials.
 */

import { NUMBERS, partials } from "./quiz_partials.mjs";
import { meaning, orderOf } from "./quiz_tree.mjs";

export const UNIT = 2 ** -53; // of rounding
// How many units of rounding an operation may be off. Arithmetic and square roots are rounded correctly;
// elementary functions are within one unit in the last digit in V8 and SpiderMonkey, and within two in
// any browser; the series of special.mjs sum some tens of terms.
const EXACT = new Set("neg abs sign floor ceil relu max min clamp lt le gt ge eq ne and or not where mod".split(" "));
const SERIES = new Set("erf erfc lgamma digamma polygamma i0 i1 j0 j1".split(" "));
const ARITHMETIC = new Set("add sub mul div sqrt".split(" "));

/** @param {string} op */
function units(op) {
  if (EXACT.has(op)) return 0;
  if (ARITHMETIC.has(op)) return 1;
  return SERIES.has(op) ? 256 : 4;
}

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {{value: number, error: number}} Bounded
 */

/**
 * The value of each root at a point, with its bound; and the largest number met on the way.
 * @param {Node[]} roots without derivatives
 * @param {ArrayLike<number>} point
 * @returns {{found: Bounded[], largest: number}}
 */
export function bounded(roots, point) {
  /** @type {Map<Node, Bounded>} */
  const values = new Map();
  let largest = 0;
  for (const node of orderOf(roots)) {
    const here = node.args.length ? applied(node, values) : leaf(node, point);
    values.set(node, here);
    if (Math.abs(here.value) > largest) largest = Math.abs(here.value);
  }
  return { found: roots.map((root) => /** @type {Bounded} */ (values.get(root))), largest };
}

/**
 * @param {Node} node
 * @param {ArrayLike<number>} point
 * @returns {Bounded}
 */
function leaf(node, point) {
  if (node.op === "variable") return { value: point[/** @type {number} */ (node.index)], error: 0 };
  const value = /** @type {number} */ (node.value);
  return { value, error: Number.isInteger(value) ? 0 : UNIT * Math.abs(value) };
}

/**
 * @param {Node} node
 * @param {Map<Node, Bounded>} values
 * @returns {Bounded}
 */
function applied(node, values) {
  const args = node.args.map((arg) => /** @type {Bounded} */ (values.get(arg)));
  const numbers = args.map((arg) => arg.value);
  const value = meaning(node.op)(...numbers);
  let error = units(node.op) * UNIT * Math.abs(value);
  if (args.some((arg) => arg.error > 0)) {
    const slopes = partials(NUMBERS, node.op, value, numbers);
    args.forEach((arg, k) => {
      if (arg.error > 0 && slopes[k] !== null) error += Math.abs(slopes[k]) * arg.error;
    });
  }
  return { value, error };
}

/**
 * Values of every node at every point, for the search of mistakes: no bounds.
 * @param {Node[]} order arguments first, without derivatives
 * @param {ArrayLike<number>[]} points
 * @returns {Map<Node, Float64Array>}
 */
export function tabulated(order, points) {
  /** @type {Map<Node, Float64Array>} */
  const table = new Map();
  const args = [0, 0, 0];
  for (const node of order) {
    const row = new Float64Array(points.length);
    const rows = node.args.map((arg) => /** @type {Float64Array} */ (table.get(arg)));
    const compute = node.args.length ? meaning(node.op) : null;
    for (let k = 0; k < points.length; k++) {
      for (let a = 0; a < rows.length; a++) args[a] = rows[a][k];
      row[k] = compute ? compute(args[0], args[1], args[2]) : leaf(node, points[k]).value;
    }
    table.set(node, row);
  }
  return table;
}
