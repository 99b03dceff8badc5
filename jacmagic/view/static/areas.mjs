/**
 * The arrangement of the view: a rail with the sliders, a stage with the table, and tabs below it.
 *
 * @typedef {"head" | "rail" | "stage"} Area
 */

import { make } from "./element.mjs";

const MAX_COLUMNS_BESIDE_RAIL = 8; // of a table; a wider one gets the whole width
const MAX_STICKY_HANDLES = 4; // on a narrow screen, where more would cover it

export class Areas {
  /**
   * @param {HTMLElement} root
   * @param {{rows: string[], columns: string[]}} spec
   */
  constructor(root, spec) {
    this.root = root;
    /** @type {Record<Area, HTMLElement>} */
    this.boxes = {
      head: make("div", "jm-top"),
      rail: make("div", "jm-rail"),
      stage: make("div", "jm-stage"),
    };
    root.append(make("div", "jm-desk", Object.values(this.boxes)));
    const widest = Math.max(spec.rows.length, spec.columns.length); // the table may be transposed
    root.classList.toggle("jm-beside", widest <= MAX_COLUMNS_BESIDE_RAIL);
  }

  /** @param {number} handles how many sliders are drawn */
  arrange(handles) {
    this.root.classList.toggle("jm-sticky", handles > 0 && handles <= MAX_STICKY_HANDLES);
  }
}
