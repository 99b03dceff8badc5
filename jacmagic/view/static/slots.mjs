/**
 * Numbers inside typeset formulas: the formula stays, only the text of its moving numerals changes.
 *
 * A slot arrives as a numeral that no formula contains, made by `latex.slot` in Python.
 */

import { showNumber } from "./format.mjs";
import { NAMESPACE, readMathml } from "./mathml.mjs";
import { ATOM, SUM } from "./typed.mjs";

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
 * A number inside a formula, powers of ten in full: a negative one and a product in brackets unless it
 * stands alone, a power of ten below a power.
 * @param {number} value
 * @param {number} digits significant digits
 * @param {boolean} alone whether it is a whole side of an equation or a whole entry
 * @param {boolean} [isBase] whether it is below a power
 * @returns {[element: "mn" | "mo" | "msup", ...text: string[]][]} elements of MathML
 */
export function inFormula(value, digits, alone, isBase = false) {
  const [mantissa, exponent] = showNumber(value, digits).split("e");
  const isUnit = mantissa === "1" && !isBase;
  const bracketed = !alone && (mantissa.startsWith("−") || (exponent && !isUnit));
  const whole = /** @type {ReturnType<typeof inFormula>} */ ([["mn", mantissa]]);
  if (exponent) {
    if (mantissa === "1" || mantissa === "−1") whole.pop();
    else whole.push(["mo", "⋅"]);
    if (mantissa === "−1") whole.push(["mo", "−"]);
    whole.push(["msup", "10", exponent.replace("-", "−")]);
  }
  return bracketed ? [["mo", "("], ...whole, ["mo", ")"]] : whole;
}

/**
 * An element of MathML; brackets and signs stand close to what they belong to.
 * @param {string} name
 * @param {(string | Node)[]} parts
 */
function math(name, parts) {
  const element = document.createElementNS(NAMESPACE, name);
  element.append(...parts);
  if (name === "mo" && parts[0] !== "⋅") {
    for (const side of ["lspace", "rspace"]) element.setAttribute(side, "0");
    element.setAttribute("stretchy", "false");
  }
  return element;
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

/**
 * Whether a row is below a power.
 * @param {Element} row
 */
function isBase(row) {
  return row.parentElement?.localName === "msup" && row === row.parentElement.firstElementChild;
}

/**
 * A typed expression inside a formula: in brackets below a power, and a sum or negative one unless it
 * stands alone.
 * @param {Element} row that holds it
 * @param {import("./typed.mjs").Typed} typed
 * @param {boolean} alone
 */
function expression(row, { math: source, level }, alone) {
  const parts = [...readMathml(source).childNodes];
  if (level === ATOM || (level === SUM ? alone : !isBase(row))) return parts;
  const brackets = ["(", ")"].map((sign) => math("mo", [sign]));
  if (source.includes("<mfrac")) for (const bracket of brackets) bracket.setAttribute("stretchy", "true");
  return [brackets[0], ...parts, brackets[1]];
}

/**
 * Replace what a row holds; brackets that fitted a plain line follow the height of a fraction.
 * @param {Element} row
 * @param {Node[]} parts
 */
function put(row, parts) {
  row.replaceChildren(...parts);
  for (let outer = row.parentElement; outer; outer = outer.parentElement) {
    for (const fence of outer.querySelectorAll(":scope > mo[fence][stretchy]")) {
      fence.setAttribute("stretchy", String(outer.querySelector("mfrac") !== null));
    }
  }
}

/**
 * The minus before a numeral, where both are a whole cell: nothing is written as "− 0".
 * @param {Element} numeral
 */
function minusBefore(numeral) {
  const [row, sign] = [numeral.parentElement, numeral.previousElementSibling];
  const isWhole = sign?.textContent === "−" && !sign.previousElementSibling && !numeral.nextElementSibling;
  return isWhole && row && (row.localName === "mtd" || standsAlone(row)) ? sign : null;
}

/** The moving numerals of one typeset formula. */
export class Slots {
  /** @param {Element} root */
  constructor(root) {
    /** @type {{row: Element, minus: Element | null, shown: string, index: number, alone: boolean}[]} */
    this.numerals = [];
    for (const numeral of root.querySelectorAll("mn")) {
      const index = slotIndex(numeral.textContent);
      if (index < 0) continue;
      const row = math("mrow", []);
      this.numerals.push({ row, minus: minusBefore(numeral), shown: "", index, alone: standsAlone(numeral) });
      numeral.replaceWith(row);
    }
  }

  /**
   * @param {ArrayLike<number>} numbers
   * @param {number} digits
   * @param {import("./typed.mjs").TypedNumbers} [typed] numbers that are shown as they were typed
   */
  paint(numbers, digits, typed = {}) {
    for (const numeral of this.numerals) {
      const { row, minus, index, alone } = numeral;
      minus?.toggleAttribute("hidden", numbers[index] === 0);
      if (typed[index]) {
        if (numeral.shown !== typed[index].text) put(row, expression(row, typed[index], alone));
        numeral.shown = typed[index].text;
        continue;
      }
      const parts = /** @type {ReturnType<typeof inFormula>} */ (
        index < numbers.length ? inFormula(numbers[index], digits, alone, isBase(row)) : [["mn", "?"]]
      );
      const text = parts.flat().join("");
      if (numeral.shown === text) continue;
      numeral.shown = text;
      put(row, parts.map(([name, ...texts]) => math(name, name === "msup" ? texts.map((text) => math("mn", [text])) : texts)));
    }
  }
}
