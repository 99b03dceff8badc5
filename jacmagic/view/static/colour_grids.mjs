/** Grids of coloured squares in SVG: a pattern and its compressed matrices, to one scale. */

import { make, makeSvg } from "./element.mjs";
import { colouringScene } from "./scene_colouring.mjs";

const GRID_UNITS = 300; // of the longest side of all
const MAX_SQUARE = 22; // units
const MIN_NUMBERED = 13; // units of a square that holds a number
const COLOURS = 8; // that recur; the numbers tell them apart

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
  paint({ spec, colouring }) {
    const [m, n] = [spec.outputs.length, spec.labels.length];
    const { grids, words } = colouringScene(/** @type {import("./scene_colouring.mjs").Colouring} */ (colouring), m, n);
    const longest = Math.max(...grids.map(({ cells }) => Math.max(cells.length, cells[0].length)));
    const size = Math.min(GRID_UNITS / longest, MAX_SQUARE);
    this.box.replaceChildren(...grids.map((grid) => this.grid(grid, size)));
    return words;
  }

  /**
   * @param {import("./scene_colouring.mjs").Grid} grid
   * @param {number} size of a square
   */
  grid({ name, cells }, size) {
    const [height, width] = [cells.length * size, cells[0].length * size];
    const svg = makeSvg("svg", { viewBox: `-2 -20 ${width + 4} ${height + 24}`, role: "img", width: Math.max(width + 4, 40), height: height + 24, "aria-label": `${name}: ${cells.length} × ${cells[0].length}` });
    svg.append(gridText(name, 0, -7, "jm-axis", "start"));
    cells.forEach((row, i) =>
      row.forEach((group, j) => {
        if (!group) return;
        const square = { x: j * size, y: i * size, width: size, height: size };
        svg.append(makeSvg("rect", { ...square, class: "jm-group", "data-group": (group - 1) % COLOURS }));
        if (size >= MIN_NUMBERED) svg.append(gridText(String(group), (j + 0.5) * size, (i + 0.5) * size + 4, "jm-number-of", "middle"));
      }),
    );
    svg.append(makeSvg("rect", { x: 0, y: 0, width, height, class: "jm-border" }));
    return svg;
  }
}

/** @type {(text: string, x: number, y: number, className: string, anchor: string) => SVGElement} */
const gridText = (words, x, y, className, anchor) => makeSvg("text", { x, y, class: className, "text-anchor": anchor }, words);
