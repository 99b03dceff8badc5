/**
 * One spot of a typed expression that, changed, makes it right: a sign, function, exponent, variable.
 *
 * @typedef {{kind: string, text: string, node: Node}} Edit
 */

import { HALF_THE_DIGITS } from "./quiz_fit.mjs";
import { shortText } from "./quiz_text.mjs";
import { meaning, node, number, orderOf } from "./quiz_tree.mjs";
import { tabulated } from "./quiz_values.mjs";

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {import("./quiz_fit.mjs").Search} Search
 */

const EXCHANGED = /** @type {Record<string, string[]>} */ ({
  sin: ["cos", "tan"], cos: ["sin"], tan: ["sin", "cos"], sinh: ["cosh", "sin"], cosh: ["sinh", "cos"], tanh: ["tan", "sigmoid"],
  exp: ["log"], log: ["exp"], asin: ["acos", "sin"], acos: ["asin", "cos"], atan: ["tan"], sigmoid: ["tanh"], sqrt: ["exp"],
});

const ANGLES = new Set(["sin", "cos", "tan"]);
const BINARY = new Set(["add", "sub", "mul", "div"]);

/**
 * @param {Search} search
 * @param {(one: Node, search: Search) => Iterable<Edit>} edits of one part of the answer
 * @returns {import("./quiz_fit.mjs").Mistake | null}
 */
export function editOf(search, edits) {
  const { answer, points, right } = search;
  const order = orderOf([answer]);
  const base = tabulated(order, points);
  const becomes = (/** @type {number} */ at, /** @type {Node} */ other) => {
    return points.every((point, k) => {
      const value = replaced(order, at, other, base, point, k);
      return Number.isFinite(value) && Math.abs(value - right[k]) <= HALF_THE_DIGITS * Math.max(Math.abs(value), Math.abs(right[k]));
    });
  };
  for (let at = order.length - 1; at >= 0; at--) {
    for (const edit of edits(order[at], search)) {
      if (becomes(at, edit.node)) return { kind: edit.kind, text: edit.text };
      if (search.isLate()) return null;
    }
  }
  return null;
}

/**
 * The value of an expression at a point where one part of it is another one.
 * @param {Node[]} order
 * @param {number} at
 * @param {Node} other
 * @param {Map<Node, Float64Array>} base values without the change
 * @param {number[]} point
 * @param {number} k
 */
function replaced(order, at, other, base, point, k) {
  const inner = orderOf([other]).filter((node) => !base.has(node));
  /** @type {Map<Node, number>} */
  const fresh = new Map();
  const of = (/** @type {Node} */ node) => fresh.get(node) ?? Number(base.get(node)?.[k]);
  for (const node of inner) {
    if (node.args.length) fresh.set(node, meaning(node.op)(...node.args.map(of)));
    else fresh.set(node, node.op === "variable" ? point[Number(node.index)] : Number(node.value));
  }
  fresh.set(order[at], of(other));
  for (let next = at + 1; next < order.length; next++) {
    const node = order[next];
    if (node.args.some((arg) => fresh.has(arg))) fresh.set(node, meaning(node.op)(...node.args.map(of)));
  }
  return of(order[order.length - 1]);
}

/**
 * One part of an answer with brackets that it lacks: 1/2x as 1/(2x), e^2x as e^(2x), sin x+y as sin(x+y).
 * @param {Node} one
 * @param {Search} search
 * @returns {Generator<Edit>}
 */
export function* bracketsOf(one, { texts }) {
  if (!BINARY.has(one.op)) return;
  const [a, b] = one.args;
  const { op } = one;
  const edit = (/** @type {string} */ around, /** @type {Node} */ fresh) => {
    const text = `${shortText(one, texts)} is how this is read: write brackets around ${around}.`;
    return { kind: "brackets", text, node: fresh };
  };
  for (const [end, build] of endsOf(a)) {
    const [first, last] = end.args;
    if (end.op === "pow") yield edit("the exponent", build(node("pow", first, node(op, last, b))));
    else if (end.op === "div") yield edit("what stands below", build(node("div", first, node(op, last, b))));
    else if (end.args.length === 1 && end.op !== "neg") {
      yield edit(end.op === "exp" ? "the exponent" : "the argument", build(node(end.op, node(op, first, b))));
    }
  }
  if ((op === "add" || op === "sub") && b.op === "div") {
    yield edit("what stands above", node("div", node(op, a, b.args[0]), b.args[1]));
  }
  const below = op === "mul" ? withDenominator(a, b) : null;
  if (below) yield edit("what stands below", below);
}

/**
 * What an expression ends with: itself, its last term, factor or denominator, with what puts another there.
 * @param {Node} one
 * @returns {Generator<[Node, (fresh: Node) => Node]>}
 */
function* endsOf(one) {
  yield [one, (fresh) => fresh];
  if (!BINARY.has(one.op) && one.op !== "neg") return;
  const before = one.args.slice(0, -1);
  for (const [end, build] of endsOf(one.args[before.length])) yield [end, (fresh) => node(one.op, ...before, build(fresh))];
}

