/**
 * The table of partial derivatives, as `jacmagic/symbolic/graph/derivatives.py` has it.
 *
 * It is written once for any arithmetic: with numbers it is the dual arithmetic of a tape, with trees
 * it gives derivatives that can be read. At a kink it has torch's conventions.
 *
 * @template T
 * @typedef {object} Algebra
 * @property {(value: number) => T} number
 * @property {(op: string, ...args: T[]) => T} apply
 */

import { apply, hasArguments, meaning, moving, number, orderOf, rebuilt, TREES } from "./quiz_tree.mjs";

/** The arithmetic of numbers. */
export const NUMBERS = {
  number: (/** @type {number} */ value) => value,
  apply: (/** @type {string} */ op, /** @type {number[]} */ ...args) => meaning(op)(...args),
};

/** @param {any} g */
const shorthand = (g) => ({
  add: (/** @type {any} */ a, /** @type {any} */ b) => g.apply("add", a, b),
  sub: (/** @type {any} */ a, /** @type {any} */ b) => g.apply("sub", a, b),
  mul: (/** @type {any} */ a, /** @type {any} */ b) => g.apply("mul", a, b),
  div: (/** @type {any} */ a, /** @type {any} */ b) => g.apply("div", a, b),
  neg: (/** @type {any} */ a) => g.apply("neg", a),
  square: (/** @type {any} */ a) => g.apply("pow", a, g.number(2)),
  one: g.number(1),
  of: g.apply,
  number: g.number,
});

const READY = new Map([NUMBERS, TREES].map((g) => [/** @type {any} */ (g), shorthand(g)]));
const GAUSS = 2 / Math.sqrt(Math.PI);

/** @type {(g: any, wins: string, a: any, b: any) => any} 1 where a wins, 1/2 at a tie, else 0 */
const tie = (g, wins, a, b) =>
  g.of("where", g.of(wins, a, b), g.one, g.of("where", g.of("eq", a, b), g.number(0.5), g.number(0)));

/** @type {(g: any, lower: any, r: any, x: any) => any} C₀(x) − C₁(x)/x, whose limit at 0 is 1/2 */
const orderOne = (g, lower, r, x) =>
  g.of("where", g.of("eq", x, g.number(0)), g.number(0.5), g.sub(lower, g.div(r, x)));

/** @type {(g: any, size: any) => any} */
const overRoot = (g, size) => g.div(g.one, g.of("sqrt", size));

/**
 * By operation: the partials by each argument, from the result and the arguments; null where zero.
 * @type {Record<string, (g: any, r: any, a: any, b?: any, c?: any) => any[]>}
 */
