/**
 * The labelled table as an ARIA grid: one cell in the tab order, arrows move between cells.
 *
 * Up to WINDOW_ABOVE cells the whole table is drawn; above, a window of constant size moves over it,
 * so that selection, focus, zoom and themes go on working for any size.
 */

import { largestOf, showNumber, strengthOf } from "./format.mjs";

export const WINDOW_ABOVE = 900;
const WINDOW_ROWS = 16;
const WINDOW_COLUMNS = 10;
const REST = 150; // milliseconds without a change after which what changed glows

/**
 * Where a key leads from a cell.
 * @param {string} key KeyboardEvent.key
 * @param {boolean} ctrl whether Control or Command is held
 * @param {[number, number]} cell row and column
 * @param {[number, number]} shape rows and columns
 * @param {number} [page] rows that Page Up and Page Down move by
 * @returns {[number, number] | null} null for a key that does not move
 */
export function moveCell(key, ctrl, [i, j], [rows, columns], page = 10) {
  /** @type {Record<string, [number, number]>} */
  const targets = {
    ArrowUp: [i - 1, j],
    ArrowDown: [i + 1, j],
    ArrowLeft: [i, j - 1],
    ArrowRight: [i, j + 1],
    Home: [ctrl ? 0 : i, 0],
    End: [ctrl ? rows - 1 : i, columns - 1],
    PageUp: [i - page, j],
    PageDown: [i + page, j],
  };
  const target = targets[key];
  if (!target) return null;
  return [Math.max(0, Math.min(rows - 1, target[0])), Math.max(0, Math.min(columns - 1, target[1]))];
}

/**
 * Where blocks begin, other than at 0.
 * @param {number[]} sizes
 * @returns {Set<number>}
 */
export function blockStarts(sizes) {
  const starts = new Set();
  let place = 0;
  for (const size of sizes.slice(0, -1)) starts.add((place += size));
  return starts;
}

/**
 * @typedef {object} Spec
 * @property {string} title what the table is called
 * @property {string[]} rows labels
 * @property {string[]} columns labels
 * @property {number[]} row_blocks sizes of the blocks of rows
 * @property {number[]} column_blocks sizes of the blocks of columns
 * @property {number} digits significant digits
 */

export class Grid {
  /**
   * @param {HTMLElement} parent
   * @param {Spec} spec
   * @param {{open?: (cell: [number, number]) => void, close?: () => void}} [reader] told of the entry
   *   that a person asks about
   */
  constructor(parent, spec, reader = {}) {
    this.spec = spec;
    this.reader = reader;
    /** @type {Map<Element, string>} how each cell looks, so that only changes are drawn */
    this.looks = new Map();
    /** @type {Set<Element>} */
    this.changed = new Set();
    this.shape = /** @type {[number, number]} */ ([spec.rows.length, spec.columns.length]);
    const windowed = this.shape[0] * this.shape[1] > WINDOW_ABOVE;
    this.size = windowed
      ? [Math.min(this.shape[0], WINDOW_ROWS), Math.min(this.shape[1], WINDOW_COLUMNS)]
      : this.shape;
    this.corner = [0, 0];
    this.cell = /** @type {[number, number]} */ ([0, 0]);
    this.document = parent.ownerDocument;
    this.table = this.build();
    this.where = this.make("div", "jm-window");
    this.live = this.make("div", "jm-hidden");
    this.live.setAttribute("role", "status");
    this.live.setAttribute("aria-live", "polite");
    const frame = this.make("div", windowed ? "jm-frame jm-windowed" : "jm-frame");
    frame.append(this.table);
    this.elements = [frame, this.where, this.live];
    parent.append(...this.elements);
    this.listen(windowed);
    this.label();
    this.mark(this.cell);
  }

  remove() {
    for (const timer of [this.timer, this.rest]) clearTimeout(timer);
    for (const element of this.elements) element.remove();
  }

  /**
   * @param {string} tag
   * @param {string} [className]
   */
  make(tag, className = "") {
    const element = this.document.createElement(tag);
    element.className = className;
    return element;
  }

