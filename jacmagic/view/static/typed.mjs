/**
 * Components of the point that were typed as expressions of constants: they stay √2 until they move.
 * A multiple of π is written as one, wherever it comes from.
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

const PRODUCT = 1;
const FRACTION = 2;

const DENOMINATORS = [1, 2, 3, 4, 6, 8, 12]; // of the fractions of π that are recognised
const MAX_HALF_TURNS = 12; // above which a multiple of π is written as a number
const MAX_COMPONENTS = 100; // of a point in which multiples of π are looked for

/**
 * A number that is exactly a multiple of π, as an expression.
 * @param {number} value
 * @returns {Typed | undefined}
 */
export function multipleOfPi(value) {
  const isOne = (/** @type {number} */ below) => {
    const above = Math.round((value * below) / Math.PI);
    return above && Math.abs(above) <= MAX_HALF_TURNS * below && (above * Math.PI) / below === value;
  };
  const below = DENOMINATORS.find(isOne);
  if (!below) return undefined;
  const above = Math.abs(Math.round((value * below) / Math.PI));
  const [sign, minus] = value < 0 ? ["-", "<mo>−</mo>"] : ["", ""];
  const numerator = `<mrow>${above > 1 ? `<mn>${above}</mn>` : ""}<mi>π</mi></mrow>`;
  const line = below > 1 ? `<mfrac>${numerator}<mn>${below}</mn></mfrac>` : numerator;
  return {
    value,
    source: `${sign}${above > 1 ? `${above}*` : ""}pi${below > 1 ? `/${below}` : ""}`,
    text: `${sign}${above > 1 ? above : ""}π${below > 1 ? `/${below}` : ""}`,
    math: `<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow>${minus}${line}</mrow></math>`,
    level: sign ? SUM : below > 1 ? FRACTION : above > 1 ? PRODUCT : ATOM,
  };
}

/**
 * The components of a point that are what was typed, or multiples of π.
 * @param {TypedNumbers | undefined} typed
 * @param {ArrayLike<number>} point
 * @returns {TypedNumbers}
 */
export function typedAt(typed, point) {
  const kept = Object.entries(typed ?? {}).filter(([k, { value }]) => point[Number(k)] === value);
  const turns = point.length > MAX_COMPONENTS ? [] : Array.from(point, multipleOfPi).entries();
  return Object.fromEntries([...[...turns].filter(([, one]) => one), ...kept]);
}

/**
 * A component of a point as text.
 * @param {number} value
 * @param {number} digits
 * @param {Typed | undefined} typed
 */
export const showTyped = (value, digits, typed) => typed?.text ?? showNumber(value, digits);
