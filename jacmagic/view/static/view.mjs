/**
 * The explorer's view: derivation, tools, table, entry and agreement, painted from the model.
 *
 * @typedef {object} Traits the model's traits, equal to those of `JacobianView` in explorer/view.py
 * @property {Spec} spec what never changes
 * @property {DataView} values float64 numbers, row-major
 * @property {DataView} zeros one byte an entry, 1 where it is zero whatever the point
 * @property {DataView} numbers float64 numbers of the formula's symbols
 * @property {DataView} at float64 numbers of the sliders that these answer
 * @property {import("./chain.mjs").Chain} chain the derivation
 * @property {Partial<import("./live.mjs").Live>} live the tape, where there is one
 * @property {Record<string, import("./panel.mjs").Entry>} entries derivations by "row,column"
 * @property {import("./notes.mjs").Status} status what stands below the table
 * @property {number[]} places the component that each slider moves
 * @property {string[]} sliders references to the sliders' models
 * @property {number[]} handles components whose sliders are drawn here
 * @property {boolean} chooser whether one of them is drawn at a time
 * @property {boolean} followed whether a kernel, where there is one, still answers
 *
 * @typedef {import("./grid.mjs").Spec & Labels} Spec
 *
 * @typedef {object} Shown what is on screen
 * @property {Float64Array} point
 * @property {Float64Array} values
 * @property {Float64Array} numbers of the formula's symbols
 * @property {boolean} confirmed whether the kernel has answered for this point
 *
 * @typedef {object} Labels
 * @property {string} entry what an entry is called, around "{output}" and "{input}"
 * @property {boolean} transposed whether rows are inputs
 * @property {string[]} labels of a point's components
 * @property {{name: string, shape: number[]}[]} inputs
 * @property {[string, string] | null} command the line that asked, before and behind its point
 * @property {(number | string)[]} start the first point
 */

import { Derivation, Listed, make } from "./chain.mjs";
import { FORMATS, magicLine } from "./copy.mjs";
import { Controls } from "./controls.mjs";
import { asBytes, asNumbers, showNumber } from "./format.mjs";
import { Grid } from "./grid.mjs";
import { Formula, fromJson, History, samePoint, Sliders } from "./live.mjs";
import { Notes } from "./notes.mjs";
import { EntryPanel } from "./panel.mjs";
import { Tools } from "./tools.mjs";

const PATIENCE = 1000; // milliseconds without an answer after which the view says that it waits
const PAUSE = 400; // milliseconds of rest that make a point one to come back to
const MANY = 100; // cells above which painting waits for the next frame

/** One view: what the model says, and what the tape says where the model is behind. */
class Explorer {
  /** @param {{model: any, el: HTMLElement, signal?: AbortSignal}} context */
  constructor({ model, el, signal }) {
    this.model = model;
    this.el = el;
    /** @type {Spec} */
    this.spec = model.get("spec");
    this.digits = this.spec.digits;
    this.turned = false;
    this.plain = false;
    /** @type {[number, number] | null} */
    this.open = null;
    this.sliders = new Sliders(model, signal, () => this.moved());
    this.shown = this.answer();
    this.history = new History(this.shown.point);
    this.build();
    this.read();
    this.paint();
    signal?.addEventListener("abort", () => this.stop());
  }

  build() {
    const document = this.el.ownerDocument;
    const part = (/** @type {string} */ name, tag = "div") => {
      const element = make(document, tag, name);
      this.el.append(element);
      return element;
    };
    this.el.classList.add("jm-root");
    this.controls = new Controls(part("jm-sliders"), Boolean(this.model.get("chooser")));
    this.title = part("jm-title");
    this.derivation = new Derivation(part("jm-chain"));
    this.where = new Listed(part("jm-where"), "with");
    this.inMatrices = new Listed(part("jm-where"), "in matrix form");
    this.stale = part("jm-stale-note", "p");
    this.stale.setAttribute("role", "alert");
    this.tools = new Tools(this.el, this.digits, {
      reset: () => this.reset(),
      undo: (by) => this.undo(by),
      digits: (digits) => this.restyle({ digits }),
      turn: (turned) => this.restyle({ turned }),
      numbers: this.model.get("chain").plain ? (plain) => this.restyle({ plain }) : null,
      formats: () => this.formats(),
      text: (format) => this.text(format),
    });
    this.body = part("jm-body");
    this.newGrid();
    this.panel = new EntryPanel(this.el, () => this.close());
    this.notes = new Notes(part("jm-below"));
    this.el.addEventListener("keydown", (event) => this.key(event));
    // Notebook 7 handles its keys before they get here, unless the element with the focus says so.
    this.el.addEventListener("focusin", ({ target }) => {
      if (target instanceof Element) target.setAttribute("data-lm-suppress-shortcuts", "true");
    });
  }

