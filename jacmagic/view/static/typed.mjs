/**
 * Components of the point that were typed as expressions of constants: they stay √2 until they move.
 * A short fraction of π, of a root or of 1 is written as one, wherever it comes from.
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

const MAX_UNITS = 12; // above which a multiple of a unit is written as a number
const MAX_COMPONENTS = 100; // of a point in which constants are looked for

/** What a number may be a short fraction of: π, a root, and 1 where the fraction is not a short decimal. */
const UNITS = [
  { size: Math.PI, text: "π", source: "pi", math: "<mi>π</mi>", denominators: [1, 2, 3, 4, 6, 8, 12] },
  ...[2, 3, 5, 6, 7, 10].map((n) => ({
    size: Math.sqrt(n),
    text: `√${n}`,
    source: `sqrt(${n})`,
    math: `<msqrt><mn>${n}</mn></msqrt>`,
    denominators: [1, 2, 3, 4, 6],
  })),
  { size: 1, text: "", source: "", math: "", denominators: [3, 6, 7, 9, 11, 12] },
];

/**
 * A number that is exactly a short fraction of π, of a root or of 1, as an expression: π/6, √2/2, 1/3.
 * @param {number} value
 * @returns {Typed | undefined}
 */
export function constantOf(value) {
  for (const unit of UNITS) {
    for (const below of unit.denominators) {
      const above = Math.round((value * below) / unit.size);
      const isShort = above && Math.abs(above) <= MAX_UNITS * below && isReduced(Math.abs(above), below);
      if (isShort && (above * unit.size) / below === value) return { value, ...fraction(above, below, unit) };
    }
  }
  return undefined;
}

/** @type {(a: number, b: number) => boolean} whether two integers have no common factor */
const isReduced = (a, b) => (b ? isReduced(b, a % b) : a === 1);

/**
 * @param {number} above
 * @param {number} below
 * @param {{text: string, source: string, math: string}} unit
 * @returns {Omit<Typed, "value">}
 */
function fraction(above, below, { text, source, math }) {
  const [sign, minus] = above < 0 ? ["-", "−"] : ["", ""];
  const count = Math.abs(above) > 1 || !text ? String(Math.abs(above)) : "";
  const numerator = `<mrow>${count && `<mn>${count}</mn>`}${math}</mrow>`;
  const line = below > 1 ? `<mfrac>${numerator}<mn>${below}</mn></mfrac>` : numerator;
  const over = below > 1 ? `/${below}` : "";
  return {
    source: `${sign}${count}${count && source && "*"}${source}${over}`,
    text: `${minus}${count}${text}${over}`,
    math: `<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow>${minus && "<mo>−</mo>"}${line}</mrow></math>`,
    level: sign ? SUM : below > 1 ? FRACTION : count ? PRODUCT : ATOM,
  };
}

/**
 * The components of a point that are what was typed, or short fractions of constants.
 * @param {TypedNumbers | undefined} typed
 * @param {ArrayLike<number>} point
 * @returns {TypedNumbers}
 */
export function typedAt(typed, point) {
  const unchanged = Object.entries(typed ?? {}).filter(([k, { value }]) => point[Number(k)] === value);
  const constants = point.length > MAX_COMPONENTS ? [] : Array.from(point, constantOf).entries();
  return Object.fromEntries([...[...constants].filter(([, constant]) => constant), ...unchanged]);
}

/**
 * A component of a point as text.
 * @param {number} value
 * @param {number} digits
 * @param {Typed | undefined} typed
 */
export const showTyped = (value, digits, typed) => typed?.text ?? showNumber(value, digits);
