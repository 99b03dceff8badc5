/**
 * The chain: the Jacobian as sums and products of local Jacobians, each of which opens on a click.
 *
 * @typedef {object} Factors
 * @property {string} [title]
 * @property {[string, (string | number)[]][]} equations MathML of the left side, and pieces of the
 *   right one: the number of a factor, MathML, or a sign or bracket
 * @property {string[]} where MathML of the equations that define variables
 * @property {Factor[]} factors
 * @property {string[]} summary lines of text
 * @property {unknown} tape to the entries that are shown, one factor after the other; null without
 * @property {string} note why there is no chain, where that is known
 *
 * @typedef {object} Factor
 * @property {string} head MathML of ∂v/∂u
 * @property {string} name the same as text
 * @property {[number, number]} shape
 * @property {string[]} rows labels
 * @property {string[]} columns labels
 * @property {([number, number, string, boolean] | null)[][]} cells row, column, MathML and whether it
 *   is a plain number; null in a gap
 * @property {string[]} where MathML of the equations that define symbols in it
 * @property {string} same the name of a factor that has the same form; "" without
 */

import { make, makeButton, makeScrollable, setText } from "./element.mjs";
import { awaited, derivationLine, equationsAfter } from "./chain.mjs";
import { showNumber } from "./format.mjs";
import { readMathml } from "./mathml.mjs";
import { addPart } from "./parts.mjs";
import { readTape } from "./tape.mjs";

/**
 * The numbers of one factor among those of all.
 * @param {Factor[]} factors
 * @param {number} index
 */
export function firstNumber(factors, index) {
  const count = (/** @type {Factor} */ { cells }) => cells.flat().filter(Boolean).length;
  return factors.slice(0, index).reduce((sum, factor) => sum + count(factor), 0);
}

