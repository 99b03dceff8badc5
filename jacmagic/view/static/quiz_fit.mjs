/**
 * What a hypothesis about a mistake is tried against: the typed values at some points.
 *
 * @typedef {object} Mistake
 * @property {string} kind its class, in the words of `jacmagic.compare`
 * @property {string} text one sentence
 */

export const HALF_THE_DIGITS = 2 ** -26; // relative: rounding is far below, another formula far above

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {(candidate: number, k: number) => boolean} Fits
 *
 * @typedef {object} Case
 * @property {Node} answer the wrong line
 * @property {Node} before what it should be equal to; its derivatives stand as such
 * @property {number[][]} points
 * @property {number[]} centre the exercise's point
 * @property {string[]} texts of the variables
 * @property {Node[]} outputs of the function
 * @property {string[]} rows names of the outputs
 * @property {string[][]} entries names of the entries
 * @property {number} row of the entry
 * @property {number} column
 *
 * @typedef {object} Looked
 * @property {Float64Array} typed values of the answer
 * @property {Float64Array} right values of the line before
 * @property {Node} truth the line before, its derivatives carried out
 * @property {Fits} fits whether a value is the typed one
 * @property {() => boolean} isLate whether the time for the search is over
 * @property {(one: Node) => string} name of an expression in a sentence
 *
 * @typedef {Case & Looked} Search
 *
 * @typedef {{of: import("./quiz_analysis.mjs").Analysis, weight: Float64Array}} Part a derivative within a
 *   line, and the line's partial by it
 */

/** @type {(search: Search, candidate: (k: number) => number) => boolean} */
export const fitsEverywhere = ({ points, fits, right, isLate }, candidate) => {
  let differs = false;
  if (isLate()) return false;
  for (let k = 0; k < points.length; k++) {
    const value = candidate(k);
    if (!Number.isFinite(value) || !fits(value, k)) return false;
    differs ||= Math.abs(value - right[k]) > HALF_THE_DIGITS * Math.abs(value);
  }
  return differs;
};
