/**
 * The layout of the table: the model's rows and columns, or the two exchanged.
 *
 * @typedef {[number, number]} Cell row and column
 *
 * @typedef {object} Labelled what a layout arranges
 * @property {string[]} rows labels
 * @property {string[]} columns labels
 * @property {number[]} row_blocks sizes of the blocks of rows
 * @property {number[]} column_blocks sizes of the blocks of columns
 * @property {boolean} transposed whether the model's rows are inputs
 */

export class Layout {
  /**
   * @param {Labelled} spec
   * @param {boolean} [exchanged] whether the model's rows are shown as columns
   */
  constructor(spec, exchanged = false) {
    this.spec = spec;
    this.exchanged = exchanged;
  }

  /** Whether the table's rows are inputs. */
  get isDenominator() {
    return this.spec.transposed !== this.exchanged;
  }

  /** Labels and blocks of the table. */
  get sides() {
    const { rows, columns, row_blocks, column_blocks } = this.spec;
    return this.exchanged
      ? { rows: columns, columns: rows, row_blocks: column_blocks, column_blocks: row_blocks }
      : { rows, columns, row_blocks, column_blocks };
  }

  /**
   * The table's cell of an entry of the model, and the other way round.
   * @param {Cell} cell
   * @returns {Cell}
   */
  cell([i, j]) {
    return this.exchanged ? [j, i] : [i, j];
  }

  /**
   * Index of an entry among the model's, row-major.
   * @param {Cell} cell of the model
   */
  index([i, j]) {
    return i * this.spec.columns.length + j;
  }

  /**
   * Labels of an entry.
   * @param {Cell} cell of the model
   */
  labels([i, j]) {
    const [row, column] = [this.spec.rows[i], this.spec.columns[j]];
    return this.spec.transposed ? { output: column, input: row } : { output: row, input: column };
  }

  /**
   * Entries in the table's order.
   * @template {Float64Array | Uint8Array} T
   * @param {T} entries in the model's order, row-major
   * @returns {T}
   */
  arrange(entries) {
    if (!this.exchanged) return entries;
    const [m, n] = [this.spec.rows.length, this.spec.columns.length];
    const arranged = /** @type {T} */ (entries.slice());
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) arranged[j * m + i] = entries[i * n + j];
    return arranged;
  }
}
