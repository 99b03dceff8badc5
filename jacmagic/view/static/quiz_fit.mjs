/**
 * What a hypothesis about a mistake is tried against, the typed values at some points; the plainest ones:
 * what a wrong answer has in common with the right one, a factor, a sign, a term.
 *
 * @typedef {object} Mistake
 * @property {string} kind its class, in the words of `jacmagic.compare`
 * @property {string} text one sentence
 */

import { orderOf, variable } from "./quiz_tree.mjs";
import { tabulated } from "./quiz_values.mjs";

const MAX_FACTORS = 300; // parts of the right answer that are tried as a factor

export const HALF_THE_DIGITS = 2 ** -26; // relative: rounding is far below, another formula far above

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {(candidate: number, k: number) => boolean} Fits
 *
 * @typedef {object} Case
 * @property {Node} answer the wrong line
 * @property {Node} before what it should be equal to; its derivatives stand as such
 * @property {number[][]} points
 * @property {number[]} centre the exercise's point
 * @property {string[]} texts of the variables
 * @property {Node[]} outputs of the function
 * @property {string[]} rows names of the outputs
 * @property {string[][]} entries names of the entries
 * @property {number} row of the entry
 * @property {number} column
 *
 * @typedef {object} Looked
 * @property {Float64Array} typed values of the answer
 * @property {Float64Array} right values of the line before
 * @property {Node} truth the line before, its derivatives carried out
 * @property {Fits} fits whether a value is the typed one
 * @property {() => boolean} isLate whether the time for the search is over
 * @property {(one: Node) => string} name of an expression in a sentence
 *
 * @typedef {Case & Looked} Search
 *
 * @typedef {{of: import("./quiz_analysis.mjs").Analysis, weight: Float64Array}} Part a derivative within a
 *   line, and the line's partial by it
 */

/** @type {(search: Search, candidate: (k: number) => number) => boolean} */
export const fitsEverywhere = ({ points, fits, right, isLate }, candidate) => {
  let differs = false;
  if (isLate()) return false;
  for (let k = 0; k < points.length; k++) {
    const value = candidate(k);
    if (!Number.isFinite(value) || !fits(value, k)) return false;
    differs ||= Math.abs(value - right[k]) > HALF_THE_DIGITS * Math.abs(value);
  }
  return differs;
};

/** @param {Search} search @returns {Mistake | null} */
export function byShape(search) {
  return scaled(search) ?? term(search) ?? factor(search);
}

/** @param {Search} search @returns {Mistake | null} */
export function scaled(search) {
  const { right, typed } = search;
  if (!right[0]) return null;
  const ratio = typed[0] / right[0];
  if (!fitsEverywhere(search, (k) => ratio * right[k])) return null;
  if (Math.abs(ratio + 1) < 1e-9) return { kind: "sign", text: "The whole entry has the wrong sign." };
  if ([Math.PI / 180, 180 / Math.PI].some((unit) => Math.abs(ratio / unit - 1) < 1e-9)) return { kind: "degrees", text: "This is the derivative in degrees: angles are in radians." };
  const sign = ratio < 0 ? " and the sign" : "";
  return { kind: "factor", text: `This is right but for a constant factor${sign}.` };
}

/**
 * The terms of a sum, each with its sign.
 * @param {Node} node
 * @param {number} sign
 * @returns {[Node, number][]}
 */
export function terms(node, sign = 1) {
  if (node.op === "neg") return terms(node.args[0], -sign);
  if (node.op !== "add" && node.op !== "sub") return [[node, sign]];
  return [...terms(node.args[0], sign), ...terms(node.args[1], node.op === "add" ? sign : -sign)];
}

/** @param {Search} search @returns {Mistake | null} */
function term(search) {
  const { truth, points, right, typed } = search;
  const sum = terms(truth);
  const table = tabulated(orderOf([truth]), points);
  for (const [term] of sum.length > 1 ? sum : []) {
    const value = (/** @type {number} */ k) => Number(table.get(term)?.[k]) * Number(sum.find(([other]) => other === term)?.[1]);
    if (fitsEverywhere(search, (k) => right[k] - value(k))) return { kind: "missing term", text: "A term of the sum is missing." };
    if (fitsEverywhere(search, (k) => right[k] - 2 * value(k))) return { kind: "sign", text: "A term of the sum has the wrong sign." };
    const ratio = (typed[0] - right[0]) / value(0);
    if (fitsEverywhere(search, (k) => right[k] + ratio * value(k))) {
      return { kind: "factor", text: "A term of the sum has a wrong constant factor." };
    }
  }
  const shift = typed[0] - right[0];
  if (fitsEverywhere(search, (k) => right[k] + shift)) return { kind: "extra term", text: "This is right but for a constant that is added." };
  const variables = search.texts.map((_, index) => variable(index));
  const others = orderOf([truth, search.outputs[search.row], ...variables]);
  const values = tabulated(others, points);
  for (const other of others) {
    const row = values.get(other);
    for (const sign of [1, -1]) {
      if (fitsEverywhere(search, (k) => right[k] + sign * Number(row?.[k]))) {
        return { kind: "extra term", text: `A term is too much: ${search.name(other)}.` };
      }
    }
  }
  return null;
}

/** @param {Search} search @returns {Mistake | null} */
function factor(search) {
  const { truth, points, right, typed } = search;
  const order = orderOf([truth, search.outputs[search.row]]);
  const table = tabulated(order, points);
  for (const node of order.slice(0, MAX_FACTORS)) {
    if (node.op === "number") continue;
    const value = (/** @type {number} */ k) => Number(table.get(node)?.[k]);
    for (const exponent of [1, 2, -1, -2]) {
      for (const constant of [1, typed[0] / (right[0] * value(0) ** exponent)]) {
        if (!fitsEverywhere(search, (k) => constant * right[k] * value(k) ** exponent)) continue;
        const name = search.name(node);
        if (exponent > 0) return { kind: "extra factor", text: `There is a factor ${name} too much, or one is missing below.` };
        return { kind: "missing factor", text: `A factor ${name} is missing, or one is too much below.` };
      }
    }
  }
  return null;
}
