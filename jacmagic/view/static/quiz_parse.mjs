/**
 * Mathematics as it is typed, read as a tree. Nothing is ever compiled from text.
 *
 * sum → product → sign → power → atom, by precedence; what stands side by side is multiplied. A function
 * without brackets takes the product after it: sin 2x is sin(2x), sin x cos x is sin(x)·cos(x).
 */

import { Cursor } from "./quiz_cursor.mjs";
import { withoutLatex } from "./quiz_latex.mjs";
import { FUNCTIONS, INVERSES, isEuler, raisedTo } from "./quiz_names.mjs";
import { tokensOf, Unreadable } from "./quiz_tokens.mjs";
import { derivative, node, number, orderOf } from "./quiz_tree.mjs";

const MAX_DEPTH = 120; // of brackets within brackets
const MAX_ORDER = 3; // of derivatives within derivatives: each may double the expression

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {import("./quiz_names.mjs").Names} Names
 */

/**
 * Read an expression.
 * @param {string} source
 * @param {Names} names
 * @param {number} by the component that (…)′ is a derivative by
 * @returns {Node}
 * @throws {Unreadable} with a sentence that says what cannot be read
 */
export function parse(source, names, by) {
  const parser = new Parser(withoutLatex(source), names, by);
  if (parser.peek.kind === "end") throw new Unreadable("Type an expression.");
  const tree = parser.sum();
  parser.finish();
  return tree;
}

class Parser extends Cursor {
  /**
   * @param {string} source
   * @param {Names} names
   * @param {number} by
   */
  constructor(source, names, by) {
    super(tokensOf(source, (word) => Boolean(names.own(word) ?? names.output(word))));
    this.names = names;
    this.by = by;
    this.depth = 0;
    this.bars = 0;
    /** @type {Map<Node, number>} how many derivatives stand within each other */
    this.orders = new Map();
  }

  /** @returns {Node} */
  sum() {
    if (++this.depth > MAX_DEPTH) throw new Unreadable("There are too many brackets within brackets.");
    let left = this.product();
    for (;;) {
      if (this.take("+")) left = node("add", left, this.product());
      else if (this.take("-")) left = node("sub", left, this.product());
      else break;
    }
    this.depth--;
    return left;
  }

  /** @returns {Node} */
  product() {
    if (this.take("-")) return this.negative(() => this.product());
    let left = this.signed();
    for (;;) {
      if (this.take("*")) left = node("mul", left, this.signed());
      else if (this.take("/")) left = node("div", left, this.signed());
      else if (this.beginsAtom()) left = node("mul", left, this.beside());
      else return left;
    }
  }

  /** @returns {Node} a factor that stands beside another one, without a sign */
  beside() {
    const before = this.tokens[this.at - 1];
    if (!this.pieces.length && before.kind === "number" && this.peek.kind === "number") {
      throw new Unreadable(`A sign is missing between ${before.text} and ${this.peek.text}.`);
    }
    return this.power();
  }

  /** @returns {Node} */
  signed() {
    if (this.take("+")) return this.signed();
    return this.take("-") ? this.negative(() => this.signed()) : this.power();
  }

  /** @param {() => Node} inner @returns {Node} */
  negative(inner) {
    if (++this.depth > MAX_DEPTH) throw new Unreadable("There are too many signs in a row.");
    const negated = node("neg", inner());
    this.depth--;
    return negated;
  }

  beginsAtom() {
    if (this.pieces.length) return true;
    const { kind, text } = this.peek;
    if (kind === "sign") return text === "(" || text === "√" || (text === "|" && this.bars === 0);
    return kind === "number" || kind === "word" || kind === "derivative";
  }

  /** @returns {Node} */
  power() {
    const base = this.primed();
    const exponent = this.exponent();
    return exponent ? raisedTo(base, exponent) : base;
  }

  /** @returns {Node | null} what stands above the line, or after ^ */
  exponent() {
    if (!this.pieces.length && this.peek.kind === "power") {
      const value = Number(this.tokens[this.at++].value);
      return value < 0 ? node("neg", number(-value)) : number(value);
    }
    return this.take("^") ? this.signed() : null;
  }

  /** @returns {Node} */
  primed() {
    let base = this.atom();
    while (this.take("'")) base = this.derivativeOf(base, this.by);
    return base;
  }

  /** @returns {Node} */
  atom() {
    const piece = this.pieces.shift();
    if (piece) return this.meaning(piece);
    const token = this.peek;
    this.at++;
    if (token.kind === "number") return number(Number(token.value));
    if (token.kind === "word") return this.word(token.text);
    if (token.kind === "derivative") return this.derived(token);
    if (token.text === "(" && token.kind === "sign") return this.closed(this.sum());
    if (token.text === "√") return node("sqrt", this.atom());
    if (token.text === "|") return this.size();
    this.at--;
    throw new Unreadable(this.missing());
  }