  build() {
    const table = /** @type {HTMLTableElement} */ (this.make("table", "jm-grid"));
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", this.spec.title);
    table.setAttribute("aria-rowcount", String(this.shape[0] + 1));
    table.setAttribute("aria-colcount", String(this.shape[1] + 1));
    const top = table.createTHead().insertRow();
    top.append(this.make("td", "jm-corner"));
    this.columnHeads = Array.from({ length: this.size[1] }, () => this.head(top, "col"));
    const body = table.createTBody();
    /** @type {HTMLElement[]} */
    this.rowHeads = [];
    /** @type {HTMLTableCellElement[]} */
    this.cells = [];
    for (let i = 0; i < this.size[0]; i++) {
      const line = body.insertRow();
      this.rowHeads.push(this.head(line, "row"));
      for (let j = 0; j < this.size[1]; j++) this.cells.push(this.entry(line));
    }
    return table;
  }

  /**
   * @param {HTMLElement} line
   * @param {string} scope
   */
  head(line, scope) {
    const head = /** @type {HTMLTableCellElement} */ (this.make("th"));
    head.scope = scope;
    line.append(head);
    return head;
  }

  /** @param {HTMLTableRowElement} line */
  entry(line) {
    const cell = line.insertCell();
    cell.setAttribute("role", "gridcell");
    cell.tabIndex = -1;
    // Notebook 7 takes arrow keys before they get here unless the focused element says otherwise.
    cell.setAttribute("data-lm-suppress-shortcuts", "true");
    cell.append(this.document.createTextNode(""));
    return cell;
  }

