/** One-sided derivatives of a map of the plane at a kink, where they differ from side to side. */

import { times } from "./linear.mjs";
import { shift } from "./scene.mjs";

const DIRECTIONS = 16; // in which Jacobians are compared, none along an axis
export const NEAR = 1e-6; // of the radius: where they are
export const KINK = 1e-3; // relative difference of Jacobians that close to each other

/**
 * @typedef {import("./scene.mjs").Point} Point
 *
 * @param {import("./scene_map.mjs").PlaneMap} map
 * @param {number} radius
 * @returns {((by: number[]) => Point) | null} the derivative along a vector; null where there is no kink
 */
export function oneSided({ evaluate, centre, jacobian }, radius) {
  const near = (/** @type {number[]} */ by) => evaluate(shift(centre, /** @type {Point} */ (by)))?.jacobian;
  const here = near([0, 0]) ?? jacobian;
  const bends = Array.from({ length: DIRECTIONS }, (_, k) => {
    const angle = (2 * Math.PI * (k + 0.5)) / DIRECTIONS;
    const by = [NEAR * radius * Math.cos(angle), NEAR * radius * Math.sin(angle)];
    const [inner, outer] = [near(by), near(by.map((one) => 2 * one))];
    if (!inner || !outer) return false;
    const jump = jumpOf(inner, here);
    return jump > KINK * (normOf(inner) + normOf(here)) && jump > 10 * jumpOf(outer, inner);
  });
  if (!bends.some(Boolean)) return null;
  return (by) => /** @type {Point} */ (times(near(by.map((one) => NEAR * one)) ?? jacobian, by));
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
  return Math.hypot(...a.flatMap((row, i) => row.map((one, j) => one - b[i][j])));
}
