/** Ticks of an axis, and units of a picture's inputs and outputs: powers of ten, where their sizes differ widely. */

import { roundNumbers } from "./curves.mjs";
import { formatNumber, showNumber } from "./format.mjs";

const TICKS = 5; // about how many along an axis
const TICK_DIGITS = 6; // of a tick, 12 of what all have in common
const LONGEST_TICK = 1e4; // times the step: what is longer is written as a difference
const POWERS = [-3, 4]; // of ten, between which numbers are written out
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const COMPARABLE = 20; // times the smallest size: up to there all have one scale
const EXTREME = 1e100; // a size, or one over it, beyond which products of three are not numbers

/**
 * Whether one scale would make some of these too small to be seen, or to be computed with.
 * @param {number[]} sizes
 */
export function differ(sizes) {
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
  const usable = sizes.every((size) => size > 0 && Number.isFinite(size));
  return usable && (high > COMPARABLE * low || high > EXTREME || low < 1 / EXTREME);
}

/** @type {(sizes: number[]) => number[]} the power of ten next to each size */
export const powers = (sizes) => sizes.map((size) => 10 ** Math.floor(Math.log10(2 * size)));

/**
 * How much the outputs change with the inputs.
 * @param {number[][]} jacobian
 * @param {number[]} sizes of the inputs
 */
export function changes(jacobian, sizes) {
  return jacobian.map((row) => row.reduce((sum, entry, j) => sum + Math.abs(entry) * sizes[j], 0));
}

/** @type {(label: string, unit: number) => string} */
const inUnits = (label, unit) => (unit === 1 ? label : `${label} / 10${raised(Math.round(Math.log10(unit)))}`);

/** @type {(label: string) => string} the name of an axis without its unit */
export const unitless = (label) => label.split(" / ")[0];

/** @type {(numbers: number[], units: number[]) => any} */
export const divided = (numbers, units) => numbers.map((component, k) => component / units[k]);

/** @type {(numbers: number[], units: number[]) => any} */
export const multiplied = (numbers, units) => numbers.map((component, k) => component * units[k]);

/**
 * A slice in these units.
 * @param {import("./slice.mjs").Slice} map
 * @param {number[]} units of the inputs
 * @param {number[]} ofOutputs
 * @returns {import("./slice.mjs").Slice}
 */
export function scaledMap(map, units, ofOutputs) {
  const matrix = (/** @type {number[][]} */ rows) => rows.map((row, i) => row.map((entry, j) => (entry * units[j]) / ofOutputs[i]));
  return {
    ...map,
    evaluate: (at) => {
      const jet = map.evaluate(multiplied(at, units));
      return jet && { value: divided(jet.value, ofOutputs), jacobian: matrix(jet.jacobian) };
    },
    centre: divided(map.centre, units),
    texts: map.texts?.map((text, k) => (units[k] === 1 ? text : undefined)),
    value: divided(map.value, ofOutputs),
    jacobian: matrix(map.jacobian),
    hessian: map.hessian?.map((row, i) => row.map((entry, j) => entry * units[i] * units[j])),
    inputs: map.inputs.map((/** @type {string} */ name, /** @type {number} */ k) => inUnits(name, units[k])),
    outputs: map.outputs.map((/** @type {string} */ name, /** @type {number} */ k) => inUnits(name, ofOutputs[k])),
  };
}

/** @param {number} power as an exponent */
export function raised(power) {
  return [...String(power)].map((digit) => (digit === "-" ? "⁻" : RAISED[Number(digit)])).join("");
}

/**
 * Numbers and their texts, and a label such as "x", "x − 2" or "x / 10⁶".
 * @param {[number, number]} ends of the axis
 * @param {string} label of what it shows
 * @returns {{ticks: [number, string][], label: string}}
 */
export function ticksOf([low, high], label) {
  let values = roundNumbers(low, high, TICKS);
  let offset = 0;
  const size = () => Math.max(...values.map(Math.abs), 0);
  if (values.length > 1 && size() > LONGEST_TICK * (values[1] - values[0])) {
    offset = values[values.length >> 1];
    values = roundNumbers(low - offset, high - offset, TICKS);
    label += ` ${offset < 0 ? "+" : "−"} ${formatNumber(Math.abs(offset), 2 * TICK_DIGITS)}`;
  }
  let power = size() ? Math.floor(Math.log10(size())) : 0;
  if (power >= POWERS[0] && power <= POWERS[1]) power = 0;
  else {
    label = `${offset ? `(${label})` : label} / 10${raised(power)}`;
  }
  return { ticks: values.map((value) => [offset + value, showNumber(value / 10 ** power, TICK_DIGITS)]), label };
}
