/**
 * Grids of squares in SVG: of a matrix by sign and size, with bars of its singular values; of a pattern by its products.
 *
 * @typedef {object} Colouring which product gives each entry of a sparse pattern
 * @property {Grid[]} grids the pattern and the compressed matrices
 * @property {string[]} words the same in sentences
 *
 * @typedef {object} Grid
 * @property {string} name
 * @property {number} width columns
 * @property {DataView} cells bytes, row-major: 0 where an entry is zero everywhere, else 1 + the product's number
 */

import { make, makeSvg, makeSvgText } from "./element.mjs";
import { asBytes, showNumber } from "./format.mjs";
import { matrixScene } from "./scene_matrix.mjs";

const GRID_UNITS = 300; // of the longest side of all
const MAX_SQUARE = 22; // units
const MIN_NUMBERED = 13; // units of a square that holds a number
// Colours of Okabe and Ito, which recur; numbers are a second mark.
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8ab00", "#777"];
const SIDE_UNITS = 300; // of the longer side
const MAX_BARS = 40;
const BAR_UNITS = 220; // of the largest singular value

export class Squares {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.box = make("figure", "jm-squares");
    parent.append(this.box);
  }

  /**
   * @param {import("./parts.mjs").Frame} frame
   * @returns {string[]} the same in sentences
   */
  paint({ spec, outward, digits }) {
    const [m, n] = [spec.outputs.length, spec.labels.length];
    const scene = matrixScene(outward, m, n, digits);
    this.box.replaceChildren(this.map(scene.levels, m, n), this.bars(scene.values, digits));
    return scene.words;
  }

  /**
   * @param {number[][]} levels
   * @param {number} m
   * @param {number} n
   */
  map(levels, m, n) {
    const [height, width] = [levels.length, levels[0].length];
    const size = SIDE_UNITS / Math.max(height, width);
    const svg = makeSvg("svg", { viewBox: `0 0 ${width * size} ${height * size}`, role: "img", class: "jm-heat", "aria-label": `heat map of ${m} × ${n} entries` });
    levels.forEach((row, i) =>
      row.forEach((level, j) => {
        if (!level) return;
        const look = Number.isNaN(level) ? "odd" : level > 0 ? "positive" : "negative";
        const square = { x: j * size, y: i * size, width: size, height: size, class: "jm-square", "data-look": look };
        svg.append(makeSvg("rect", { ...square, "fill-opacity": Number.isNaN(level) ? 1 : 0.15 + 0.85 * Math.abs(level) }));
      }),
    );
    return svg;
  }

  /**
   * @param {number[]} values
   * @param {number} digits
   */
  bars(values, digits) {
    const shown = values.slice(0, MAX_BARS);
    const svg = makeSvg("svg", { viewBox: `0 0 330 ${Math.max(shown.length, 1) * 18 + 18}`, role: "img", class: "jm-bars", "aria-label": "singular values" });
    shown.forEach((value, k) => {
      const y = 18 * k + 4;
      const length = values[0] ? Math.max((value / values[0]) * BAR_UNITS, 0.5) : 0.5;
      svg.append(makeSvg("rect", { x: 30, y, width: length, height: 13, class: "jm-square", "data-look": "positive" }));
      svg.append(makeSvgText(`σ${k + 1}`, 0, y + 11, "jm-tick"), makeSvgText(showNumber(value, digits), 36 + length, y + 11, "jm-tick"));
    });
    if (values.length > shown.length) svg.append(makeSvgText(`… ${values.length - shown.length} more`, 30, 18 * shown.length + 14, "jm-tick"));
    return svg;
  }
}

export class ColourGrids {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.box = make("figure", "jm-squares jm-colouring");
    parent.append(this.box);
  }

  /**
   * @param {import("./parts.mjs").Frame} frame
   * @returns {string[]} the same in sentences
   */
  paint({ colouring }) {
    const { grids, words } = /** @type {Colouring} */ (colouring);
    const longest = Math.max(...grids.map(({ width, cells }) => Math.max(width, cells.byteLength / width)));
    const size = Math.min(GRID_UNITS / longest, MAX_SQUARE);
    this.box.replaceChildren(...grids.map((grid) => this.grid(grid, size)));
    return words;
  }

  /**
   * @param {Grid} grid
   * @param {number} size of a square
   */
  grid({ name, width: n, cells }, size) {
    const m = cells.byteLength / n;
    const [height, width] = [m * size, n * size];
    const svg = makeSvg("svg", { viewBox: `-2 -20 ${width + 4} ${height + 24}`, role: "img", width: Math.max(width + 4, 40), height: height + 24, "aria-label": `${name}: ${m} × ${n}` });
    svg.append(makeSvgText(name, 0, -7, "jm-axis", "start"));
    asBytes(cells).forEach((group, k) => {
      if (!group) return;
      const [x, y] = [(k % n) * size, Math.floor(k / n) * size];
      svg.append(makeSvg("rect", { x, y, width: size, height: size, class: "jm-group", fill: COLOURS[(group - 1) % COLOURS.length] }));
      if (size >= MIN_NUMBERED) svg.append(makeSvgText(String(group), x + size / 2, y + size / 2 + 4, "jm-number-of", "middle"));
    });
    svg.append(makeSvg("rect", { x: 0, y: 0, width, height, class: "jm-border" }));
    return svg;
  }
}