class Chain {
  /**
   * @param {HTMLElement} box
   * @param {import("./parts.mjs").Actions} actions
   */
  constructor(box, actions) {
    this.box = box;
    this.actions = actions;
    this.box.setAttribute("aria-label", "Chain of local Jacobians");
    this.box.addEventListener("keydown", (event) => event.stopPropagation());
    /** @type {Factors | undefined} */
    this.shown = undefined;
    this.index = 0;
    /** @type {[number, number] | null} */
    this.cell = null;
    /** @type {HTMLElement[]} */
    this.numbers = [];
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint(frame) {
    this.frame = frame;
    const { factors } = frame;
    if (factors !== this.shown) this.build(factors);
    const ready = Boolean(factors.equations);
    if (this.offer) this.offer.hidden = !frame.connected || !frame.status.closed;
    this.box.hidden = !ready && !factors.note && !(this.offer && !this.offer.hidden);
    if (ready) this.paintFactor();
  }

  /** @param {Factors} factors */
  build(factors) {
    this.shown = factors;
    this.index = 0;
    this.cell = null;
    this.offer = undefined;
    this.panel = undefined;
    if (!factors.equations) {
      this.offer = makeButton("jm-tool", "Show as a chain of local Jacobians", () => this.actions.send({ kind: "chain" }));
      this.box.replaceChildren(factors.note ? make("p", "jm-quiet", factors.note) : this.offer);
      if (factors.note) this.offer = undefined;
      return;
    }
    const tape = factors.tape ? readTape(factors.tape) : null;
    const shown = factors.factors.length;
    this.tape = tape && tape.outputs === firstNumber(factors.factors, shown) ? tape : null;
    this.buttons = /** @type {Map<number, HTMLElement[]>} */ (new Map());
    const title = make("div", "jm-factors-title", factors.title ?? "");
    const equations = factors.equations.map(([left, pieces]) => this.equation(left, pieces));
    const where = make("div", "jm-where", equationsAfter("with", factors.where));
    this.panel = make("div", "jm-factor");
    const summary = factors.summary.map((line) => make("p", "jm-quiet", line));
    this.box.replaceChildren(title, ...equations, where, this.panel, ...summary);
    this.open(0);
    requestAnimationFrame(() => [...equations, where].forEach(makeScrollable));
  }

  /**
   * @param {string} left
   * @param {(string | number)[]} pieces
   */
  equation(left, pieces) {
    const sign = (/** @type {string} */ text) => make("span", "jm-sign", text);
    const right = pieces.map((piece) => {
      if (typeof piece === "number") return this.factorButton(piece);
      return piece.startsWith("<math") ? readMathml(piece) : sign(piece);
    });
    return make("div", "jm-factors-line", [readMathml(left), sign("="), ...right]);
  }

  /** @param {number} index */
  factorButton(index) {
    const { head, name, shape } = /** @type {Factors} */ (this.shown).factors[index];
    const title = `${name}: ${shape[0]} × ${shape[1]}`;
    const button = makeButton("jm-factor-button", [readMathml(head)], () => this.open(index), { title, "aria-label": title });
    this.buttons?.set(index, [...(this.buttons.get(index) ?? []), button]);
    return button;
  }

  // ── one factor ─────────────────────────────────────────────────────────────────────────────

  /** @param {number} index */
  open(index) {
    this.index = index;
    this.cell = null;
    this.steps = undefined;
    for (const [k, buttons] of this.buttons ?? []) {
      for (const button of buttons) button.setAttribute("aria-pressed", String(k === index));
    }
    const factor = this.shown?.factors[index];
    if (!factor || !this.panel) return;
    const size = `${factor.shape[0]} × ${factor.shape[1]}${factor.same ? `, of the same form as ${factor.same}` : ""}`;
    const head = make("div", "jm-factor-head", [readMathml(factor.head), make("span", "jm-quiet", size)]);
    const frame = make("div", "jm-frame", [this.table(factor)]);
    const where = make("div", "jm-where", equationsAfter("with", factor.where));
    this.lines = make("ol", "jm-steps");
    this.remark = make("p", "jm-quiet", "Click an entry for its derivation.");
    this.panel.replaceChildren(head, frame, where, this.lines, this.remark);
    requestAnimationFrame(() => [frame, where].forEach(makeScrollable));
    if (this.frame) this.paintFactor();
  }

  /** @param {Factor} factor */
  table({ rows, columns, cells }) {
    const head = (/** @type {string} */ label) => make("th", "", label === "…" ? "…" : `∂${label}`);
    this.numbers = [];
    const lines = cells.map((line, i) => {
      const entries = line.map((cell, j) => this.entry(cell, `∂${rows[i]} by ∂${columns[j]}`));
      return make("tr", "", [head(rows[i]), ...entries]);
    });
    return make("table", "jm-factor-grid", [make("tr", "", [make("td", ""), ...columns.map(head)]), ...lines]);
  }

  /**
   * @param {[number, number, string, boolean] | null} cell
   * @param {string} name of the entry, for screen readers
   */
  entry(cell, name) {
    if (!cell) return make("td", "", "…");
    const [i, j, source, isPlain] = cell;
    const number = make("div", "jm-factor-number");
    number.hidden = isPlain;
    this.numbers.push(number);
    const formula = readMathml(source);
    if (isPlain) return make("td", "jm-none", [formula, number]);
    const label = `${name}: ${formula.textContent}`;
    return make("td", "", [makeButton("jm-factor-entry", [formula], () => this.explain(i, j), { "aria-label": label }), number]);
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  explain(row, column) {
    const { frame, index: factor } = this;
    this.cell = [row, column];
    const isKnown = frame?.entries[[factor, row, column].join(",")];
    if (!isKnown && frame?.connected) this.actions.send({ kind: "factor", factor, row, column });
    this.paintFactor();
  }

  /** Draw the numbers and the derivation of the factor that is open. */
  paintFactor() {
    const { frame, shown } = this;
    if (!frame || !shown) return;
    const outputs = this.tape?.evaluate(frame.point);
    const start = firstNumber(shown.factors, this.index);
    this.numbers.forEach((number, k) => {
      setText(number, outputs ? showNumber(outputs[start + k], frame.digits) : "");
    });
    if (this.cell) this.paintSteps(frame.entries[[this.index, ...this.cell].join(",")], frame.connected);
  }

  /**
   * @param {import("./panel.mjs").Entry | undefined} entry
   * @param {boolean} connected
   */
  paintSteps(entry, connected) {
    setText(/** @type {HTMLElement} */ (this.remark), entry ? entry.note : awaited(connected));
    if (entry === this.steps && entry) return;
    this.steps = entry;
    this.lines?.replaceChildren(...(entry?.lines ?? []).map(derivationLine));
  }
}

addPart({
  name: "factors",
  tab: "Chain",
  tag: "section",
  mount: (box, actions) => new Chain(box, actions),
  isEmpty: ({ factors, connected, status }) =>
    !factors.equations && !factors.note && !(connected && status.closed),
});
