/**
 * The derivation: matrices typeset once, whose numbers follow the sliders, and what explains them.
 *
 * @typedef {object} Chain
 * @property {string} head MathML of the left-hand side
 * @property {string} sign what stands before the last link: "=" or "≠"
 * @property {string[]} links MathML of each matrix, without its brackets; the last ones have slots
 * @property {string[]} where MathML of the equations that explain names in them
 * @property {{links: string[], where: string[], copies: Copies} | null} plain the same with constants
 *   as numbers
 * @property {string[]} matrix MathML of the same Jacobian as matrix expressions
 * @property {Copies} copies
 * @property {string} note why there is no chain, where there is none
 *
 * @typedef {Record<string, [string, string]>} Copies the closed form as source, by language: as the
 *   table is laid out, and transposed
 */

import { readMathml } from "./mathml.mjs";
import { Slots } from "./slots.mjs";

const LONG = 6000; // characters of MathML above which a link starts folded

/**
 * @param {Document} document
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
export function make(document, tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  if (text) element.textContent = text;
  return element;
}

/**
 * What is wider than its place can be scrolled by keyboard too.
 * @param {HTMLElement} box
 */
function reachable(box) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  else box.removeAttribute("tabindex");
}

/**
 * Rows become columns in a typeset matrix.
 * @param {Element | Text} math
 */
function turn(math) {
  const table = math instanceof Element ? math.querySelector("mtable") : null;
  if (!table) return;
  const cells = [...table.children].map((row) => [...row.children]);
  const width = Math.max(...cells.map((row) => row.length));
  const rows = Array.from({ length: width }, (_, j) => {
    const row = table.ownerDocument.createElementNS(table.namespaceURI, "mtr");
    for (const line of cells) if (line[j]) row.append(line[j]);
    return row;
  });
  table.replaceChildren(...rows);
}

/**
 * J_f becomes J_f to the T, and back.
 * @param {Element | Text} math
 */
function transpose(math) {
  const letter = math instanceof Element ? math.querySelector("msub, msubsup") : null;
  if (!letter) return;
  const create = (/** @type {string} */ name) => letter.ownerDocument.createElementNS(letter.namespaceURI, name);
  const made = create(letter.localName === "msub" ? "msubsup" : "msub");
  made.append(...[...letter.children].slice(0, 2));
  if (made.localName === "msubsup") {
    const sign = create("mi");
    sign.textContent = "\u{1D5B3}"; // sans-serif T
    made.append(sign);
  }
  letter.replaceWith(made);
}

export class Derivation {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.box = parent;
    this.document = parent.ownerDocument;
    /** @type {unknown[]} */
    this.shown = [];
    /** @type {Slots[]} */
    this.slots = [];
  }

  /**
   * Typeset the chain, unless it stands there already.
   * @param {Chain} chain
   * @param {string[]} links
   * @param {boolean} turned whether rows and columns change places
   */
  typeset(chain, links, turned) {
    const shown = [chain, links, turned];
    if (shown.every((part, k) => part === this.shown[k])) return;
    this.shown = shown;
    this.slots = [];
    if (chain.note) {
      this.box.replaceChildren(make(this.document, "p", "jm-quiet", chain.note));
      return;
    }
    const head = make(this.document, "span", "jm-head");
    const left = readMathml(chain.head, this.document);
    if (turned) transpose(left);
    head.append(left);
    const last = links.length - 1;
    const made = links.map((link, k) => this.link(k === last ? chain.sign : "=", link, turned));
    this.box.replaceChildren(head, ...made);
    this.slots = made.map((link) => new Slots(link)).filter((slots) => slots.found.length);
    requestAnimationFrame(() => reachable(this.box));
  }

  /**
   * @param {string} sign
   * @param {string} source
   * @param {boolean} turned
   */
  link(sign, source, turned) {
    const brackets = make(this.document, "span", "jm-brackets");
    const math = readMathml(source, this.document);
    if (turned) turn(math);
    brackets.append(math);
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

  /**
   * @param {ArrayLike<number>} numbers
   * @param {number} digits
   */
  paint(numbers, digits) {
    for (const slots of this.slots) slots.paint(numbers, digits);
  }
}

/** Equations after a word: "with u = …". */
export class Listed {
  /**
   * @param {HTMLElement} parent
   * @param {string} word
   */
  constructor(parent, word) {
    this.box = parent;
    this.word = word;
    /** @type {string[] | undefined} */
    this.shown = undefined;
  }

  /** @param {string[]} equations */
  paint(equations) {
    if (equations === this.shown) return;
    this.shown = equations;
    const document = this.box.ownerDocument;
    const parts = equations.map((equation) => {
      const part = make(document, "span", "");
      part.append(readMathml(equation, document));
      return part;
    });
    this.box.replaceChildren(...(parts.length ? [document.createTextNode(`${this.word} `), ...parts] : []));
    requestAnimationFrame(() => reachable(this.box));
  }
}
