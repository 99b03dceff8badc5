/**
 * The explorer's view: derivation, table and agreement, redrawn together from the model's traits.
 *
 * @typedef {object} Traits the model's traits, equal to those of `JacobianView` in explorer.py
 * @property {import("./grid.mjs").Spec} spec what never changes: labels, blocks, digits
 * @property {DataView} values float64 numbers, row-major
 * @property {DataView} zeros one byte an entry, 1 where it is zero whatever the point
 * @property {Chain} chain the derivation
 * @property {Status} status what stands below the table
 * @property {string[]} sliders references to the sliders' models
 *
 * @typedef {object} Chain
 * @property {string} head MathML of the left-hand side
 * @property {string[]} signs what stands before each link
 * @property {string[]} links MathML of each matrix, without its brackets
 * @property {string[]} where MathML of the equations that explain names in them
 * @property {string[]} matrix MathML of the same Jacobian as matrix expressions
 *
 * @typedef {object} Status
 * @property {string} point where the Jacobian stands
 * @property {string} verdict "agree", "disagree" or "numbers only"
 * @property {string} agreement one line
 * @property {string[]} warnings
 * @property {string[]} remarks
 * @property {[number, number][]} marked entries that disagree or are not finite
 * @property {string} stale why the last good result still stands; "" if it does not
 * @property {number} serial grows with every answer of the kernel
 */

import { asBytes, asNumbers } from "./format.mjs";
import { Grid } from "./grid.mjs";
import { readMathml } from "./mathml.mjs";

const PATIENCE = 1000; // milliseconds without an answer after which the view says that it waits
const LONG = 6000; // characters of MathML above which a link starts folded

/**
 * @param {Document} document
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
function make(document, tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** The derivation: links that did not change are left alone, so nothing is typeset twice. */
class Derivation {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.box = parent;
    this.document = parent.ownerDocument;
    /** @type {string[]} */
    this.shown = [];
  }

  /** @param {Chain} chain */
  paint(chain) {
    const parts = [chain.head, ...chain.links.map((link, k) => `${chain.signs[k]}${link}`)];
    parts.forEach((part, k) => {
      if (this.shown[k] === part) return;
      const fresh = k ? this.link(chain.signs[k - 1], chain.links[k - 1]) : this.head(chain.head);
      const old = this.box.children[k];
      if (old) old.replaceWith(fresh);
      else this.box.append(fresh);
    });
    while (this.box.children.length > parts.length) this.box.lastElementChild?.remove();
    this.shown = parts;
  }

  /** @param {string} source */
  head(source) {
    const head = make(this.document, "span", "jm-head");
    head.append(readMathml(source, this.document));
    return head;
  }

  /**
   * @param {string} sign
   * @param {string} source
   */
  link(sign, source) {
    const brackets = make(this.document, "span", "jm-brackets");
    brackets.append(readMathml(source, this.document));
    const before = make(this.document, "span", "jm-sign", sign);
    if (source.length < LONG) {
      const link = make(this.document, "span", "jm-link");
      link.append(before, brackets);
      return link;
    }
    const fold = make(this.document, "details", "jm-link jm-fold");
    fold.append(make(this.document, "summary", "", `${sign} matrix`), brackets);
    return fold;
  }
}

/** Equations after a word: "with u = …". */
class Listed {
  /**
   * @param {HTMLElement} parent
   * @param {string} word
   */
  constructor(parent, word) {
    this.box = parent;
    this.word = word;
    this.shown = "";
  }

  /** @param {string[]} equations */
  paint(equations) {
    const source = equations.join("\n");
    if (source === this.shown) return;
    this.shown = source;
    const document = this.box.ownerDocument;
    const parts = equations.map((equation) => {
      const part = make(document, "span", "");
      part.append(readMathml(equation, document));
      return part;
    });
    this.box.replaceChildren(...(parts.length ? [document.createTextNode(`${this.word} `), ...parts] : []));
  }
}

