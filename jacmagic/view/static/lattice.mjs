/** The lines of an interval, a square or a cube around the point, and their images under f and J. */

import { sampleCurve } from "./curves.mjs";
import { times } from "./linear.mjs";
import { arrow, inputPanel, line, shift } from "./scene.mjs";

export const SQUARE_SHARE = 0.68; // of the window's half width
const LATTICE_LINES = [9, 3]; // each way, of the square and of the cube
const MAX_OVERSHOOT = 2.5; // of the curved image beyond the linear one, in the window

/** @type {(a: number[], b: number[]) => number[]} */
const less = (a, b) => a.map((component, k) => component - b[k]);

/**
 * Both ends of the lines, from the centre; of a cube those of its surface.
 * @param {number} k inputs
 * @param {number} radius
 * @returns {number[][][]}
 */
export function lattice(k, radius) {
  if (k === 1) return [[[-radius], [radius]]];
  const count = LATTICE_LINES[k - 2];
  const steps = Array.from({ length: count }, (_, i) => radius * ((2 * i) / (count - 1) - 1));
  const others = k === 2 ? steps.map((step) => [step]) : steps.flatMap((a) => steps.map((b) => [a, b]));
  const outside = others.filter((rest) => k === 2 || rest.some(Boolean));
  return Array.from({ length: k }, (_, axis) =>
    outside.map((rest) => [-radius, radius].map((end) => [...rest.slice(0, axis), end, ...rest.slice(axis)])),
  ).flat();
}

/**
 * The square before it is mapped, with a vector dx that can be dragged.
 * @param {import("./slice.mjs").Slice} map
 * @param {number} radius
 * @param {import("./scene.mjs").Point} dx
 * @param {{below?: import("./scene.mjs").Shape[], above?: import("./scene.mjs").Shape[]}} [more] below and above the square
 */
export function squarePanel(map, radius, dx, { below = [], above = [] } = {}) {
  const tip = shift(map.centre, dx);
  const square = lattice(2, radius).map((ends) => line(ends.map(([x, y]) => shift(map.centre, [x, y])), "grid"));
  const panel = inputPanel(map, radius / SQUARE_SHARE, [...below, ...square, ...above, arrow(map.centre, tip, "step", "dx")]);
  panel.grips.push({ name: "step", label: "the vector dx", at: tip });
  return panel;
}

/**
 * Where the function goes from its value, by a step from the point; null where it has none.
 * @param {import("./slice.mjs").Slice} map
 * @param {number[]} by
 */
function imageOf({ evaluate, centre, value }, by) {
  const image = evaluate(centre.map((/** @type {number} */ component, /** @type {number} */ k) => component + by[k]))?.value;
  return image ? less(image, value) : null;
}

/**
 * The lines' images under the function, in a window of a size.
 * @param {import("./slice.mjs").Slice} map
 * @param {number} radius
 * @param {(by: number[]) => import("./scene.mjs").Point} seen
 * @param {number} size
 */
export function bentLines(map, radius, seen, size) {
  return lattice(map.centre.length, radius).flatMap(([from, to]) => {
    const curve = (/** @type {number} */ t) => {
      const by = imageOf(map, from.map((component, k) => component + t * (to[k] - component)));
      return by && seen(by);
    };
    return sampleCurve(curve, size).map((points) => line(points, "function"));
  });
}

/**
 * The largest size of the linear image, or a little more of the curved one.
 * @param {import("./slice.mjs").Slice} map
 * @param {number} radius
 * @returns {(measure: (by: number[]) => number) => number}
 */
export function extents(map, radius) {
  const ends = lattice(map.centre.length, radius).flat();
  const images = ends.map((end) => times(map.jacobian, end));
  const bent = ends.map((end) => imageOf(map, end) ?? [NaN]).filter((by) => by.every(Number.isFinite));
  return (measure) => {
    const [linear, curved] = [Math.max(...images.map(measure)), Math.max(...bent.map(measure), 0)];
    const extent = linear ? Math.max(linear, Math.min(curved, MAX_OVERSHOOT * linear)) : curved;
    return Number.isFinite(extent) ? extent : 0;
  };
}

/**
 * Largest distance between f and its linear part at the ends of the lines, in units.
 * @param {import("./slice.mjs").Slice} map
 * @param {number} radius
 * @param {(by: number[]) => number[]} [along] derivative along a vector; J times it by default
 * @param {number[]} [units] of the outputs
 */
export function deviation(map, radius, along = (by) => times(map.jacobian, by), units = map.value.map(() => 1)) {
  const apart = lattice(map.centre.length, radius).flat().map((end) => {
    const by = imageOf(map, end);
    return by ? Math.hypot(...less(by, along(end)).map((component, k) => component / units[k])) : 0;
  });
  return Math.max(0, ...apart.filter(Number.isFinite));
}
