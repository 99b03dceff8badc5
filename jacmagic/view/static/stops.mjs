/** The stops of a slider's handle, and the numbers that its field accepts. */

import { formatNumber, roundStep } from "./format.mjs";
import { constantOf } from "./typed.mjs";

export const FIELD_DIGITS = 6; // significant digits of a number that was not typed
const EXTRA_DIGITS = 4; // of a stop beyond those of a step: 3.1, not 3.1000000000000005
const USUAL_STOPS = 200; // of a handle whose step is too fine for one: about one for each pixel
const MAX_STOPS = 2000; // above which a step is too fine: ten for each pixel

/** @type {(low: number, high: number) => number} a round step, of which about 200 make up a range; the width itself may overflow */
export const stepOf = (low, high) => roundStep(high / USUAL_STOPS - low / USUAL_STOPS);

/**
 * The stops of a handle, in increasing order: the steps from `min`, or the multiples of a round
 * step where `step` is too fine; both ends of the range; and the start.
 * @param {{min: number, max: number, step: number}} range
 * @param {number} start
 * @returns {number[]}
 */
export function stopsOf({ min, max, step }, start) {
  if (!(min < max) || !Number.isFinite(max) || !Number.isFinite(min)) return [start];
  const coarse = step >= (max / MAX_STOPS - min / MAX_STOPS) * 0.999;
  const width = coarse ? step : stepOf(min, max);
  const [first, origin] = coarse ? [0, min] : [Math.ceil(min / width), 0];
  const digits = Math.log10(Math.max(Math.abs(min), Math.abs(max)) / width) + EXTRA_DIGITS;
  const exact = [min, ...(start > min && start < max ? [start] : []), max];
  const stops = [...exact];
  for (let k = first; k <= first + 2 * MAX_STOPS; k++) {
    const stop = Number(((origin / width + k) * width).toPrecision(Math.min(Math.ceil(digits), 17)));
    if (stop > max) break;
    const near = (/** @type {number} */ other) => Math.abs(other - stop) < 1e-6 * width;
    if (!exact.some(near)) stops.push(near(0) ? 0 : stop);
  }
  return stops.sort((a, b) => a - b);
}

/**
 * Index of the stop next to a number.
 * @param {number[]} stops
 * @param {number} value
 */
export function nearestStop(stops, value) {
  let nearest = 0;
  stops.forEach((stop, k) => {
    if (Math.abs(stop - value) < Math.abs(stops[nearest] - value)) nearest = k;
  });
  return nearest;
}

/** @type {Map<string, number>} */
const CONSTANTS = new Map(Object.entries({ pi: Math.PI, π: Math.PI, tau: 2 * Math.PI, τ: 2 * Math.PI, e: Math.E }));

/**
 * The number that a text means: a number, a root of one, a constant, or a product or quotient of these,
 * as in "3*pi/4", "3π/4" or "√2/2"; with a minus of either kind; NaN where it means none.
 * @param {string} text
 */
export function typedNumber(text) {
  const spelled = text.replace(/−/g, "-").replace(/([\d.])\s*(?=π|pi|τ|tau|√|e($|[*/·]))/g, "$1*");
  const [first, ...rest] = spelled.split(/([*/·])/);
  let number = factor(first);
  for (let k = 0; k < rest.length; k += 2) {
    number = rest[k] === "/" ? number / factor(rest[k + 1]) : number * factor(rest[k + 1]);
  }
  return Number.isFinite(number) ? number : NaN;
}

/** @param {string} text */
function factor(text) {
  const [, sign, name] = /^(-?)([^-\s].*)$/.exec(text.trim()) ?? ["", "", "NaN"];
  const [, root] = /^(?:√|sqrt)\(?([\d.]+)\)?$/.exec(name) ?? [];
  const number = root ? Math.sqrt(Number(root)) : (CONSTANTS.get(name) ?? Number(name));
  return sign ? -number : number;
}

/**
 * @param {number} value
 * @param {import("./typed.mjs").Typed} [typed] what was typed for its component
 * @returns {string} in a field: "0.5", "1e-12", "π/6" for exactly that, "" for what is not a number
 */
export function fieldText(value, typed) {
  if (!Number.isFinite(value)) return "";
  const isTyped = typed?.value === value && typedNumber(typed.text) === value;
  const { text } = (isTyped ? typed : constantOf(value)) ?? {};
  return text?.replace(/−/g, "-") ?? formatNumber(value, FIELD_DIGITS); // as it can be typed
}
