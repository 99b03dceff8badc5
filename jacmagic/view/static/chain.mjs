/**
 * The derivation: matrices typeset once, whose numbers follow the sliders, and what explains them.
 *
 * @typedef {object} Chain
 * @property {string} head MathML of the left-hand side
 * @property {string} sign before the last link: "=" or "≠"
 * @property {string[]} links MathML of each matrix, without its brackets; the last ones have slots
 * @property {string[]} names what each matrix is, such as "closed form"
 * @property {string[]} where MathML of the equations that explain names in them
 * @property {{links: string[], where: string[], copies: Copies} | null} plain the same with constants
 *   as numbers
 * @property {string[]} matrix MathML of the same Jacobian as matrix expressions
 * @property {string | null} [determinant] MathML of "det J", with its closed form where there is one
 * @property {Copies} copies
 * @property {string} note why there is no chain, where there is none
 *
 * @typedef {Record<string, [string, string]>} Copies the closed form as source, by language: as the
 *   table is laid out, and transposed
 */

import { make, makeScrollable } from "./element.mjs";
import { readMathml } from "./mathml.mjs";
import { addPart } from "./parts.mjs";
import { Slots } from "./slots.mjs";

const MAX_UNFOLDED_CHARACTERS = 6000; // of MathML; a longer matrix starts folded

/**
 * Exchange rows and columns of a typeset matrix.
 * @param {Element | Text} math
 */
function transposeMatrix(math) {
  const table = math instanceof Element ? math.querySelector("mtable") : null;
  if (!table) return;
  const cells = [...table.children].map((row) => [...row.children]);
  const width = Math.max(...cells.map((row) => row.length));
  const rows = Array.from({ length: width }, (_, j) => {
    const row = document.createElementNS(table.namespaceURI, "mtr");
    for (const line of cells) if (line[j]) row.append(line[j]);
    return row;
  });
  table.replaceChildren(...rows);
}

/**
 * Turn the symbol J_f into its transpose, and back.
 * @param {Element | Text} math
 */
function transposeSymbol(math) {
  const letter = math instanceof Element ? math.querySelector("msub, msubsup") : null;
  if (!letter) return;
  const create = (/** @type {string} */ name) => document.createElementNS(letter.namespaceURI, name);
  const transposed = create(letter.localName === "msub" ? "msubsup" : "msub");
  transposed.append(...[...letter.children].slice(0, 2));
  if (transposed.localName === "msubsup") {
    const sign = create("mi");
    sign.textContent = "\u{1D5B3}"; // sans-serif T
    transposed.append(sign);
  }
  letter.replaceWith(transposed);
}

export class Derivation {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.box = parent;
    /** @type {unknown[]} */
    this.shown = [];
    /** @type {Slots[]} */
    this.slots = [];
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint({ chain, plain, exchanged, slots, digits, typed }) {
    this.typeset(chain, ((plain && chain.plain) || chain).links, exchanged);
    for (const formula of this.slots) formula.paint(slots, digits, typed);
  }

  /**
   * Typeset the chain, unless it is on screen already.
   * @param {Chain} chain
   * @param {string[]} links
   * @param {boolean} exchanged whether rows and columns are exchanged
   */
  typeset(chain, links, exchanged) {
    const shown = [chain, links, exchanged];
    if (shown.every((part, k) => part === this.shown[k])) return;
    this.shown = shown;
    this.slots = [];
    if (chain.note) {
      this.box.replaceChildren(make("p", "jm-quiet", chain.note));
      return;
    }
    const head = make("span", "jm-head", [readMathml(chain.head)]);
    if (exchanged) transposeSymbol(/** @type {Element | Text} */ (head.firstChild));
    const last = links.length - 1;
    const elements = links.map((link, k) =>
      this.link(k === last ? chain.sign : "=", link, chain.names[k], exchanged),
    );
    this.box.replaceChildren(head, ...elements);
    this.slots = elements.map((link) => new Slots(link)).filter((slots) => slots.numerals.length);
    requestAnimationFrame(() => makeScrollable(this.box));
  }

  /**
   * @param {string} sign before the matrix
   * @param {string} source its MathML
   * @param {string} name what it is
   * @param {boolean} exchanged
   */
  link(sign, source, name, exchanged) {
    const math = readMathml(source);
    if (exchanged) transposeMatrix(math);
    const brackets = make("span", "jm-brackets", [math]);
    if (source.length < MAX_UNFOLDED_CHARACTERS) return make("span", "jm-link", [make("span", "jm-sign", sign), brackets]);
    return make("details", "jm-link jm-fold", [make("summary", "", `${sign} ${name}`), brackets]);
  }
}

addPart({
  name: "chain",
  tab: "Derivation",
  mount: (box) => new Derivation(box),
});

/** @type {(word: string, equations: string[]) => (string | Node)[]} equations, of MathML, after a word: "with u = …" */
export const equationsAfter = (word, equations) =>
  equations.length ? [`${word} `, ...equations.map((equation) => make("span", "", [readMathml(equation)]))] : [];

/**
 * One line of a derivation, in the panel of an entry and in that of a factor: an equation, and the rule.
 * @param {[number, string, string, string]} line
 */
export function derivationLine([depth, source, rule, formula]) {
  const remark = rule ? [make("span", "jm-rule", formula ? [`${rule}: `, readMathml(formula)] : rule)] : [];
  const item = make("li", "jm-step", [make("span", "jm-equation", [readMathml(source)]), ...remark]);
  item.style.setProperty("--jm-depth", String(depth));
  return item;
}

/** @type {(connected: boolean) => string} what stands for a derivation that is not there */
export const awaited = (connected) => (connected ? "deriving …" : "this derivation was not stored in the page");

/**
 * @param {string} name of the part
 * @param {string} word
 * @param {(frame: import("./parts.mjs").Frame) => string[]} read the equations
 */
function addEquations(name, word, read) {
  /** @param {HTMLElement} box */
  const mount = (box) => {
    box.classList.add("jm-where");
    /** @type {string[] | undefined} */
    let shown;
    const paint = (/** @type {import("./parts.mjs").Frame} */ frame) => {
      const equations = read(frame);
      if (equations === shown) return;
      shown = equations;
      box.replaceChildren(...equationsAfter(word, equations));
      requestAnimationFrame(() => makeScrollable(box));
    };
    return { paint };
  };
  addPart({ name, tab: "Derivation", mount });
}

addEquations("definitions", "with", ({ chain, plain }) => ((plain && chain.plain) || chain).where);
addEquations("matrix-form", "in matrix form", ({ chain }) => chain.matrix);