  /** @param {boolean} windowed */
  listen(windowed) {
    this.table.addEventListener("keydown", (event) => {
      event.stopPropagation();
      const ctrl = event.ctrlKey || event.metaKey;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.reader.open?.(this.cell);
      }
      if (event.key === "Escape") this.reader.close?.();
      const target = moveCell(event.key, ctrl, this.cell, this.shape, this.size[0]);
      if (!target) return;
      event.preventDefault();
      this.focus(target);
    });
    this.table.addEventListener("focusin", (event) => {
      const cell = this.cellOf(event);
      if (cell) this.mark(cell);
      this.highlight(cell);
    });
    this.table.addEventListener("animationend", (event) => {
      /** @type {Element} */ (event.target).classList.remove("jm-glow");
    });
    this.table.addEventListener("focusout", () => this.highlight(null));
    this.table.addEventListener("click", (event) => {
      const cell = this.cellOf(event);
      if (cell) this.reader.open?.(cell);
    });
    this.table.addEventListener("pointerover", (event) => this.highlight(this.cellOf(event)));
    this.table.addEventListener("pointerleave", () => this.highlight(null));
    if (!windowed) return;
    const turn = (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      const across = event.deltaX || (event.shiftKey ? event.deltaY : 0);
      const down = event.shiftKey ? 0 : event.deltaY;
      this.scroll(this.corner[0] + 3 * Math.sign(down), this.corner[1] + 2 * Math.sign(across));
    };
    this.table.addEventListener("wheel", turn, { passive: false });
  }

  /**
   * @param {Event} event
   * @returns {[number, number] | null} the entry on whose cell it happened
   */
  cellOf(event) {
    const found = this.cells.indexOf(/** @type {any} */ (event.target));
    if (found < 0) return null;
    const [i, j] = [Math.floor(found / this.size[1]), found % this.size[1]];
    return [this.corner[0] + i, this.corner[1] + j];
  }

  /**
   * Row and column of an entry: the gradient of f_i and the effect of x_j.
   * @param {[number, number] | null} cell
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
   * Show which entry is being explained.
   * @param {[number, number] | null} cell
   */
  select(cell) {
    this.selected = cell;
    const chosen = cell && this.at(cell);
    for (const element of this.cells) {
      if (element === chosen) element.setAttribute("aria-selected", "true");
      else element.removeAttribute("aria-selected");
    }
  }

  /** Labels, borders and places of the window as it stands. */
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
    if (this.size !== this.shape) {
      const [m, n] = this.shape;
      this.where.textContent =
        `rows ${top + 1}–${top + this.size[0]} of ${m}, ` +
        `columns ${left + 1}–${left + this.size[1]} of ${n} · arrows, Page Up/Down or wheel`;
    }
  }

  /**
   * @param {number} top
   * @param {number} left
   */
  scroll(top, left) {
    const inside = [
      Math.max(0, Math.min(this.shape[0] - this.size[0], top)),
      Math.max(0, Math.min(this.shape[1] - this.size[1], left)),
    ];
    if (inside[0] === this.corner[0] && inside[1] === this.corner[1]) return;
    this.corner = inside;
    this.label();
    this.select(this.selected ?? null);
    if (this.state) this.paint(this.state, false);
  }

  /**
   * Put the tab stop on a cell.
   * @param {[number, number]} cell
   */
  mark(cell) {
    this.cell = cell;
    for (const element of this.cells) if (element.tabIndex === 0) element.tabIndex = -1;
    const element = this.at(cell);
    if (element) element.tabIndex = 0;
  }

  /** @param {[number, number]} cell */
  at([i, j]) {
    if (j < this.corner[1] || j >= this.corner[1] + this.size[1]) return undefined;
    return this.cells[(i - this.corner[0]) * this.size[1] + j - this.corner[1]];
  }

  /**
   * Move the focus to a cell, scrolling the window if it lies outside.
   * @param {[number, number]} cell
   */
  focus(cell) {
    const [top, left] = this.corner.map((start, axis) => {
      if (cell[axis] < start) return cell[axis];
      return Math.max(start, cell[axis] - this.size[axis] + 1);
    });
    this.scroll(top, left);
    this.mark(cell);
    this.at(cell)?.focus();
  }

  /**
   * Draw values; only what changed is touched.
   * @param {{values: Float64Array, zero: Uint8Array, marked: Set<number>}} state
   *   values, structural zeros and marked entries, row-major
   * @param {boolean} [changed] whether the values are new, rather than the window moved
   */
  paint(state, changed = true) {
    this.state = state;
    if (changed) this.largest = largestOf(state.values);
    let count = 0;
    for (let k = 0; k < this.cells.length; k++) {
      const i = this.corner[0] + Math.floor(k / this.size[1]);
      const j = this.corner[1] + (k % this.size[1]);
      count += this.draw(this.cells[k], state, i * this.shape[1] + j, changed) ? 1 : 0;
    }
    if (changed && this.painted && count) this.announce(count);
    this.painted = true;
  }

  /**
   * @param {HTMLElement} cell
   * @param {{values: Float64Array, zero: Uint8Array, marked: Set<number>}} state
   * @param {number} place
   * @param {boolean} glow
   * @returns {boolean} whether its number is another one
   */
  draw(cell, state, place, glow) {
    const value = state.values[place];
    const strength = strengthOf(value, this.largest ?? 0).toFixed(2);
    const none = Boolean(state.zero[place]) && value === 0;
    const text = none ? "·" : showNumber(value, this.spec.digits);
    const marked = state.marked.has(place);
    const look = `${none} ${value < 0} ${Number.isFinite(value)} ${marked} ${strength}`;
    const node = /** @type {Text} */ (cell.firstChild);
    const fresh = node.data !== text;
    if (fresh) node.data = text;
    if (fresh && glow && this.painted) this.glow(cell);
    if (this.looks.get(cell) === look) return fresh;
    this.looks.set(cell, look);
    cell.classList.toggle("jm-none", none);
    cell.classList.toggle("jm-negative", value < 0);
    cell.classList.toggle("jm-odd", !Number.isFinite(value));
    cell.classList.toggle("jm-marked", marked);
    cell.style.setProperty("--jm-strength", strength);
    if (none) cell.setAttribute("aria-label", "zero everywhere");
    else cell.removeAttribute("aria-label");
    return fresh;
  }

  /**
   * Let a changed entry glow once the hand rests; while it moves, nothing is animated.
   * @param {HTMLElement} cell
   */
  glow(cell) {
    this.changed.add(cell);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      for (const one of this.changed) one.classList.add("jm-glow");
      this.changed.clear();
    }, REST);
  }

  /** @param {number} count */
  announce(count) {
    clearTimeout(this.timer);
    const entries = count === 1 ? "1 entry" : `${count} entries`;
    this.timer = setTimeout(() => {
      this.live.textContent = `${this.spec.title}: ${entries} changed`;
    }, 800);
  }
}