/** What stands below the table. */
class Notes {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.document = parent.ownerDocument;
    this.agreement = make(this.document, "p", "jm-agreement");
    this.list = make(this.document, "ul", "jm-notes");
    parent.append(this.agreement, this.list);
  }

  /** @param {Status} status */
  paint(status) {
    const mark = { agree: "✓", disagree: "⚠", "numbers only": "·" }[status.verdict] ?? "";
    this.agreement.textContent = `${mark} ${status.agreement}`;
    this.agreement.dataset.verdict = status.verdict;
    const warnings = status.warnings.map((text) => make(this.document, "li", "jm-warning", `⚠ ${text}`));
    const remarks = status.remarks.map((text) => make(this.document, "li", "", text));
    this.list.replaceChildren(...warnings, ...remarks);
  }
}

/**
 * Notebook 7 handles command-mode keys before they reach a slider, unless the handle that has the
 * focus carries this attribute; on an ancestor it would be too late.
 * @param {HTMLElement} el
 * @param {AbortSignal | undefined} signal
 */
function freeSliderKeys(el, signal) {
  const tag = (/** @type {Event} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest?.(".widget-slider, .widget-readout")) {
      target.setAttribute("data-lm-suppress-shortcuts", "true");
    }
  };
  setTimeout(() => {
    const box = el.closest(".jm-explorer") ?? el.parentElement;
    box?.addEventListener("focusin", tag);
    signal?.addEventListener("abort", () => box?.removeEventListener("focusin", tag));
  });
}

/**
 * A slider may move while nobody computes: a page without a kernel, a kernel that died or is busy.
 * The numbers must then not pass for those of the new point, so the view says whose they are.
 * @param {any} model
 * @param {(note: string) => void} tell
 * @param {AbortSignal | undefined} signal
 */
async function watchSliders(model, tell, signal) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const moved = (/** @type {any} */ slider) => {
    clearTimeout(timer);
    const { serial, point } = model.get("status");
    if (!slider.comm_live) tell(`No kernel is connected: the numbers are those ${point}.`);
    const waited = () => {
      if (model.get("status").serial !== serial) return;
      tell(`Waiting for the kernel: the numbers are still those ${point}.`);
    };
    if (slider.comm_live) timer = setTimeout(waited, PATIENCE);
  };
  for (const reference of model.get("sliders")) {
    const slider = await model.widget_manager.get_model(reference.replace(/^IPY_MODEL_/, ""));
    const listen = () => moved(slider);
    slider.on("change:value", listen);
    signal?.addEventListener("abort", () => slider.off("change:value", listen));
  }
}

/** @param {{model: any, el: HTMLElement, signal?: AbortSignal}} context */
function render({ model, el, signal }) {
  const document = el.ownerDocument;
  el.classList.add("jm-root");
  const title = make(document, "div", "jm-title");
  const chain = make(document, "div", "jm-chain");
  const explained = make(document, "div", "jm-where");
  const whole = make(document, "div", "jm-where");
  const stale = make(document, "p", "jm-stale-note");
  stale.setAttribute("role", "alert");
  const body = make(document, "div", "jm-body");
  el.append(title, chain, explained, whole, stale, body);
  const spec = model.get("spec");
  const derivation = new Derivation(chain);
  const where = new Listed(explained, "with");
  const inMatrices = new Listed(whole, "in matrix form");
  const grid = new Grid(body, spec);
  const notes = new Notes(body);

  const paint = () => {
    const status = /** @type {Status} */ (model.get("status"));
    const width = spec.columns.length;
    title.textContent = `${spec.title} ${status.point}`;
    derivation.paint(model.get("chain"));
    where.paint(model.get("chain").where);
    inMatrices.paint(model.get("chain").matrix);
    grid.paint({
      values: asNumbers(model.get("values")),
      zero: asBytes(model.get("zeros")),
      marked: new Set(status.marked.map(([i, j]) => i * width + j)),
    });
    notes.paint(status);
    tell(status.stale);
  };
  const tell = (/** @type {string} */ note) => {
    stale.textContent = note;
    el.classList.toggle("jm-stale", Boolean(note));
  };
  const watch = () => watchSliders(model, tell, signal);
  model.on("change", paint);
  model.on("change:sliders", watch);
  signal?.addEventListener("abort", () => {
    model.off("change", paint);
    model.off("change:sliders", watch);
  });
  freeSliderKeys(el, signal);
  paint();
  watch();
}

export default { render };
