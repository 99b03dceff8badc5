/**
 * Movements over a table: by keys from cell to cell, and of a window over a large table.
 *
 * @typedef {import("./layout.mjs").Cell} Cell
 */

const MAX_CELLS_WITHOUT_WINDOW = 900; // 30 by 30: what is larger does not fit a screen
const WINDOW = /** @type {Cell} */ ([16, 10]); // rows and columns, about a notebook's output

/**
 * Rows and columns of the window over a table; the table's own where it is drawn whole.
 * @param {Cell} shape
 * @returns {Cell}
 */
export function windowSize([rows, columns]) {
  if (rows * columns <= MAX_CELLS_WITHOUT_WINDOW) return [rows, columns];
  return [Math.min(rows, WINDOW[0]), Math.min(columns, WINDOW[1])];
}

/**
 * The first row and column of a window, moved so that it lies inside its table.
 * @param {Cell} corner
 * @param {Cell} size of the window
 * @param {Cell} shape of the table
 * @returns {Cell}
 */
export function insideTable([top, left], [rows, columns], shape) {
  return [
    Math.max(0, Math.min(shape[0] - rows, top)),
    Math.max(0, Math.min(shape[1] - columns, left)),
  ];
}

/**
 * The first row and column of a window, moved as little as needed to show a cell.
 * @param {Cell} cell
 * @param {Cell} corner
 * @param {Cell} size
 * @returns {Cell}
 */
export function showing(cell, corner, size) {
  const along = (/** @type {0 | 1} */ axis) =>
    Math.min(cell[axis], Math.max(corner[axis], cell[axis] - size[axis] + 1));
  return [along(0), along(1)];
}

/**
 * The cell to which a key moves from another.
 * @param {string} key KeyboardEvent.key
 * @param {boolean} ctrl whether Control or Command is held
 * @param {Cell} cell
 * @param {Cell} shape rows and columns
 * @param {number} [page] rows that Page Up and Page Down move by
 * @returns {Cell | null} null for a key that does not move
 */
export function moveCell(key, ctrl, [i, j], [rows, columns], page = 10) {
  /** @type {Record<string, Cell>} */
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
 * Indices at which blocks begin, other than 0.
 * @param {number[]} sizes
 * @returns {Set<number>}
 */
export function blockStarts(sizes) {
  const starts = new Set();
  let index = 0;
  for (const size of sizes.slice(0, -1)) starts.add((index += size));
  return starts;
}
