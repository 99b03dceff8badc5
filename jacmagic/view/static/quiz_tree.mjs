/**
 * Expressions as trees whose nodes may be shared: what a tape computes, and what a student types.
 *
 * @typedef {object} Node
 * @property {string} op an operation of a tape; "number", "variable", "constant"; or "derivative"
 * @property {Node[]} args
 * @property {number} [value] of a number or constant
 * @property {string} [name] of a constant
 * @property {number} [index] of a variable: the component of the point
 * @property {number} [by] of a derivative: the component that it is taken by
 */

import { MEANING_OF } from "./tape.mjs";

/** @type {(value: number) => Node} */
export const number = (value) => ({ op: "number", args: [], value });
/** @type {(index: number) => Node} */
export const variable = (index) => ({ op: "variable", args: [], index });
/** @type {(name: string, value: number) => Node} */
export const namedConstant = (name, value) => ({ op: "constant", args: [], name, value });
/** @type {(of: Node, by: number) => Node} */
export const derivative = (of, by) => ({ op: "derivative", args: [of], by });
/** @type {(op: string, ...args: Node[]) => Node} nothing is folded */
export const node = (op, ...args) => ({ op, args });

/** @type {(one: Node) => number | null} the number that a node is */
export const valueOf = (node) => (node.op === "number" ? /** @type {number} */ (node.value) : null);

const ZERO = number(0);
const ONE = number(1);

/**
 * How nodes are built where 0 and 1 disappear and numbers combine: the arithmetic of derivatives.
 * @type {Record<string, (...args: Node[]) => Node>}
 */
const FOLDED = {
  add: (a, b) => (valueOf(a) === 0 ? b : valueOf(b) === 0 ? a : b.op === "neg" ? FOLDED.sub(a, b.args[0]) : node("add", a, b)),
  sub: (a, b) => (valueOf(b) === 0 ? a : valueOf(a) === 0 ? FOLDED.neg(b) : b.op === "neg" ? FOLDED.add(a, b.args[0]) : node("sub", a, b)),
  neg: (a) => (a.op === "neg" ? a.args[0] : node("neg", a)),
  mul: (a, b) => {
    if (valueOf(a) === 0 || valueOf(b) === 0) return ZERO;
    if (valueOf(a) === 1) return b;
    if (valueOf(b) === 1) return a;
    if (valueOf(a) === -1) return FOLDED.neg(b);
    if (valueOf(b) === -1) return FOLDED.neg(a);
    if (a.op === "neg") return FOLDED.neg(FOLDED.mul(a.args[0], b));
    if (b.op === "neg") return FOLDED.neg(FOLDED.mul(a, b.args[0]));
    if (b.op === "div" && valueOf(b.args[0]) === 1) return FOLDED.div(a, b.args[1]);
    return node("mul", a, b);
  },
  div: (a, b) => {
    if (valueOf(a) === 0 && valueOf(b) !== 0) return ZERO;
    if (valueOf(b) === 1) return a;
    if (a.op === "neg") return FOLDED.neg(FOLDED.div(a.args[0], b));
    return node("div", a, b);
  },
  pow: (a, b) => (valueOf(b) === 1 ? a : valueOf(b) === 0 ? ONE : node("pow", a, b)),
};

/**
 * A node of an operation; a number where all arguments are integers and the result is one.
 * @param {string} op
 * @param {...Node} args
 */
export function apply(op, ...args) {
  const values = args.map(valueOf);
  if (args.length && values.every((value) => value !== null)) {
    const value = meaning(op)(...values);
    if (Number.isInteger(value) || !values.every(Number.isInteger)) return number(value);
  }
  const folded = FOLDED[op];
  return folded ? folded(...args) : node(op, ...args);
}

/** @param {string} op */
export function meaning(op) {
  const meaning = MEANING_OF.get(op);
  if (!meaning) throw new Error(`expected an operation of a tape; found ${op}`);
  return meaning;
}

/** The algebra of trees, for `PARTIALS`. */
export const TREES = { number, apply };

/**
 * The nodes below some roots and the roots, arguments first, each once.
 * @param {Node[]} roots
 * @param {Set<Node>} [ends] nodes below which none is asked for, nor they themselves
 */
export function orderOf(roots, ends = new Set()) {
  const seen = new Set(ends);
  /** @type {[Node, number][]} */
  const waiting = roots.map((root) => [root, 0]);
  while (waiting.length) {
    const top = waiting[waiting.length - 1];
    const [one, next] = top;
    if (seen.has(one) || next === one.args.length) {
      seen.add(one);
      waiting.pop();
    } else {
      top[1]++;
      waiting.push([one.args[next], 0]);
    }
  }
  return [...seen].slice(ends.size);
}

/**
 * An expression made anew, arguments first.
 * @param {Node} root
 * @param {(one: Node, args: Node[]) => Node} remake a node from its new arguments
 * @returns {Node}
 */
export function rebuilt(root, remake) {
  /** @type {Map<Node, Node>} */
  const fresh = new Map();
  for (const node of orderOf([root])) {
    fresh.set(node, remake(node, node.args.map((arg) => /** @type {Node} */ (fresh.get(arg)))));
  }
  return /** @type {Node} */ (fresh.get(root));
}

/** @type {(one: Node, args: Node[]) => boolean} whether these are the arguments that a node has */
export const hasArguments = (node, args) => args.every((arg, k) => arg === node.args[k]);

/**
 * The nodes that depend on a variable.
 * @param {Node[]} order arguments first
 * @param {number} by
 */
export function moving(order, by) {
  /** @type {Set<Node>} */
  const dependent = new Set();
  for (const node of order) {
    if (node.op === "variable" ? node.index === by : node.args.some((arg) => dependent.has(arg))) dependent.add(node);
  }
  return dependent;
}

/**
 * A tree for each output of a tape.
 * @param {{inputs: number, constants: (number | string)[], operations: any[], outputs: number[]}} tape that `readTape` accepts
 * @param {Record<string, string>} names of constants, by slot
 */
export function treesOf(tape, names) {
  const slots = Array.from({ length: tape.inputs }, (_, index) => variable(index));
  for (const value of tape.constants) {
    const read = Number(value === "inf" ? Infinity : value === "-inf" ? -Infinity : value);
    const name = names[slots.length];
    slots.push(name ? namedConstant(name, read) : number(read));
  }
  for (const [op, ...reads] of tape.operations) slots.push(node(op, ...reads.map((/** @type {number} */ k) => slots[k])));
  return tape.outputs.map((slot) => slots[slot]);
}
