/**
 * The determinant of a square matrix: its closed form, and its number, which follows the sliders.
 */

import { make, setText } from "./element.mjs";
import { showNumber } from "./format.mjs";
import { readMathml } from "./mathml.mjs";
import { addPart } from "./parts.mjs";

/**
 * The determinant of a square matrix, by elimination with partial pivoting.
 * @param {ArrayLike<number>} values row-major
 * @param {number} size rows and columns
 */
export function determinantOf(values, size) {
  const rows = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => values[i * size + j]),
  );
  let product = 1;
  for (let k = 0; k < size; k++) {
    let best = k;
    for (let i = k + 1; i < size; i++) {
      if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    }
    if (best !== k) {
      [rows[k], rows[best]] = [rows[best], rows[k]];
      product = -product;
    }
    const pivot = rows[k][k];
    product *= pivot;
    if (pivot === 0) return 0;
    for (let i = k + 1; i < size; i++) {
      const factor = rows[i][k] / pivot;
      for (let j = k + 1; j < size; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  return product;
}

/**
 * A determinant as text; 0 where it is smaller than its own rounding, 2n²ε times the rows' norms.
 * @param {ArrayLike<number>} values row-major
 * @param {number} size rows and columns
 * @param {number} digits significant digits
 */
export function showDeterminant(values, size, digits) {
  const found = determinantOf(values, size);
  let bound = 2 * size * size * Number.EPSILON;
  for (let i = 0; i < size; i++) {
    bound *= Math.hypot(...Array.from({ length: size }, (_, j) => values[i * size + j]));
  }
  if (found !== 0 && Math.abs(found) <= bound) return "= 0 to rounding";
  return `= ${showNumber(found, digits)}`;
}

class Determinant {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    this.box.classList.add("jm-where");
    this.name = make(box.ownerDocument, "span", "");
    this.number = make(box.ownerDocument, "span", "jm-determinant-number");
    /** @type {string} */
    this.shown = "";
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint({ chain, spec, values, digits }) {
    const source = chain.determinant ?? "";
    if (source !== this.shown) {
      this.shown = source;
      this.name.replaceChildren(...(source ? [readMathml(source, this.box.ownerDocument)] : []));
      this.box.replaceChildren(...(source ? [this.name, this.number] : []));
    }
    if (source) setText(this.number, showDeterminant(values, spec.rows.length, digits));
  }
}

addPart({
  name: "determinant",
  mount: (box) => new Determinant(box),
  paint: (part, frame) => part.paint(frame),
});
