/**
 * The picture of a whole matrix: a heat map of its entries, and its singular values.
 *
 * @typedef {object} Squares
 * @property {number[][]} levels −1 to 1 by sign and size; nan for what is not finite
 * @property {number[]} values singular values, in decreasing order; none of a large matrix
 * @property {string[]} words the same in sentences
 */

import { showNumber } from "./format.mjs";
import { rowsOf, singularValues } from "./linear.mjs";

const MAX_SQUARES = 96; // along a side; more entries share a square, which shows the largest
const MAX_SVD = 40_000; // entries: some tens of milliseconds

/**
 * @param {ArrayLike<number>} values row-major
 * @param {number} m
 * @param {number} n
 * @param {number} digits
 * @returns {Squares}
 */
export function matrixScene(values, m, n, digits) {
  const largest = Math.max(...Array.from(values, (entry) => (Number.isFinite(entry) ? Math.abs(entry) : 0)), 0);
  const [height, width] = [Math.min(m, MAX_SQUARES), Math.min(n, MAX_SQUARES)];
  const levels = Array.from({ length: height }, () => new Array(width).fill(0));
  for (let k = 0; k < values.length; k++) {
    const [i, j] = [Math.floor((Math.floor(k / n) * height) / m), Math.floor(((k % n) * width) / n)];
    const level = Number.isFinite(values[k]) ? values[k] / (largest || 1) : NaN;
    if (!(Math.abs(level) <= Math.abs(levels[i][j]))) levels[i][j] = level;
  }
  const singular = m && n && m * n <= MAX_SVD ? singularValues(rowsOf(values, n)) : [];
  return { levels, values: singular, words: matrixWords(singular, m, n, digits) };
}

/**
 * @param {number[]} singular
 * @param {number} m
 * @param {number} n
 * @param {number} digits
 */
function matrixWords(singular, m, n, digits) {
  if (!singular.length) return [`A heat map of ${m} × ${n} entries.`];
  const rank = singular.filter(Boolean).length;
  const last = singular[singular.length - 1];
  const condition = last ? `, condition number ${showNumber(singular[0] / last, digits)}` : "";
  return [
    `A heat map of ${m} × ${n} entries. The singular values go from ${showNumber(singular[0], digits)} ` +
      `to ${showNumber(last, digits)}: rank ${rank}${condition}.`,
  ];
}
