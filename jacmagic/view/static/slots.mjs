/**
 * Numbers inside typeset formulas: the formula stays, only the text of its moving numerals changes.
 *
 * A slot arrives as a numeral that no formula contains, made by `latex.slot` in Python.
 */

import { showNumber } from "./format.mjs";

const SLOT = /^90071992(\d{6})$/;

/**
 * Which number a numeral stands for.
 * @param {string | null} text
 * @returns {number} its index; -1 for an ordinary numeral
 */
export function slotIndex(text) {
  const match = SLOT.exec(text ?? "");
  return match ? Number(match[1]) : -1;
}

/**
 * A number inside a formula: a negative one in brackets unless it stands alone, powers of ten in full.
 * @param {number} value
 * @param {number} digits significant digits
 * @param {boolean} alone whether it is a whole side of an equation or a whole entry
 */
export function inFormula(value, digits, alone) {
  const [mantissa, exponent] = showNumber(value, digits).split("e");
  const raised = exponent && [...String(Number(exponent.replace("−", "-")))].map(superscript).join("");
  const times = mantissa === "1" ? "" : mantissa === "−1" ? "−" : `${mantissa} · `;
  const text = exponent ? `${times}10${raised}` : mantissa;
  return !alone && (text.startsWith("−") || exponent) ? `(${text})` : text;
}

/** @param {string} digit */
function superscript(digit) {
  return digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)];
}

/**
 * Whether nothing but equality signs stands beside an element, up to its cell.
 * @param {Element} element
 * @returns {boolean}
 */
function standsAlone(element) {
  const quiet = (/** @type {Element | null} */ beside) => !beside || beside.textContent === "=";
  if (!quiet(element.previousElementSibling) || !quiet(element.nextElementSibling)) return false;
  const above = element.parentElement;
  const whole = !above || ["mtd", "math"].includes(above.localName) || above.localName !== "mrow";
  return whole ? above?.localName === "mtd" || above?.localName === "math" : standsAlone(above);
}

/** The moving numerals of one typeset formula. */
export class Slots {
  /** @param {Element} root */
  constructor(root) {
    /** @type {{node: Text, index: number, alone: boolean}[]} */
    this.numerals = [];
    for (const numeral of root.querySelectorAll("mn")) {
      const index = slotIndex(numeral.textContent);
      if (index < 0) continue;
      const node = /** @type {Text} */ (numeral.firstChild);
      this.numerals.push({ node, index, alone: standsAlone(numeral) });
    }
  }

  /**
   * @param {ArrayLike<number>} numbers
   * @param {number} digits
   */
  paint(numbers, digits) {
    for (const { node, index, alone } of this.numerals) {
      const text = index < numbers.length ? inFormula(numbers[index], digits, alone) : "?";
      if (node.data !== text) node.data = text;
    }
  }
}
