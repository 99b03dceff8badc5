/**
 * The determinant of a square matrix: its closed form, and its number, which follows the sliders.
 */

import { make, makeScrollable, setText } from "./element.mjs";
import { showNumber } from "./format.mjs";
import { determinant, rowsOf, volume } from "./linear.mjs";
import { readMathml } from "./mathml.mjs";
import { addPart } from "./parts.mjs";

/**
 * A determinant as text.
 * @param {ArrayLike<number>} values row-major
 * @param {number} size rows and columns
 * @param {number} digits significant digits
 */
export function showDeterminant(values, size, digits) {
  const rows = rowsOf(values, size);
  const number = volume(rows);
  return number === 0 && determinant(rows) !== 0 ? "= 0 to rounding" : `= ${showNumber(number, digits)}`;
}

class Determinant {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    this.box.classList.add("jm-where");
    this.name = make("span", "");
    this.number = make("span", "jm-determinant-number");
    /** @type {string} */
    this.shown = "";
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint({ chain, spec, values, digits }) {
    const source = chain.determinant ?? "";
    if (source !== this.shown) {
      this.shown = source;
      this.name.replaceChildren(...(source ? [readMathml(source)] : []));
      this.box.replaceChildren(...(source ? [this.name, this.number] : []));
      requestAnimationFrame(() => makeScrollable(this.box));
    }
    if (source) setText(this.number, showDeterminant(values, spec.rows.length, digits));
  }
}

addPart({
  name: "determinant",
  mount: (box) => new Determinant(box),
});
