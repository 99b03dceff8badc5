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

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {string[]} Texts of the variables, by their component
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
  const at = (/** @type {Node} */ arg, /** @type {number} */ least) =>
    level(arg) < least ? `(${textOf(arg, texts)})` : textOf(arg, texts);
  const [a, b] = node.args;
  switch (node.op) {
    case "number":
      return numeral(Number(node.value));
    case "constant":
      return String(node.name);
    case "variable":
      return texts[Number(node.index)];
    case "derivative":
      return `${sign(texts)}/${sign(texts)}${texts[Number(node.by)]}(${textOf(a, texts)})`;
    case "add":
      return `${at(a, 1)} + ${at(b, 3)}`;
    case "sub":
      return `${at(a, 1)} − ${at(b, 3)}`;
    case "neg":
      return `−${at(a, 3)}`;
    case "mul":
      return `${at(a, 3)}·${at(b, 4)}`;
    case "div":
      return `${at(a, 3)}/${at(b, 4)}`;
    case "pow":
      return isRaised(b) ? `${at(a, 6)}${raised(Number(b.value))}` : `${at(a, 6)}^${at(b, 6)}`;
    case "exp":
      return level(a) > 5 && a.op !== "derivative" ? `e^${at(a, 6)}` : `e^(${textOf(a, texts)})`;
    case "sqrt":
      return a.args.length ? `√(${textOf(a, texts)})` : `√${textOf(a, texts)}`;
    case "abs":
      return `|${textOf(a, texts)}|`;
    default:
      return `${WORDS[node.op] ?? node.op}(${node.args.map((arg) => textOf(arg, texts)).join(", ")})`;
  }
}

/** @type {(texts: Texts) => string} of a derivative: partial where there are several variables */
const sign = (texts) => (texts.length > 1 ? "∂" : "d");

/** @type {(one: Node) => boolean} */
const isRaised = (node) => node.op === "number" && Number.isInteger(node.value) && Number(node.value) >= 0;

/** @param {number} value */
function raised(value) {
  return [...String(value)].map((digit) => RAISED[Number(digit)]).join("");
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

// ── MathML ──────────────────────────────────────────────────────────────────────────────────────

/**
 * @typedef {object} Written how names are written
 * @property {Texts} texts
 * @property {Record<string, string>} mathml by text
 * @property {Map<Node, string>} [named] texts of whole expressions that are written by a name
 */

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

class MathWriter {
  /**
   * @param {Written} names
   */
  constructor({ texts, mathml, named = new Map() }) {
    this.named = named;
    this.texts = texts;
    this.mathml = mathml;
  }

  /**
   * @param {string} tag
   * @param {...(Element | string)} children
   */
  make(tag, ...children) {
    const element = document.createElementNS(NAMESPACE, tag);
    element.append(...children);
    return element;
  }

  /** @param {string} text */
  sign(text) {
    return this.make("mo", text);
  }

  /** @param {...(Element | string)} children */
  row(...children) {
    return this.make("mrow", ...children);
  }

  /** @param {Element} inner */
  bracketed(inner, left = "(", right = ")") {
    return this.row(this.sign(left), inner, this.sign(right));
  }

  /** @param {string} text of a name, which is written as in the function */
  name(text) {
    let element = this.mathml[text] ? readMathml(this.mathml[text]) : this.make("mi", text);
    while (/^(math|mrow)$/.test(element.nodeName) && element.childNodes.length === 1) element = /** @type {Element} */ (element.firstChild);
    return /** @type {Element} */ (element);
  }

  /**
   * @param {Node} node
   * @param {number} least level that needs no brackets
   */
  at(node, least) {
    const written = this.write(node);
    return level(node) < least && node.op !== "div" && !this.named.has(node) ? this.bracketed(written) : written;
  }

  /** @param {Node} node @returns {Element} */
  write(node) {
    const [a, b] = node.args;
    if (this.named.has(node)) return this.name(String(this.named.get(node)));
    switch (node.op) {
      case "number":
        return this.numeral(Number(node.value));
      case "constant":
        return this.name(String(node.name));
      case "variable":
        return this.name(this.texts[Number(node.index)]);
      case "derivative":
        return this.derivative(node);
      case "add":
        return this.row(this.at(a, 1), this.sign("+"), this.at(b, 2));
      case "sub":
        return this.row(this.at(a, 1), this.sign("−"), this.at(b, 3));
      case "neg":
        return this.row(this.sign("−"), this.at(a, 3));
      case "mul":
        return this.row(this.at(a, 3), this.between(b), this.at(b, 4));
      case "div":
        return this.make("mfrac", this.write(a), this.write(b));
      case "pow":
        return this.power(a, b);
      case "exp":
        return this.make("msup", this.make("mi", "e"), this.write(a));
      case "sqrt":
        return this.make("msqrt", this.write(a));
      case "abs":
        return this.bracketed(this.write(a), "|", "|");
      default:
        return this.called(node);
    }
  }

  /** @param {Node} b the second factor: a number after a point, a function after a space */
  between(b) {
    if (b.op === "number") return this.sign("·");
    const space = this.make("mspace");
    if (b.args.length && !(b.op in LEVEL) && !UNNAMED.has(b.op)) space.setAttribute("width", "0.17em");
    return space;
  }

  /** @param {Node} base @param {Node} exponent */
  power(base, exponent) {
    const written = this.write(base);
    const isPlain = level(base) === 6 && (!base.args.length || base.op === "abs" || FUNCTIONS.has(base.op));
    if (!isPlain && !this.named.has(base)) return this.make("msup", this.bracketed(written), this.write(exponent));
    if (written.localName === "msub") return this.make("msubsup", ...written.children, this.write(exponent));
    return this.make("msup", written, this.write(exponent));
  }

  /** @param {number} value */
  numeral(value) {
    const text = this.make("mn", numeral(Math.abs(value)));
    return value < 0 ? this.row(this.sign("−"), text) : text;
  }

  /** @param {Node} node */
  derivative(node) {
    const d = sign(this.texts);
    const below = this.row(this.make("mi", d), this.name(this.texts[Number(node.by)]));
    const operator = this.make("mfrac", this.make("mi", d), below);
    return this.row(operator, this.bracketed(this.write(node.args[0])));
  }

  /** @param {Node} node */
  called(node) {
    const args = node.args.flatMap((arg, k) => (k ? [this.sign(","), this.write(arg)] : [this.write(arg)]));
    return this.row(this.make("mi", WORDS[node.op] ?? node.op), this.sign("\u2061"), this.bracketed(this.row(...args)));
  }
}
