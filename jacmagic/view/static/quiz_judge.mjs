/**
 * The verdict on an expression: equal to another one at random points, or not.
 *
 * Two values are equal where they differ by no more than the bounds on their rounding errors. A point
 * counts only where these leave six digits.
 */

import { orderOf, rebuilt } from "./quiz_tree.mjs";
import { bounded } from "./quiz_values.mjs";

const SIX_DIGITS = 1e-6;
const ENOUGH = 3; // points that decide
const ROUNDED = 5e-3; // relative: numbers typed to two or three digits

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {"right" | "wrong" | "rounded" | "undefined" | "unsure" | "nowhere" | "coincidence"} Verdict
 */

/**
 * @param {Node} answer without derivatives
 * @param {Node} truth without derivatives
 * @param {number[][]} points
 * @returns {Verdict}
 */
export function compare(answer, truth, points) {
  if (!points.length) return "nowhere";
  let [good, equal, near, missing, noisy] = [0, 0, 0, 0, 0];
  for (const point of points) {
    const { found: values, largest } = bounded([answer, truth], point);
    const [one, other] = values;
    if (!Number.isFinite(other.value)) continue;
    if (!Number.isFinite(one.value)) {
      missing++;
      continue;
    }
    const bound = one.error + other.error;
    const gap = Math.abs(one.value - other.value);
    const size = Math.max(Math.abs(one.value), Math.abs(other.value));
    if (bound > SIX_DIGITS * (size > bound ? size : largest)) {
      noisy++;
      if (gap <= bound) continue;
    }
    good++;
    equal += Number(gap <= bound);
    near += Number(gap <= bound + ROUNDED * size);
  }
  if (missing > good + noisy) return "undefined";
  if (good > equal) return near === good ? "rounded" : "wrong";
  return good >= Math.min(ENOUGH, points.length) && good > 0 ? "right" : "unsure";
}

const STEP = 2 ** -6; // relative, by which constants are moved: far above rounding, and on the same branch

/**
 * The verdict where constants have names: 2a is not a², though both are 4 for a = 2. The constants that
 * an answer names are moved; it is to remain equal.
 * @param {Node} answer
 * @param {Node} truth
 * @param {number[][]} points
 * @param {Node[]} named the constants that the answer names
 * @returns {Verdict}
 */
export function compareWithConstants(answer, truth, points, named) {
  const verdict = compare(answer, truth, points);
  return verdict === "right" && isCoincidence(answer, truth, points, named) ? "coincidence" : verdict;
}

/**
 * Whether an answer is no longer equal where the constants that it names are moved.
 * @param {Node} answer
 * @param {Node} truth
 * @param {number[][]} points
 * @param {Node[]} named
 */
export function isCoincidence(answer, truth, points, named) {
  if (!named.length) return false;
  const moved = new Map(named.map((leaf, k) => [leaf, { ...leaf, value: Number(leaf.value) * (1 + STEP * (k + 1)) }]));
  const [other, right] = [answer, truth].map((root) => rebuilt(root, (node, args) => moved.get(node) ?? { ...node, args }));
  return compare(other, right, points) === "wrong";
}

/**
 * The constants that an answer names itself, not by an output that it names.
 * @param {Node} answer
 * @param {Set<Node>} constants
 * @param {Node[]} outputs
 */
export function typedConstants(answer, constants, outputs) {
  return orderOf([answer], new Set(outputs)).filter((node) => constants.has(node));
}

/** What is answered where neither right nor wrong can be given. */
export const DOUBTS = {
  rounded: "Right to two digits or three: write exact numbers, such as 1/3 or pi.",
  undefined: "This has no value near the point: look for a division by zero, or a root or logarithm of a negative number.",
  nowhere: "The function has no value at points near this one: nothing can be compared.",
  coincidence: "This is equal for these values of the constants only: write each constant by its name throughout, or by its value.",
  unsure: "In this form all digits are lost to rounding: simplify it.",
};
