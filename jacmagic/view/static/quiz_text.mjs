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

/** @param {Node} one */
function level(one) {
  if (one.op === "number") return Number(one.value) < 0 ? 2 : 6;
  return LEVEL[one.op] ?? 6;
}

/** @param {number} value */
export function numeral(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value).replace("-", "−");
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

/**
 * @param {Node} one
 * @param {Texts} texts
 * @returns {string}
 */
export function textOf(one, texts) {
  const at = (/** @type {Node} */ arg, /** @type {number} */ least) =>
    level(arg) < least ? `(${textOf(arg, texts)})` : textOf(arg, texts);
  const [a, b] = one.args;
  switch (one.op) {
    case "number":
      return numeral(Number(one.value));
    case "constant":
      return String(one.name);
    case "variable":
      return texts[Number(one.index)];
    case "derivative":
      return `${sign(texts)}/${sign(texts)}${texts[Number(one.by)]}(${textOf(a, texts)})`;
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
      return `${WORDS[one.op] ?? one.op}(${one.args.map((arg) => textOf(arg, texts)).join(", ")})`;
  }
}

/** @type {(texts: Texts) => string} of a derivative: partial where there are several variables */
const sign = (texts) => (texts.length > 1 ? "∂" : "d");

/** @type {(one: Node) => boolean} */
const isRaised = (one) => one.op === "number" && Number.isInteger(one.value) && Number(one.value) >= 0;

/** @param {number} value */
function raised(value) {
  return [...String(value)].map((digit) => RAISED[Number(digit)]).join("");
}

/**
 * An expression within a sentence, cut where it is long.
 * @param {Node} one
 * @param {Texts} texts
 */
export function shortText(one, texts) {
  const text = textOf(one, texts);
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
 * @param {Node} one
 * @param {Written} names
 */
export function mathOf(one, names) {
  const writer = new MathWriter(names);
  const math = writer.make("math", writer.write(one));
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
    let found = this.mathml[text] ? readMathml(this.mathml[text]) : this.make("mi", text);
    while (/^(math|mrow)$/.test(found.nodeName) && found.childNodes.length === 1) found = /** @type {Element} */ (found.firstChild);
    return /** @type {Element} */ (found);
  }

  /**
   * @param {Node} one
   * @param {number} least level that needs no brackets
   */
  at(one, least) {
    const written = this.write(one);
    return level(one) < least && one.op !== "div" && !this.named.has(one) ? this.bracketed(written) : written;
  }

  /** @param {Node} one @returns {Element} */
  write(one) {
    const [a, b] = one.args;
    if (this.named.has(one)) return this.name(String(this.named.get(one)));
    switch (one.op) {
      case "number":
        return this.numeral(Number(one.value));
      case "constant":
        return this.name(String(one.name));
      case "variable":
        return this.name(this.texts[Number(one.index)]);
      case "derivative":
        return this.derivative(one);
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
        return this.called(one);
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

  /** @param {Node} one */
  derivative(one) {
    const d = sign(this.texts);
    const below = this.row(this.make("mi", d), this.name(this.texts[Number(one.by)]));
    const operator = this.make("mfrac", this.make("mi", d), below);
    return this.row(operator, this.bracketed(this.write(one.args[0])));
  }

  /** @param {Node} one */
  called(one) {
    const args = one.args.flatMap((arg, k) => (k ? [this.sign(","), this.write(arg)] : [this.write(arg)]));
    return this.row(this.make("mi", WORDS[one.op] ?? one.op), this.sign("\u2061"), this.bracketed(this.row(...args)));
  }
}
