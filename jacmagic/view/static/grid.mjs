/**
 * The labelled table as an ARIA grid: one cell in the tab order, arrows move between cells.
 *
 * A small table is drawn whole; over a large one moves a window of constant size, so that selection,
 * focus, zoom and themes go on working for any size.
 *
 * @typedef {import("./layout.mjs").Cell} Cell
 *
 * @typedef {object} GridSpec
 * @property {string} title of the table
 * @property {string[]} rows labels
 * @property {string[]} columns labels
 * @property {number[]} row_blocks sizes of the blocks of rows
 * @property {number[]} column_blocks sizes of the blocks of columns
 */

import { CellPainter } from "./cells.mjs";
import { make, makeScrollable } from "./element.mjs";
import { blockStarts, insideTable, moveCell, showing, windowSize } from "./navigation.mjs";

export class Grid {
  /**
   * @param {HTMLElement} parent
   * @param {GridSpec} spec
   * @param {{open: (cell: Cell) => void, close: () => void, announce: (news: string) => void}} actions on
   *   Enter or click, on Escape, and when numbers change
   */
  constructor(parent, spec, actions) {
    this.spec = spec;
    this.actions = actions;
    this.digits = 4;
    this.painter = new CellPainter();
    this.shape = /** @type {Cell} */ ([spec.rows.length, spec.columns.length]);
    this.size = windowSize(this.shape);
    this.windowed = String(this.size) !== String(this.shape);
    this.corner = /** @type {Cell} */ ([0, 0]);
    this.cell = /** @type {Cell} */ ([0, 0]);
    const elements = gridElements(spec, this.size);
    [this.table, this.columnHeads, this.rowHeads, this.cells] = elements;
    this.extent = make("div", "jm-window");
    this.frame = make("div", this.windowed ? "jm-frame jm-windowed" : "jm-frame", [this.table]);
    this.elements = [this.frame, this.extent];
    parent.append(...this.elements);
    this.listenToKeys();
    this.listenToPointer();
    this.label();
    this.setTabStop(this.cell);
  }

  remove() {
    this.painter.stop();
    for (const element of this.elements) element.remove();
  }

  /** Labels, borders and indices of the window. */
  label() {
    const { rows, columns, row_blocks, column_blocks } = this.spec;
    const [top, left] = this.corner;
    const [down, across] = [blockStarts(row_blocks), blockStarts(column_blocks)];
    this.columnHeads.forEach((head, j) => {
      head.textContent = `∂${columns[left + j]}`;
      head.setAttribute("aria-colindex", String(left + j + 2));
      head.classList.toggle("jm-left", across.has(left + j));
    });
    this.rowHeads.forEach((head, i) => {
      head.textContent = `∂${rows[top + i]}`;
      head.parentElement?.setAttribute("aria-rowindex", String(top + i + 2));
      head.parentElement?.classList.toggle("jm-top", down.has(top + i));
    });
    this.cells.forEach((cell, k) => {
      cell.classList.toggle("jm-left", across.has(left + (k % this.size[1])));
      cell.setAttribute("aria-colindex", String(left + (k % this.size[1]) + 2));
    });
    if (!this.windowed) return;
    const [m, n] = this.shape;
    this.extent.textContent =
      `rows ${top + 1}–${top + this.size[0]} of ${m}, ` +
      `columns ${left + 1}–${left + this.size[1]} of ${n} · arrows, Page Up/Down or wheel`;
  }

  // ── events ─────────────────────────────────────────────────────────────────────────────────

