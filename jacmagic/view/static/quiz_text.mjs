/** Expressions as text that can be typed again, and as MathML. */

import { NAMESPACE, readMathml } from "./mathml.mjs";
import { FUNCTIONS } from "./quiz_names.mjs";
import { RAISED } from "./quiz_tokens.mjs";

const MAX_TEXT = 60; // letters of an expression within a sentence
const LEVEL = /** @type {Record<string, number>} */ ({ add: 1, sub: 1, neg: 2, mul: 3, div: 3, pow: 5, exp: 5 });
const UNNAMED = new Set(["abs", "sqrt", "derivative"]);
const WORDS = /** @type {Record<string, string>} */ ({
  log: "ln", asin: "arcsin", acos: "arccos", atan: "arctan", asinh: "arsinh", acosh: "arcosh", atanh: "artanh",
  sigmoid: "σ", sign: "sgn",
});
const APPLIED = "\u2061"; // the invisible sign between a function and its argument
const IN_TEXT = /** @type {Record<string, string>} */ ({ "+": " + ", "−": " − ", ",": ", ", [APPLIED]: "" });

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {string[]} Texts of the variables, by their component
 *
 * @typedef {object} Written how names are written
 * @property {Texts} texts
 * @property {Record<string, string>} [mathml] by text
 * @property {Map<Node, string>} [named] texts of whole expressions that are written by a name
 */

/** @param {Node} node */
function level(node) {
  if (node.op === "number") return Number(node.value) < 0 ? 2 : 6;
  return LEVEL[node.op] ?? 6;
}

/** @param {number} value */
export function numeral(value) {
  const isShort = Number.isInteger(value) && Math.abs(value) < 1e15;
  return String(isShort ? value : Number(value.toPrecision(6))).replace(/^-/, "−");
}

/**
 * @param {Node} node
 * @param {Texts} texts
 * @returns {string}
 */
export function textOf(node, texts) {
  return new TextWriter({ texts }).write(node);
}

/**
 * An expression within a sentence, cut where it is long.
 * @param {Node} node
 * @param {Texts} texts
 */
