/**
 * Numbers as text, by the same rule as `jacmagic/render/text.py`; `tests/numbers.json` holds both to it.
 */

/**
 * A number to some significant digits, as short as it can be.
 * @param {number} value any float
 * @param {number} [digits] significant digits, at least 1
 * @returns {string} "3", "0", "0.3333", "1.25e-9", "nan", "-inf"
 */
export function formatNumber(value, digits = 4) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e6) {
    if (Number.isInteger(value)) return String(value);
    const whole = size < 1 ? 1 : Math.floor(Math.log10(size)) + 1;
    const shown = value.toPrecision(Math.max(digits, whole));
    return withoutTrailingZeros(shown.includes("e") ? Number(shown).toFixed(0) : shown);
  }
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return `${withoutTrailingZeros(mantissa)}e${exponent.replace("+", "")}`;
}

/** @param {string} text */
function withoutTrailingZeros(text) {
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

/**
 * The same with a true minus sign and ∞; an exponent is written as in code.
 * @param {number} value
 * @param {number} [digits]
 */
export function showNumber(value, digits = 4) {
  return formatNumber(value, digits).replace(/^-/, "−").replace("inf", "∞");
}

/**
 * The next 1, 2 or 5 times a power of ten.
 * @param {number} least
 */
export function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * (/** @type {number} */ ([1, 2, 5, 10].find((factor) => factor * power >= least * 0.999)));
}

/**
 * A Bytes trait as float64 numbers; it arrives as a DataView of any alignment.
 * @param {DataView | null | undefined} bytes
 * @returns {Float64Array}
 */
export function asNumbers(bytes) {
  if (!bytes || !bytes.byteLength) return new Float64Array(0);
  const start = bytes.byteOffset;
  return new Float64Array(bytes.buffer.slice(start, start + bytes.byteLength));
}

/**
 * A Bytes trait as bytes.
 * @param {DataView | null | undefined} bytes
 * @returns {Uint8Array}
 */
export function asBytes(bytes) {
  return bytes ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(0);
}

/**
 * The largest finite size among numbers; 0 where there is none.
 * @param {ArrayLike<number>} values
 */
export function largestOf(values) {
  let largest = 0;
  for (let k = 0; k < values.length; k++) {
    const size = Math.abs(values[k]);
    if (size > largest && size < Infinity) largest = size;
  }
  return largest;
}

/**
 * How strongly an entry is coloured, 0 … 1: the square root of its share of the largest size.
 * @param {number} value
 * @param {number} largest
 */
export function strengthOf(value, largest) {
  if (!Number.isFinite(value)) return 1;
  return largest > 0 ? Math.sqrt(Math.abs(value) / largest) : 0;
}