  listenToKeys() {
    this.table.addEventListener("keydown", (event) => {
      event.stopPropagation();
      const ctrl = event.ctrlKey || event.metaKey;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.actions.open(this.cell);
      }
      if (event.key === "Escape") this.actions.close();
      const target = moveCell(event.key, ctrl, this.cell, this.shape, this.size[0]);
      if (!target) return;
      event.preventDefault();
      this.focus(target);
    });
    this.table.addEventListener("focusin", (event) => {
      const cell = this.cellOf(event);
      if (cell) this.setTabStop(cell);
      this.highlight(cell);
    });
    this.table.addEventListener("focusout", () => this.highlight(null));
  }

  listenToPointer() {
    this.table.addEventListener("animationend", (event) => {
      /** @type {Element} */ (event.target).classList.remove("jm-glow");
    });
    this.table.addEventListener("click", (event) => {
      const cell = this.cellOf(event);
      if (cell) this.actions.open(cell);
    });
    this.table.addEventListener("pointerover", (event) => this.highlight(this.cellOf(event)));
    this.table.addEventListener("pointerleave", () => this.highlight(null));
    if (!this.windowed) return;
    const scroll = (/** @type {WheelEvent} */ event) => {
      const before = String(this.corner);
      const across = event.deltaX || (event.shiftKey ? event.deltaY : 0);
      const down = event.shiftKey ? 0 : event.deltaY;
      this.scroll([this.corner[0] + 3 * Math.sign(down), this.corner[1] + 2 * Math.sign(across)]);
      if (String(this.corner) !== before) event.preventDefault(); // at the end the page scrolls on
    };
    this.table.addEventListener("wheel", scroll, { passive: false });
  }

  /**
   * @param {Event} event
   * @returns {Cell | null} the cell on which it happened
   */
  cellOf(event) {
    const k = this.cells.indexOf(/** @type {any} */ (event.target));
    return k < 0 ? null : this.cellAt(k);
  }

  /**
   * The table's cell that the window's k-th element shows.
   * @param {number} k
   * @returns {Cell}
   */
  cellAt(k) {
    return [this.corner[0] + Math.floor(k / this.size[1]), this.corner[1] + (k % this.size[1])];
  }

  /**
   * The element that shows a cell, where the window holds it.
   * @param {Cell} cell
   */
  elementAt([i, j]) {
    if (j < this.corner[1] || j >= this.corner[1] + this.size[1]) return undefined;
    return this.cells[(i - this.corner[0]) * this.size[1] + j - this.corner[1]];
  }

  // ── state ──────────────────────────────────────────────────────────────────────────────────

  /**
   * Highlight the row and the column of an entry: the gradient of f_i and the effect of x_j.
   * @param {Cell | null} cell
   */
  highlight(cell) {
    const [row, column] = cell ? [cell[0] - this.corner[0], cell[1] - this.corner[1]] : [-1, -1];
    this.cells.forEach((element, k) => {
      const inside = Math.floor(k / this.size[1]) === row || k % this.size[1] === column;
      element.classList.toggle("jm-cross", inside);
    });
    this.rowHeads.forEach((head, i) => head.classList.toggle("jm-cross", i === row));
    this.columnHeads.forEach((head, j) => head.classList.toggle("jm-cross", j === column));
  }

  /**
   * Mark the entry that is explained.
   * @param {Cell | null} cell
   */
  select(cell) {
    this.selected = cell;
    const chosen = cell && this.elementAt(cell);
    for (const element of this.cells) {
      if (element === chosen) element.setAttribute("aria-selected", "true");
      else element.removeAttribute("aria-selected");
    }
  }

  /** @param {Cell} corner first row and column to show */
  scroll(corner) {
    const inside = insideTable(corner, this.size, this.shape);
    if (String(inside) === String(this.corner)) return;
    this.corner = inside;
    this.label();
    this.select(this.selected ?? null);
    if (this.entries) this.paintCells(this.entries);
  }

  /**
   * Make a cell the one in the tab order.
   * @param {Cell} cell
   */
  setTabStop(cell) {
    this.cell = cell;
    for (const element of this.cells) if (element.tabIndex === 0) element.tabIndex = -1;
    const element = this.elementAt(cell);
    if (element) element.tabIndex = 0;
  }

  /**
   * Move the focus to a cell, scrolling the window if it lies outside.
   * @param {Cell} cell
   */
  focus(cell) {
    this.scroll(showing(cell, this.corner, this.size));
    this.setTabStop(cell);
    this.elementAt(cell)?.focus();
  }

  // ── numbers ────────────────────────────────────────────────────────────────────────────────

  /**
   * Draw entries; only what changed is touched, and changes glow once they end.
   * @param {import("./cells.mjs").Entries} entries
   */
  paint(entries) {
    const isFirst = !this.entries;
    this.entries = entries;
    this.painter.scale(entries.values);
    const changed = this.paintCells(entries);
    if (isFirst) makeScrollable(this.frame);
    if (isFirst || !changed.length) return;
    this.painter.glow(changed);
    const many = changed.length === 1 ? "1 entry" : `${changed.length} entries`;
    this.actions.announce(`${this.spec.title}: ${many} changed`);
  }

  /**
   * @param {import("./cells.mjs").Entries} entries
   * @returns {HTMLElement[]} the cells whose numbers have changed
   */
  paintCells(entries) {
    return this.cells.filter((cell, k) => {
      const [i, j] = this.cellAt(k);
      return this.painter.paint(cell, entries, i * this.shape[1] + j, this.digits);
    });
  }
}

/**
 * The elements of the grid, without labels and numbers.
 * @param {GridSpec} spec
 * @param {Cell} size rows and columns that are drawn
 */
export function gridElements(spec, [rows, columns]) {
  const head = (/** @type {string} */ scope) => make("th", "", [], { scope });
  // Notebook 7 takes arrow keys before they get here unless the focused element says otherwise.
  const attributes = { role: "gridcell", tabindex: -1, "data-lm-suppress-shortcuts": "true" };
  const columnHeads = Array.from({ length: columns }, () => head("col"));
  const rowHeads = Array.from({ length: rows }, () => head("row"));
  const cells = Array.from({ length: rows * columns }, () => make("td", "", [document.createTextNode("")], attributes));
  const lines = rowHeads.map((head, i) => make("tr", "", [head, ...cells.slice(i * columns, (i + 1) * columns)]));
  const top = make("thead", "", [make("tr", "", [make("td", "jm-corner"), ...columnHeads])]);
  const counts = { "aria-rowcount": spec.rows.length + 1, "aria-colcount": spec.columns.length + 1 };
  const table = make("table", "jm-grid", [top, make("tbody", "", lines)], { role: "grid", "aria-label": spec.title, ...counts });
  return /** @type {const} */ ([table, columnHeads, rowHeads, cells]);
}
