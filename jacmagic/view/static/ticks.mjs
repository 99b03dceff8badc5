/** Ticks of an axis: round numbers, and in its label what they have in common. */

import { roundNumbers } from "./curves.mjs";
import { formatNumber } from "./format.mjs";

const TICKS = 5; // about how many along an axis
const TICK_DIGITS = 6; // of a tick, 12 of what all have in common
const LONGEST_TICK = 1e4; // times the step: what is longer is written as a difference
const POWERS = [-3, 4]; // of ten, between which numbers are written out
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

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
  const text = (/** @type {number} */ value) => formatNumber(value / 10 ** power, TICK_DIGITS).replace("-", "−");
  return { ticks: values.map((value) => [offset + value, text(value)]), label };
}
