/** The picture of a whole matrix in SVG: squares by sign and size, and bars of the singular values. */

import { make, makeSvg } from "./element.mjs";
import { showNumber } from "./format.mjs";
import { matrixScene } from "./scene_matrix.mjs";

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
      svg.append(this.text(`σ${k + 1}`, 0, y + 11), this.text(showNumber(value, digits), 36 + length, y + 11));
    });
    if (values.length > shown.length) svg.append(this.text(`… ${values.length - shown.length} more`, 30, 18 * shown.length + 14));
    return svg;
  }

  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   */
  text(text, x, y) {
    return makeSvg("text", { x, y, class: "jm-tick" }, text);
  }
}