/** @type {(a: Node, b: Node) => Node | null} a product from a quotient on, with b and all factors before it below */
function withDenominator(a, b) {
  const [first, last] = a.args;
  if (a.op === "div") return node("div", first, node("mul", last, b));
  return a.op === "mul" ? withDenominator(first, node("mul", last, b)) : null;
}

/**
 * A function in an answer, of another argument that it has in the right one.
 * @param {Node} one
 * @param {Search} search
 * @returns {Generator<Edit>}
 */
export function* argumentsOf(one, { texts, truth }) {
  if (one.args.length !== 1 || one.op === "neg") return;
  const text = `The argument in ${shortText(one, texts)} is wrong.`;
  for (const unit of ANGLES.has(one.op) ? [180 / Math.PI, Math.PI / 180] : []) {
    const inRadians = `The angle in ${shortText(one, texts)} is taken in degrees: angles are in radians.`;
    yield { kind: "degrees", text: inRadians, node: node(one.op, node("mul", one.args[0], number(unit))) };
  }
  for (const other of orderOf([truth])) if (other.op === one.op && other !== one) yield { kind: "argument", text, node: node(one.op, ...other.args) };
}

/**
 * Other expressions for one part of an answer.
 * @param {Node} one
 * @param {Search} search
 * @returns {Generator<Edit>}
 */
export function* editsOf(one, { texts }) {
  const [a, b] = one.args;
  const shown = shortText(one, texts);
  const wrong = (/** @type {string} */ what) => `${what} in ${shown} is wrong.`;
  if (one.op === "number") yield* numbersOf(Number(one.value), shown);
  if (one.op === "variable") {
    for (let index = 0; index < texts.length; index++) {
      const other = /** @type {Node} */ ({ op: "variable", args: [], index });
      if (index !== one.index) yield { kind: "variable", text: `${shown} is the wrong variable.`, node: other };
    }
  }
  for (const op of EXCHANGED[one.op] ?? []) yield { kind: "wrong function", text: `${shown} is the wrong function here.`, node: node(op, a) };
  if (one.op === "exp") yield { kind: "sign", text: wrong("The sign of the exponent"), node: node("exp", node("neg", a)) };
  if (one.op === "add") yield { kind: "sign", text: wrong("A sign"), node: node("sub", a, b) };
  if (one.op === "sub") yield { kind: "sign", text: wrong("A sign"), node: node("add", a, b) };
  if (one.op === "neg") yield { kind: "sign", text: wrong("The minus sign"), node: a };
  else yield { kind: "sign", text: `${shown} has the wrong sign.`, node: node("neg", one) };
  if (one.op === "mul" || one.op === "div") yield* productsOf(one, shown);
  if (one.op === "pow") {
    for (const step of [-1, 1]) yield { kind: "power", text: wrong("The exponent"), node: node("pow", a, node("add", b, number(step))) };
    yield { kind: "sign", text: wrong("The sign of the exponent"), node: node("pow", a, node("neg", b)) };
    yield { kind: "power", text: wrong("The exponent"), node: a };
  }
  if (one.args.length && one.op !== "pow") yield { kind: "power", text: `${shown} is to be squared.`, node: node("pow", one, number(2)) };
  if (one.op === "variable") yield { kind: "power", text: `The exponent of ${shown} is wrong.`, node: node("pow", one, number(2)) };
  if (one.args.length === 1 && one.op !== "neg") yield { kind: "wrong function", text: `${shown}: the function is one too many.`, node: a };
  yield { kind: "power", text: `${shown} belongs below the fraction bar, or above it.`, node: node("div", number(1), one) };
  yield { kind: "power", text: `A root of ${shown} is missing.`, node: node("sqrt", one) };
}

/**
 * @param {number} value
 * @param {string} shown
 * @returns {Generator<Edit>}
 */
function* numbersOf(value, shown) {
  const others = [value + 1, value - 1, -value, 2 * value, value / 2, value ** 2, 1 / value, 3 * value, value / 3, 0, Math.sqrt(value)];
  for (const other of others) yield { kind: "factor", text: `The number ${shown} is wrong.`, node: number(other) };
}

/**
 * A product with one operation or bracket changed.
 * @param {Node} one
 * @param {string} shown
 * @returns {Generator<Edit>}
 */
function* productsOf(one, shown) {
  const [a, b] = one.args;
  const isProduct = one.op === "mul";
  const exchanged = isProduct ? `${shown} is a product, and should be a quotient.` : `${shown} is a quotient, and should be a product.`;
  yield { kind: "wrong operation", text: exchanged, node: node(isProduct ? "div" : "mul", a, b) };
  yield { kind: "extra factor", text: `In ${shown} a factor is too much.`, node: a };
  if (isProduct) yield { kind: "extra factor", text: `In ${shown} a factor is too much.`, node: b };
  yield { kind: "wrong operation", text: `${shown} should be a sum.`, node: node("add", a, b) };
  yield { kind: "wrong operation", text: `${shown} should be a difference.`, node: node("sub", a, b) };
  for (const [sum, factor] of [[a, b], [b, a]]) {
    if (isProduct && (sum.op === "add" || sum.op === "sub")) {
      const apart = node(sum.op, sum.args[0], node("mul", sum.args[1], factor));
      yield { kind: "brackets", text: `The brackets in ${shown} are wrong.`, node: apart };
    }
  }
}
