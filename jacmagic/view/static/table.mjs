/** The table of entries as a part of the view: a grid, built again when the layout changes. */

import { make } from "./element.mjs";
import { Grid } from "./grid.mjs";
import { addPart } from "./parts.mjs";

class Table {
  /**
   * @param {HTMLElement} box
   * @param {import("./parts.mjs").Actions} actions
   */
  constructor(box, actions) {
    this.box = box;
    this.actions = actions;
    /** @type {import("./layout.mjs").Cell | null} */
    this.selected = null;
    this.hint = make("p", "jm-hint", "Click an entry, or press Enter on it, for its derivation.");
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint(frame) {
    const { layout, values, zeros, status, confirmed, digits } = frame;
    const grid = this.gridFor(frame);
    grid.digits = digits;
    const width = layout.sides.columns.length;
    const marked = (confirmed ? status.marked : []).map((cell) => {
      const [row, column] = layout.cell(cell);
      return row * width + column;
    });
    grid.paint({
      values: layout.arrange(values),
      zero: layout.arrange(zeros),
      marked: new Set(marked),
    });
    this.select(grid, frame.open && layout.cell(frame.open));
    this.hint.hidden ||= Boolean(frame.open) || !values.length; // until it is used
  }

  /**
   * The grid of the frame's layout.
   * @param {import("./parts.mjs").Frame} frame
   */
  gridFor({ spec, layout }) {
    if (this.grid && this.exchanged === layout.exchanged) return this.grid;
    this.grid?.remove();
    this.exchanged = layout.exchanged;
    this.selected = this.selected && [this.selected[1], this.selected[0]];
    this.grid = new Grid(this.box, { title: spec.title, ...layout.sides }, {
      open: (cell) => this.actions.explain(layout.cell(cell)),
      close: () => this.actions.close(),
      announce: (news) => this.actions.announcer.announce("table", news),
    });
    this.grid.select(this.selected);
    this.box.append(this.hint);
    return this.grid;
  }

  /**
   * Mark the entry that is explained; when its derivation closes, the focus returns to it.
   * @param {Grid} grid
   * @param {import("./layout.mjs").Cell | null} cell
   */
  select(grid, cell) {
    if (String(cell) === String(this.selected)) return;
    grid.select(cell);
    if (!cell && this.selected) grid.focus(this.selected);
    this.selected = cell;
  }

  stop() {
    this.grid?.remove();
  }
}

addPart({
  name: "body",
  mount: (box, actions) => new Table(box, actions),
});