  /**
   * Ctrl+Z takes moves back; no other key of a handle or a field is the notebook's.
   * @param {KeyboardEvent} event
   */
  key(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      event.stopPropagation();
      this.undo(event.shiftKey ? 1 : -1);
    } else if (event.target instanceof Element && event.target.closest(".jm-sliders")) {
      event.stopPropagation();
    }
  }

  newGrid() {
    this.grid?.remove();
    const { rows, columns, row_blocks, column_blocks } = this.spec;
    const sides = { rows, columns, row_blocks, column_blocks };
    const turned = { rows: columns, columns: rows, row_blocks: column_blocks, column_blocks: row_blocks };
    const spec = { ...this.spec, ...(this.turned ? turned : sides), digits: this.digits };
    this.grid = new Grid(this.body, spec, { open: (cell) => this.explain(cell), close: () => this.close() });
  }

  // ── reading the model ──────────────────────────────────────────────────────────────────────

  /** The kernel's answer: a point and the numbers there. */
  answer() {
    const get = (/** @type {string} */ name) => this.model.get(name);
    return {
      point: asNumbers(get("at")),
      values: asNumbers(get("values")),
      numbers: asNumbers(get("numbers")),
      confirmed: true,
    };
  }

  /** The formula of the branch, when the model has another one. */
  read() {
    const live = this.model.get("live");
    if (live === this.live) return;
    this.live = live;
    const { rows, columns, labels } = this.spec;
    this.formula = new Formula(live, rows.length * columns.length, labels.length);
  }

  /** The model changed: the kernel has answered, or derived an entry. */
  changed() {
    this.read();
    const answer = this.answer();
    const { stale } = this.model.get("status");
    const here = this.sliders.point(answer.point);
    const late = !samePoint(answer.point, here) && !stale;
    if (late && this.follow(here)) return; // the browser is further than this answer
    this.confirm(answer, stale);
    if (late) this.wait(here);
  }

  /**
   * Show the kernel's answer.
   * @param {Shown} answer
   * @param {string} stale why it is not one for where the sliders stand; "" if it is
   */
  confirm(answer, stale) {
    clearTimeout(this.waiting);
    this.shown = answer;
    this.el.classList.remove("jm-ahead");
    this.tell(stale);
    this.paint();
  }

  // ── following the sliders ──────────────────────────────────────────────────────────────────

  /** A slider moved: the tape answers at once, else the kernel when it can. */
  moved() {
    const point = this.sliders.point(this.shown.point);
    if (samePoint(point, this.shown.point) && this.shown.confirmed) return;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.history.visit(point), PAUSE);
    const answer = this.answer();
    // Back where the kernel has answered already: it need not hear of the way there and back.
    if (samePoint(point, answer.point)) this.confirm(answer, "");
    else if (!this.follow(point)) this.wait(point);
  }

  /**
   * @param {Float64Array} point
   * @returns {boolean} whether the tape knows the numbers there
   */
  follow(point) {
    const found = this.formula?.at(point);
    if (!found) return false;
    this.shown = { point, ...found, confirmed: false };
    this.tell("");
    this.paint();
    this.expect();
    return true;
  }

  /** Say that torch has not confirmed what is shown, once that takes a while. */
  expect() {
    clearTimeout(this.waiting);
    this.el.classList.add("jm-ahead");
    if (!this.sliders.connected) {
      this.notes?.ahead("live in the browser; torch is not connected");
      return;
    }
    this.waiting = setTimeout(() => {
      this.notes?.ahead("live in the browser; waiting for torch");
    }, PATIENCE);
  }

  /**
   * Nobody knows the numbers at this point yet; those shown must not pass for them.
   * @param {Float64Array} point
   */
  wait(point) {
    clearTimeout(this.waiting);
    const standing = `the numbers are those ${this.whereabouts(this.shown.point)}`;
    if (!this.sliders.connected) {
      const why = this.formula?.tape ? "Here the function takes another branch, and no" : "No";
      this.tell(`${why} kernel is connected: ${standing}.`);
      return;
    }
    this.waiting = setTimeout(() => {
      if (!samePoint(point, this.shown.point)) this.tell(`Waiting for the kernel: ${standing}.`);
    }, PATIENCE);
  }

  /** @param {string} note */
  tell(note) {
    if (!this.stale || this.stale.textContent === note) return;
    this.stale.textContent = note;
    this.el.classList.toggle("jm-stale", Boolean(note));
  }

  // ── painting ───────────────────────────────────────────────────────────────────────────────

  paint() {
    const { values } = this.shown;
    if (values.length <= MANY) {
      this.draw();
      return;
    }
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const { point, values, numbers, confirmed } = this.shown;
    const status = /** @type {import("./notes.mjs").Status} */ (this.model.get("status"));
    const chain = /** @type {import("./chain.mjs").Chain} */ (this.model.get("chain"));
    const wording = this.plain && chain.plain ? chain.plain : chain;
    const all = Float64Array.from([...numbers, ...(values.length <= 10_000 ? values : [])]);
    this.put(this.title, `${this.spec.title} ${this.whereabouts(point)}`);
    this.derivation?.typeset(chain, wording.links, this.turned);
    this.derivation?.paint(all, this.digits);
    this.where?.paint(wording.where);
    this.inMatrices?.paint(chain.matrix);
    const width = this.spec.columns.length;
    const marked = confirmed ? status.marked : [];
    this.grid?.paint({
      values: this.layout(values, Float64Array),
      zero: this.layout(asBytes(this.model.get("zeros")), Uint8Array),
      marked: new Set(marked.map(([i, j]) => (this.turned ? j * this.spec.rows.length + i : i * width + j))),
    });
    this.drawEntry(all);
    if (confirmed) this.notes?.paint(status);
  }

  /** @param {Float64Array} all numbers for slots */
  drawEntry(all) {
    if (!this.open) return;
    const [i, j] = this.turned ? [this.open[1], this.open[0]] : this.open;
    const entry = this.model.get("entries")[`${i},${j}`];
    const place = i * this.spec.columns.length + j;
    const [f, x] = this.spec.transposed ? [this.spec.columns[j], this.spec.rows[i]] : [this.spec.rows[i], this.spec.columns[j]];
    const name = this.spec.entry.replace("{output}", () => f).replace("{input}", () => x);
    this.panel?.open(name, entry, this.unexplained(place));
    this.panel?.paint(this.shown.values[place], all, this.digits);
  }

  /** @param {number} place */
  unexplained(place) {
    if (asBytes(this.model.get("zeros"))[place]) return "zero everywhere: this output does not depend on this input";
    if (!this.model.get("status").closed) return "there is no closed form to derive";
    return this.sliders.connected ? "deriving …" : "this derivation was not stored in the page";
  }

  /**
   * @template {Float64Array | Uint8Array} T
   * @param {T} values row-major as the model has them
   * @param {new (size: number) => T} Kind
   * @returns {T} as they are shown
   */
  layout(values, Kind) {
    if (!this.turned) return values;
    const [m, n] = [this.spec.rows.length, this.spec.columns.length];
    const made = new Kind(m * n);
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) made[j * m + i] = values[i * n + j];
    return made;
  }

  /** @param {ArrayLike<number>} point */
  whereabouts(point) {
    const { labels, transposed } = this.spec;
    const shown = labels.slice(0, 12).map((label, k) => `${label} = ${showNumber(point[k], this.digits)}`);
    const more = labels.length > 12 ? ", …" : "";
    const turned = transposed !== this.turned ? " · denominator layout: ∂ of the columns by the rows" : "";
    return `at ${shown.join(", ")}${more}${turned}`;
  }

  /**
   * @param {HTMLElement | undefined} element
   * @param {string} text
   */
  put(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  // ── what a person does ─────────────────────────────────────────────────────────────────────

  /** @param {[number, number]} cell of the table as it is shown */
  explain(cell) {
    this.open = cell;
    this.grid?.select(cell);
    const [i, j] = this.turned ? [cell[1], cell[0]] : cell;
    const zero = asBytes(this.model.get("zeros"))[i * this.spec.columns.length + j];
    if (!zero && !this.model.get("entries")[`${i},${j}`] && this.sliders.connected) {
      this.model.send({ kind: "steps", row: i, column: j });
    }
    this.draw();
  }

  close() {
    if (!this.open) return;
    const cell = this.open;
    this.open = null;
    this.panel?.close();
    this.grid?.select(null);
    this.grid?.focus(cell);
  }

  /** @param {Partial<{digits: number, turned: boolean, plain: boolean}>} style */
  restyle(style) {
    const turns = style.turned !== undefined && style.turned !== this.turned;
    Object.assign(this, style);
    if (turns) {
      this.open = this.open && [this.open[1], this.open[0]];
      this.newGrid();
      if (this.open) this.grid?.select(this.open);
    } else if (this.grid) {
      this.grid.spec.digits = this.digits;
    }
    this.draw();
  }

  reset() {
    if (this.sliders.connected) this.model.send({ kind: "reset" });
    this.sliders.move(this.spec.start.map(fromJson));
  }

  /** @param {number} by */
  undo(by) {
    if (by < 0) this.history.visit(this.sliders.point(this.shown.point));
    const point = this.history.go(by);
    if (point) this.sliders.move(point);
  }

  /** What can be copied; a point that no line can name is not. */
  formats() {
    const line = this.spec.command ? ["this point"] : [];
    return [...Object.keys(this.copies()), ...Object.keys(FORMATS), ...line];
  }

  /** The closed form as source, with names or numbers as it is shown. */
  copies() {
    const chain = /** @type {import("./chain.mjs").Chain} */ (this.model.get("chain"));
    return (this.plain && chain.plain ? chain.plain : chain).copies;
  }

  /** @param {string} format */
  text(format) {
    if (format === "this point" && this.spec.command) return magicLine(this.spec.command, this.spec.inputs, this.shown.point);
    const { rows, columns } = this.grid?.spec ?? this.spec;
    const values = this.layout(this.shown.values, Float64Array);
    return FORMATS[format]?.({ rows, columns, values }) ?? this.copies()[format][this.turned ? 1 : 0];
  }

  stop() {
    for (const timer of [this.waiting, this.resting]) clearTimeout(timer);
    if (this.frame) cancelAnimationFrame(this.frame);
    this.grid?.remove();
    this.controls?.clear();
  }

  /** Find the sliders, and follow them where they already stand elsewhere than the numbers do. */
  async listen() {
    await this.sliders.watch();
    const start = this.spec.start.map(fromJson);
    const handles = this.model.get("handles");
    const drawn = this.sliders.known.filter(({ place }) => handles.includes(place));
    this.controls?.fill(drawn.map(({ place, slider }) => ({ model: slider, start: start[place] })));
    this.moved();
  }
}

/** @param {{model: any, el: HTMLElement, signal?: AbortSignal}} context */
function render(context) {
  const { model, signal } = context;
  const explorer = new Explorer(context);
  const changed = () => explorer.changed();
  const listen = () => explorer.listen();
  model.on("change", changed);
  model.on("change:sliders", listen);
  signal?.addEventListener("abort", () => {
    model.off("change", changed);
    model.off("change:sliders", listen);
  });
  listen();
}

export default { render };
