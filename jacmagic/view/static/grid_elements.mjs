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
 * @param {Document} document
 * @param {GridSpec} spec
 * @param {import("./layout.mjs").Cell} size rows and columns that are drawn
 */
export function gridElements(document, spec, [rows, columns]) {
  const table = /** @type {HTMLTableElement} */ (make(document, "table", "jm-grid"));
  table.setAttribute("role", "grid");
  table.setAttribute("aria-label", spec.title);
  table.setAttribute("aria-rowcount", String(spec.rows.length + 1));
  table.setAttribute("aria-colcount", String(spec.columns.length + 1));
  const top = table.createTHead().insertRow();
  top.append(make(document, "td", "jm-corner"));
  const columnHeads = Array.from({ length: columns }, () => headCell(top, "col"));
  const body = table.createTBody();
  const rowHeads = [];
  const cells = [];
  for (let i = 0; i < rows; i++) {
    const row = body.insertRow();
    rowHeads.push(headCell(row, "row"));
    for (let j = 0; j < columns; j++) cells.push(gridCell(row));
  }
  return { table, columnHeads, rowHeads, cells };
}

/**
 * @param {HTMLTableRowElement} row
 * @param {string} scope
 */
function headCell(row, scope) {
  const head = /** @type {HTMLTableCellElement} */ (make(row.ownerDocument, "th", ""));
  head.scope = scope;
  row.append(head);
  return head;
}

/** @param {HTMLTableRowElement} row */
function gridCell(row) {
  const cell = row.insertCell();
  cell.setAttribute("role", "gridcell");
  cell.tabIndex = -1;
  // Notebook 7 takes arrow keys before they get here unless the focused element says otherwise.
  cell.setAttribute("data-lm-suppress-shortcuts", "true");
  cell.append(row.ownerDocument.createTextNode(""));
  return cell;
}
