/** Units of a picture's inputs and outputs: powers of ten, where their sizes differ widely. */

import { raised } from "./ticks.mjs";

const COMPARABLE = 20; // times the smallest size: up to there all have one scale
const EXTREME = 1e100; // a size, or one over it, beyond which products of three are no numbers

/**
 * Whether one scale would make some of these too small to be seen, or to be computed with.
 * @param {number[]} sizes
 */
export function differ(sizes) {
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
  const known = sizes.every((one) => one > 0 && Number.isFinite(one));
  return known && (high > COMPARABLE * low || high > EXTREME || low < 1 / EXTREME);
}

/** @type {(sizes: number[]) => number[]} the power of ten next to each size */
export const powers = (sizes) => sizes.map((size) => 10 ** Math.floor(Math.log10(2 * size)));

/**
 * How much the outputs change with the inputs.
 * @param {number[][]} jacobian
 * @param {number[]} sizes of the inputs
 */
export function changes(jacobian, sizes) {
  return jacobian.map((row) => row.reduce((sum, one, j) => sum + Math.abs(one) * sizes[j], 0));
}

/** @type {(label: string, unit: number) => string} */
const inUnits = (label, unit) => (unit === 1 ? label : `${label} / 10${raised(Math.round(Math.log10(unit)))}`);

/** @type {(label: string) => string} the name of an axis without its unit */
export const unitless = (label) => label.split(" / ")[0];

/** @type {(numbers: number[], units: number[]) => any} */
export const divided = (numbers, units) => numbers.map((one, k) => one / units[k]);

/** @type {(numbers: number[], units: number[]) => any} */
export const multiplied = (numbers, units) => numbers.map((one, k) => one * units[k]);

/**
 * A map in these units.
 * @template {import("./scene_map.mjs").PlaneMap} T
 * @param {T} map
 * @param {number[]} units of the inputs
 * @param {number[]} ofOutputs
 * @returns {T}
 */
export function scaledMap(map, units, ofOutputs) {
  const matrix = (/** @type {number[][]} */ rows) => rows.map((row, i) => row.map((one, j) => (one * units[j]) / ofOutputs[i]));
  return {
    ...map,
    evaluate: (at) => {
      const found = map.evaluate(multiplied(at, units));
      return found && { value: divided(found.value, ofOutputs), jacobian: matrix(found.jacobian) };
    },
    centre: divided(map.centre, units),
    value: divided(map.value, ofOutputs),
    jacobian: matrix(map.jacobian),
    inputs: /** @type {any} */ (map.inputs.map((one, k) => inUnits(one, units[k]))),
    outputs: /** @type {any} */ (map.outputs.map((one, k) => inUnits(one, ofOutputs[k]))),
  };
}

/**
 * Heights over inputs in these units.
 * @param {import("./scene_levels.mjs").HeightMap} map
 * @param {number[]} units
 * @returns {import("./scene_levels.mjs").HeightMap}
 */
export function scaledHeights(map, units) {
  return {
    ...map,
    evaluate: (at) => {
      const found = map.evaluate(multiplied(at, units));
      return found && { value: found.value, gradient: multiplied(found.gradient, units) };
    },
    centre: divided(map.centre, units),
    gradient: multiplied(map.gradient, units),
    hessian: map.hessian?.map((row, i) => row.map((one, j) => one * units[i] * units[j])),
    inputs: /** @type {any} */ (map.inputs.map((one, k) => inUnits(one, units[k]))),
  };
}
