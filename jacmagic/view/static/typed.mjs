/**
 * Components of the point that were typed as expressions of constants: they stay π/6 until they move.
 *
 * @typedef {object} Typed
 * @property {number} value what it comes to
 * @property {string} source the expression as it was typed
 * @property {string} text
 * @property {string} math MathML
 * @property {number} level of `Level` in `jacmagic/render/typed.py`: how tightly it holds together
 *
 * @typedef {Record<number, Typed>} TypedNumbers by the component's index
 */

import { showNumber } from "./format.mjs";

export const SUM = 0; // the level that needs brackets beside any sign
export const ATOM = 4; // the level that needs none anywhere

/**
 * The components of a point that are what was typed.
 * @param {TypedNumbers | undefined} typed
 * @param {ArrayLike<number>} point
 * @returns {TypedNumbers}
 */
export function typedAt(typed, point) {
  return Object.fromEntries(Object.entries(typed ?? {}).filter(([k, { value }]) => point[Number(k)] === value));
}

/**
 * A component of a point as text.
 * @param {number} value
 * @param {number} digits
 * @param {Typed | undefined} typed
 */
export const showTyped = (value, digits, typed) => typed?.text ?? showNumber(value, digits);
