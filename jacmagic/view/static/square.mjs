/**
 * The square around a point with its grid, and the circle in it.
 *
 * @typedef {import("./scene.mjs").Point} Point
 */

import { line, shift } from "./scene.mjs";

const GRID_LINES = 9; // each way
const CIRCLE_PIECES = 72;

/**
 * The square's grid, straight.
 * @param {Point} centre
 * @param {number} radius
 */
export function squareGrid(centre, radius) {
  return gridEnds(radius).map((ends) => line(ends.map((end) => shift(centre, end)), "grid"));
}

/**
 * Both ends of each grid line, from the centre.
 * @param {number} radius
 * @returns {Point[][]}
 */
export function gridEnds(radius) {
  const steps = Array.from({ length: GRID_LINES }, (_, k) => radius * ((2 * k) / (GRID_LINES - 1) - 1));
  return [
    ...steps.map((y) => /** @type {Point[]} */ ([[-radius, y], [radius, y]])),
    ...steps.map((x) => /** @type {Point[]} */ ([[x, -radius], [x, radius]])),
  ];
}

/**
 * An ellipse with two conjugate half diameters.
 * @param {Point} centre
 * @param {Point[]} halves
 */
export function circle(centre, [a, b]) {
  return Array.from({ length: CIRCLE_PIECES + 1 }, (_, k) => {
    const [c, s] = [Math.cos((2 * Math.PI * k) / CIRCLE_PIECES), Math.sin((2 * Math.PI * k) / CIRCLE_PIECES)];
    return shift(centre, [c * a[0] + s * b[0], c * a[1] + s * b[1]]);
  });
}