export function shortText(node, texts) {
  const text = textOf(node, texts);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

/**
 * An expression as a MathML element.
 * @param {Node} node
 * @param {Written} names
 */
export function mathOf(node, names) {
  const writer = new MathWriter(names);
  const math = writer.make("math", writer.write(node));
  math.setAttribute("display", "inline");
  return math;
}

/** Writes an expression with the brackets that it needs; a subclass puts its pieces together. */
class Writer {
  /** @param {Written} names */
  constructor({ texts, mathml = {}, named = new Map() }) {
    this.named = named;
    this.texts = texts;
    this.mathml = mathml;
    this.d = texts.length > 1 ? "∂" : "d"; // partial where there are several variables
    /** @type {any} the subclass */
    this.pen = this;
  }

  /**
   * @param {Node} node
   * @param {number} least level that needs no brackets
   */
  at(node, least) {
    const written = this.write(node);
    return level(node) < least && !this.named.has(node) ? this.bracketed(written) : written;
  }

  /** @param {any} inner @param {string} [left] @param {string} [right] */
  bracketed(inner, left = "(", right = ")") {
    return this.pen.row(this.pen.mark(left), inner, this.pen.mark(right));
  }

  /** @param {Node} node @returns {any} */
  write(node) {
    const { pen } = this;
    const [a, b] = node.args;
    if (this.named.has(node)) return pen.name(String(this.named.get(node)));
    switch (node.op) {
      case "number":
        return pen.number(Number(node.value));
      case "constant":
        return pen.name(String(node.name));
      case "variable":
        return pen.name(this.texts[Number(node.index)]);
      case "derivative":
        return pen.row(pen.operator(this.texts[Number(node.by)]), this.bracketed(this.write(a)));
      case "add":
      case "sub":
        return pen.row(this.at(a, 1), pen.sign(node.op === "add" ? "+" : "−"), this.at(b, 3));
      case "neg":
        return pen.row(pen.mark("−"), this.at(a, 3));
      case "mul":
        return pen.row(this.at(a, 3), pen.times(b), this.at(b, 4));
      case "abs":
        return this.bracketed(this.write(a), "|", "|");
      case "div":
      case "pow":
      case "exp":
      case "sqrt":
        return pen[node.op](a, b);
      default:
        return pen.row(pen.word(WORDS[node.op] ?? node.op), pen.sign(APPLIED), this.bracketed(this.listed(node.args)));
    }
  }

  /** @param {Node[]} args apart by commas */
  listed(args) {
    return this.pen.row(...args.flatMap((arg, k) => [...(k ? [this.pen.sign(",")] : []), this.write(arg)]));
  }
}

class TextWriter extends Writer {
  row = (/** @type {string[]} */ ...parts) => parts.join("");
  sign = (/** @type {string} */ text) => IN_TEXT[text];
  mark = (/** @type {string} */ text) => text;
  name = this.mark;
  word = this.mark;
  number = numeral;
  times = () => "·";
  operator = (/** @type {string} */ by) => `${this.d}/${this.d}${by}`;
  div = (/** @type {Node} */ a, /** @type {Node} */ b) => `${this.at(a, 3)}/${this.at(b, 4)}`;
  sqrt = (/** @type {Node} */ a) => (a.args.length ? `√(${this.write(a)})` : `√${this.write(a)}`);
  exp = (/** @type {Node} */ a) => (level(a) > 5 && a.op !== "derivative" ? `e^${this.write(a)}` : `e^(${this.write(a)})`);

  /** @param {Node} a @param {Node} b an integer is written above the line */
  pow(a, b) {
    const isRaised = b.op === "number" && Number.isInteger(b.value) && Number(b.value) >= 0;
    const above = isRaised ? [...String(b.value)].map((digit) => RAISED[Number(digit)]).join("") : `^${this.at(b, 6)}`;
    return this.at(a, 6) + above;
  }
}

class MathWriter extends Writer {
  /**
   * @param {string} tag
   * @param {...(Element | string)} children
   */
  make(tag, ...children) {
    const element = document.createElementNS(NAMESPACE, tag);
    element.append(...children);
    return element;
  }

  row = (/** @type {Element[]} */ ...children) => this.make("mrow", ...children);
  sign = (/** @type {string} */ text) => this.make("mo", text);
  mark = this.sign;
  word = (/** @type {string} */ text) => this.make("mi", text);
  div = (/** @type {Node} */ a, /** @type {Node} */ b) => this.make("mfrac", this.write(a), this.write(b));
  sqrt = (/** @type {Node} */ a) => this.make("msqrt", this.write(a));
  exp = (/** @type {Node} */ a) => this.make("msup", this.word("e"), this.write(a));
  operator = (/** @type {string} */ by) => this.make("mfrac", this.word(this.d), this.row(this.word(this.d), this.name(by)));

  /** @param {string} text of a name, which is written as in the function */
  name(text) {
    let element = this.mathml[text] ? readMathml(this.mathml[text]) : this.word(text);
    while (/^(math|mrow)$/.test(element.nodeName) && element.childNodes.length === 1) element = /** @type {Element} */ (element.firstChild);
    return /** @type {Element} */ (element);
  }

  /** @param {Node} node @param {number} least a fraction needs no brackets */
  at(node, least) {
    return node.op === "div" ? this.write(node) : super.at(node, least);
  }

  /** @param {Node} b the second factor: a number after a point, a function after a space */
  times(b) {
    if (b.op === "number") return this.sign("·");
    const space = this.make("mspace");
    if (b.args.length && !(b.op in LEVEL) && !UNNAMED.has(b.op)) space.setAttribute("width", "0.17em");
    return space;
  }

  /** @param {Node} base @param {Node} exponent */
  pow(base, exponent) {
    const written = this.write(base);
    const isPlain = level(base) === 6 && (!base.args.length || base.op === "abs" || FUNCTIONS.has(base.op));
    if (!isPlain && !this.named.has(base)) return this.make("msup", this.bracketed(written), this.write(exponent));
    if (written.localName === "msub") return this.make("msubsup", ...written.children, this.write(exponent));
    return this.make("msup", written, this.write(exponent));
  }

  /** @param {number} value */
  number(value) {
    const text = this.make("mn", numeral(Math.abs(value)));
    return value < 0 ? this.row(this.sign("−"), text) : text;
  }
}