  /** @param {Node} inner */
  closed(inner) {
    if (this.take(")")) return inner;
    if (this.isSign(",")) throw new Unreadable(this.comma());
    throw new Unreadable("A bracket is not closed.");
  }

  size() {
    this.bars++;
    const inner = this.sum();
    this.bars--;
    if (!this.take("|")) throw new Unreadable("A bar | is not closed.");
    return node("abs", inner);
  }

  /** @param {string} text */
  word(text) {
    try {
      this.pieces = this.names.read(text);
    } catch (error) {
      throw new Unreadable(/** @type {Error} */ (error).message);
    }
    return this.atom();
  }

  /** @param {import("./quiz_names.mjs").Piece} piece @returns {Node} */
  meaning(piece) {
    if (piece.kind === "leaf" && piece.isOutput) this.skipArguments((words) => this.names.areArguments(words));
    if (piece.kind === "leaf") return piece.node.op === "variable" ? { ...piece.node } : piece.node; // each use by itself
    if (piece.kind === "number") return number(piece.value);
    return this.called(piece.name);
  }

  /** @param {string} name of a function @returns {Node} */
  called(name) {
    const above = this.exponent();
    const inverse = above && above.op === "neg" && above.args[0].value === 1 ? INVERSES.get(name) : undefined;
    const args = this.arguments(name);
    const [least, build] = /** @type {[number, (...args: Node[]) => Node]} */ (FUNCTIONS.get(inverse ?? name));
    const fits = least === 1 ? args.length === 1 : args.length >= least;
    if (!fits) throw new Unreadable(`${name} takes ${least === 1 ? "one argument" : "two arguments, such as " + name + "(a, b)"}.`);
    const built = build(...args);
    return above && !inverse ? node("pow", built, above) : built;
  }

  /** @param {string} name @returns {Node[]} */
  arguments(name) {
    const { isBrace } = this.peek;
    if (!this.take("(")) return [this.bare(name)];
    const several = Number(FUNCTIONS.get(name)?.[0]) > 1;
    const isNested = several && isBrace && this.take("("); // {\left(a, b\right)}
    const args = [this.sum()];
    while (several && this.take(",")) args.push(this.sum());
    this.closed(args[0]);
    if (isNested) this.closed(args[0]);
    return args;
  }

  /** @param {string} name of what is applied without brackets @returns {Node} */
  bare(name) {
    if (this.take("+")) return this.bare(name);
    if (this.take("-")) return this.negative(() => this.bare(name));
    if (!this.beginsAtom()) throw new Unreadable(`${name} needs an argument: write ${name}(…).`);
    let factor = this.power();
    while (this.beginsAtom() && this.goesOn(factor)) factor = node("mul", factor, this.power());
    return factor;
  }

  /**
   * Whether what stands next belongs to the argument before it: numbers and names do, after a number
   * brackets and roots too: sin 2(x + 1), but sin x (x + 1) and sin x e^x are products of two factors.
   * @param {Node} before
   */
  goesOn(before) {
    const piece = this.pieces[0] ?? (this.peek.kind === "word" ? this.firstPiece(this.peek.text) : null);
    if (piece?.kind === "function") return piece.name === "sqrt" && before.op === "number";
    if (piece) return !(piece.kind === "leaf" && isEuler(piece.node));
    return this.peek.kind === "number" || (this.peek.kind === "sign" && before.op === "number");
  }

  /** @param {string} word @returns {import("./quiz_names.mjs").Piece | null} */
  firstPiece(word) {
    try {
      return this.names.read(word)[0];
    } catch {
      return null;
    }
  }

  /** @param {import("./quiz_tokens.mjs").Token} token @returns {Node} d/dx(u), of a power the whole one; d(u)/dx; D(u) */
  derived({ by, text, isOpen, isOf }) {
    const inBrackets = this.take("(");
    const inner = inBrackets ? this.closed(this.sum()) : this.bare(text);
    const above = inBrackets && !isOpen && !isOf ? this.exponent() : null;
    const name = isOf ? this.differential() : by;
    const own = name === undefined ? null : this.names.own(name);
    if (name !== undefined && own?.op !== "variable") throw new Unreadable(this.names.unknown(name));
    return this.derivativeOf(above ? raisedTo(inner, above) : inner, own ? Number(own.index) : this.by);
  }

  differential() {
    const { kind, by } = this.peek;
    if (kind !== "differential") throw new Unreadable("Write d/dx(…) for a derivative.");
    this.at++;
    return by;
  }

  /** @param {Node} inner @param {number} by */
  derivativeOf(inner, by) {
    const orders = orderOf([inner]).map((node) => this.orders.get(node) ?? 0);
    const order = 1 + Math.max(...orders);
    if (order > MAX_ORDER) throw new Unreadable(`At most ${MAX_ORDER} derivatives may stand within one another.`);
    const slope = derivative(inner, by);
    this.orders.set(slope, order);
    return slope;
  }
}
