/**
 * The look of the table's cells: number, sign, strength, marks, and a glow where a number changed.
 *
 * @typedef {object} Entries row-major
 * @property {Float64Array} values
 * @property {Uint8Array} zero 1 where an entry is zero whatever the point
 * @property {Set<number>} marked indices of entries that disagree or are not finite
 */

import { largestOf, showNumber, strengthOf } from "./format.mjs";

const GLOW_AFTER_MS = 150; // without a change; while a slider moves, nothing is animated

export class CellPainter {
  constructor() {
    /** @type {Map<Element, string>} the look of each cell, so that only changes are drawn */
    this.looks = new Map();
    /** @type {Set<Element>} */
    this.changed = new Set();
    this.largest = 0;
  }

  /**
   * Set the scale of the colours.
   * @param {Float64Array} values
   */
  scale(values) {
    this.largest = largestOf(values);
  }

  /**
   * @param {HTMLElement} cell
   * @param {Entries} entries
   * @param {number} index of the entry
   * @param {number} digits
   * @returns {boolean} whether the cell's number has changed
   */
  paint(cell, entries, index, digits) {
    const value = entries.values[index];
    const none = Boolean(entries.zero[index]) && value === 0;
    const text = none ? "·" : showNumber(value, digits);
    this.setLook(cell, value, none, entries.marked.has(index));
    const node = /** @type {Text} */ (cell.firstChild);
    if (node.data === text) return false;
    node.data = text;
    return true;
  }

  /**
   * @param {HTMLElement} cell
   * @param {number} value
   * @param {boolean} none whether the entry is zero whatever the point
   * @param {boolean} marked
   */
  setLook(cell, value, none, marked) {
    const strength = strengthOf(value, this.largest).toFixed(2);
    const look = `${none} ${value < 0} ${Number.isFinite(value)} ${marked} ${strength}`;
    if (this.looks.get(cell) === look) return;
    this.looks.set(cell, look);
    cell.classList.toggle("jm-none", none);
    cell.classList.toggle("jm-negative", value < 0);
    cell.classList.toggle("jm-odd", !Number.isFinite(value));
    cell.classList.toggle("jm-marked", marked);
    cell.style.setProperty("--jm-strength", strength);
    if (none) cell.setAttribute("aria-label", "zero everywhere");
    else cell.removeAttribute("aria-label");
  }

  /**
   * Let changed cells glow once nothing changes any more.
   * @param {HTMLElement[]} cells
   */
  glow(cells) {
    for (const cell of cells) this.changed.add(cell);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      for (const cell of this.changed) cell.classList.add("jm-glow");
      this.changed.clear();
    }, GLOW_AFTER_MS);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