const PARTIALS = {
  add: (g) => [g.one, g.one],
  sub: (g) => [g.one, g.number(-1)],
  neg: (g) => [g.number(-1)],
  mul: (g, r, a, b) => [b, a],
  div: (g, r, a, b) => [g.div(g.one, b), g.neg(g.div(a, g.square(b)))],
  pow: (g, r, a, b) => [g.mul(b, g.of("pow", a, g.sub(b, g.one))), g.mul(r, g.of("log", a))],
  sqrt: (g, r) => [g.div(g.one, g.mul(g.number(2), r))],
  exp: (g, r) => [r],
  expm1: (g, r) => [g.add(r, g.one)],
  log: (g, r, a) => [g.div(g.one, a)],
  log1p: (g, r, a) => [g.div(g.one, g.add(g.one, a))],
  sin: (g, r, a) => [g.of("cos", a)],
  cos: (g, r, a) => [g.neg(g.of("sin", a))],
  tan: (g, r) => [g.add(g.one, g.square(r))],
  asin: (g, r, a) => [overRoot(g, g.sub(g.one, g.square(a)))],
  acos: (g, r, a) => [g.neg(overRoot(g, g.sub(g.one, g.square(a))))],
  atan: (g, r, a) => [g.div(g.one, g.add(g.one, g.square(a)))],
  atan2: (g, r, a, b) => {
    const size = g.add(g.square(b), g.square(a));
    return [g.div(b, size), g.neg(g.div(a, size))];
  },
  sinh: (g, r, a) => [g.of("cosh", a)],
  cosh: (g, r, a) => [g.of("sinh", a)],
  tanh: (g, r) => [g.sub(g.one, g.square(r))],
  asinh: (g, r, a) => [overRoot(g, g.add(g.square(a), g.one))],
  acosh: (g, r, a) => [overRoot(g, g.sub(g.square(a), g.one))],
  atanh: (g, r, a) => [g.div(g.one, g.sub(g.one, g.square(a)))],
  sigmoid: (g, r) => [g.mul(r, g.sub(g.one, r))],
  erf: (g, r, a) => [g.mul(g.number(GAUSS), g.of("exp", g.neg(g.square(a))))],
  erfc: (g, r, a) => [g.neg(g.mul(g.number(GAUSS), g.of("exp", g.neg(g.square(a)))))],
  lgamma: (g, r, a) => [g.of("digamma", a)],
  digamma: (g, r, a) => [g.of("polygamma", g.one, a)],
  polygamma: (g, r, a, b) => [null, g.of("polygamma", g.add(a, g.one), b)],
  i0: (g, r, a) => [g.of("i1", a)],
  i1: (g, r, a) => [orderOne(g, g.of("i0", a), r, a)],
  j0: (g, r, a) => [g.neg(g.of("j1", a))],
  j1: (g, r, a) => [orderOne(g, g.of("j0", a), r, a)],
  abs: (g, r, a) => [g.of("sign", a)],
  sign: () => [null],
  floor: () => [null],
  ceil: () => [null],
  mod: (g, r, a, b) => [g.one, g.neg(g.of("floor", g.div(a, b)))],
  relu: (g, r, a) => [g.of("where", g.of("gt", a, g.number(0)), g.one, g.number(0))],
  max: (g, r, a, b) => [tie(g, "gt", a, b), tie(g, "gt", b, a)],
  min: (g, r, a, b) => [tie(g, "lt", a, b), tie(g, "lt", b, a)],
  clamp: (g, r, a, low, high) => [
    g.of("where", g.of("and", g.of("ge", a, low), g.of("le", a, high)), g.one, g.number(0)),
    g.of("where", g.of("and", g.of("lt", a, low), g.of("lt", low, high)), g.one, g.number(0)),
    g.of("where", g.of("or", g.of("gt", a, high), g.of("gt", low, high)), g.one, g.number(0)),
  ],
  where: (g, r, condition) => [
    null,
    g.of("where", condition, g.one, g.number(0)),
    g.of("where", condition, g.number(0), g.one),
  ],
};

/**
 * The partials of an operation; none of a condition.
 * @param {any} algebra
 * @param {string} op
 * @param {any} result
 * @param {any[]} args
 */
export function partials(algebra, op, result, args) {
  return PARTIALS[op]?.(READY.get(algebra), result, .../** @type {[any]} */ (args)) ?? args.map(() => null);
}

/** @typedef {import("./quiz_tree.mjs").Node} Node */

/**
 * The derivative of an expression as a tree; derivatives that stand in it are carried out.
 * @param {Node} of
 * @param {number} by
 */
export function differentiate(of, by) {
  const root = carriedOut(of);
  const order = orderOf([root]);
  const depends = moving(order, by);
  /** @type {Map<Node, Node>} */
  const adjoints = new Map();
  for (const node of order) {
    if (!depends.has(node)) continue;
    adjoints.set(node, node.op === "variable" ? number(1) : chained(node, (arg) => adjoints.get(arg)));
  }
  return adjoints.get(root) ?? number(0);
}

/**
 * The chain rule at one node.
 * @param {Node} node
 * @param {(arg: Node) => Node | undefined} inner derivative of an argument, if it depends on the variable
 */
export function chained(node, inner) {
  const slopes = partials(TREES, node.op, node, node.args);
  let total = number(0);
  node.args.forEach((arg, k) => {
    const slope = inner(arg);
    if (slope && slopes[k]) total = apply("add", total, apply("mul", slopes[k], slope));
  });
  return total;
}

/**
 * An expression whose derivatives are carried out.
 * @param {Node} of
 * @returns {Node}
 */
export function carriedOut(of) {
  return rebuilt(of, (node, args) => {
    if (node.op === "derivative") return differentiate(args[0], /** @type {number} */ (node.by));
    return hasArguments(node, args) ? node : { ...node, args };
  });
}
