/**
 * The elements of an ARIA grid, without labels and numbers.
 *
 * @typedef {object} GridSpec
 * @property {string} title of the table
 * @property {string[]} rows labels
 * @property {string[]} columns labels
 * @property {number[]} row_blocks sizes of the blocks of rows
 * @property {number[]} column_blocks sizes of the blocks of columns
 */

import { make } from "./element.mjs";

/**
 * @param {GridSpec} spec
 * @param {import("./layout.mjs").Cell} size rows and columns that are drawn
 */
export function gridElements(spec, [rows, columns]) {
  const head = (/** @type {string} */ scope) => make("th", "", [], { scope });
  // Notebook 7 takes arrow keys before they get here unless the focused element says otherwise.
  const attributes = { role: "gridcell", tabindex: -1, "data-lm-suppress-shortcuts": "true" };
  const columnHeads = Array.from({ length: columns }, () => head("col"));
  const rowHeads = Array.from({ length: rows }, () => head("row"));
  const cells = Array.from({ length: rows * columns }, () => make("td", "", [document.createTextNode("")], attributes));
  const lines = rowHeads.map((one, i) => make("tr", "", [one, ...cells.slice(i * columns, (i + 1) * columns)]));
  const top = make("thead", "", [make("tr", "", [make("td", "jm-corner"), ...columnHeads])]);
  const counts = { "aria-rowcount": spec.rows.length + 1, "aria-colcount": spec.columns.length + 1 };
  const table = make("table", "jm-grid", [top, make("tbody", "", lines)], { role: "grid", "aria-label": spec.title, ...counts });
  return /** @type {const} */ ([table, columnHeads, rowHeads, cells]);
}
