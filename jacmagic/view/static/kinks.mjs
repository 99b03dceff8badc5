/** One-sided derivatives of a map of the plane at a kink, where they differ from side to side. */

import { times } from "./linear.mjs";
import { shift } from "./scene.mjs";

const DIRECTIONS = 16; // in which Jacobians are compared, none along an axis
export const NEAR = 1e-6; // of the radius: where they are
export const KINK = 1e-3; // relative difference of Jacobians that close to each other
export const SUDDEN = 10; // times the difference at the next such step: a smooth Jacobian's is the same there

/**
 * @typedef {import("./scene.mjs").Point} Point
 *
 * @param {import("./slice.mjs").Slice} map
 * @param {number} radius
 * @returns {((by: number[]) => Point) | null} the derivative along a vector; null where there is no kink
 */
export function oneSided({ evaluate, centre, jacobian }, radius) {
  const jacobianAt = (/** @type {Point} */ at) => evaluate(at)?.jacobian;
  if (!isKink(jacobianAt, centre, radius)) return null;
  return ([x, y]) => /** @type {Point} */ (times(jacobianAt(shift(centre, [NEAR * x, NEAR * y])) ?? jacobian, [x, y]));
}

/**
 * Whether the Jacobian jumps between a point and one beside it, in any direction.
 * @param {(at: Point) => number[][] | undefined} jacobianAt
 * @param {Point} at
 * @param {number} radius half the window's width
 */
export function isKink(jacobianAt, at, radius) {
  const jacobian = jacobianAt(at);
  if (!jacobian) return false;
  return Array.from({ length: DIRECTIONS }, (_, k) => (2 * Math.PI * (k + 0.5)) / DIRECTIONS).some((angle) => {
    const beside = (/** @type {number} */ length) => shift(at, [length * Math.cos(angle), length * Math.sin(angle)]);
    const [inner, outer] = [jacobianAt(beside(NEAR * radius)), jacobianAt(beside(2 * NEAR * radius))];
    if (!inner || !outer) return false;
    const jump = jumpOf(inner, jacobian);
    return jump > KINK * (normOf(inner) + normOf(jacobian)) && jump > SUDDEN * jumpOf(outer, inner);
  });
}

/** @param {number[][]} matrix */
function normOf(matrix) {
  return Math.hypot(...matrix.flat());
}

/**
 * @param {number[][]} a
 * @param {number[][]} b
 */
function jumpOf(a, b) {
  return Math.hypot(...a.flatMap((row, i) => row.map((entry, j) => entry - b[i][j])));
}
