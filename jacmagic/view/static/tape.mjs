/**
 * The tape: a closed form as a list of operations, interpreted. Nothing is ever compiled from text.
 *
 * A tape comes from a notebook or a page and is not trusted: it is read by a fixed table of
 * operations, every index in it is checked, and its length is bounded. The meaning of each operation
 * is that of `jacmagic/symbolic/graph/operations.py`.
 */

import { besselI, besselJ, erf, erfc, lgamma, polygamma } from "./special.mjs";

export const MAX_OPERATIONS = 40000;

/**
 * Every meaning is called with three numbers, whatever its arity: none may be variadic.
 * @type {[string, number, (...a: number[]) => number][]} name, number of arguments, meaning
 */
const OPERATIONS = [
  ["add", 2, (a, b) => a + b],
  ["sub", 2, (a, b) => a - b],
  ["mul", 2, (a, b) => a * b],
  ["div", 2, (a, b) => a / b],
  ["neg", 1, (a) => -a],
  ["pow", 2, power],
  ["sqrt", 1, Math.sqrt],
  ["exp", 1, Math.exp],
  ["expm1", 1, Math.expm1],
  ["log", 1, Math.log],
  ["log1p", 1, Math.log1p],
  ["sin", 1, Math.sin],
  ["cos", 1, Math.cos],
  ["tan", 1, Math.tan],
  ["asin", 1, Math.asin],
  ["acos", 1, Math.acos],
  ["atan", 1, Math.atan],
  ["atan2", 2, Math.atan2],
  ["sinh", 1, Math.sinh],
  ["cosh", 1, Math.cosh],
  ["tanh", 1, Math.tanh],
  ["asinh", 1, Math.asinh],
  ["acosh", 1, Math.acosh],
  ["atanh", 1, Math.atanh],
  ["sigmoid", 1, (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a)))],
  ["erf", 1, erf],
  ["erfc", 1, erfc],
  ["lgamma", 1, lgamma],
  ["digamma", 1, (a) => polygamma(0, a)],
  ["polygamma", 2, polygamma],
  ["i0", 1, (a) => besselI(0, a)],
  ["i1", 1, (a) => besselI(1, a)],
  ["j0", 1, (a) => besselJ(0, a)],
  ["j1", 1, (a) => besselJ(1, a)],
  ["abs", 1, Math.abs],
  ["sign", 1, (a) => (Number.isNaN(a) ? NaN : Number(a > 0) - Number(a < 0))],
  ["floor", 1, (a) => Math.floor(a) + 0], // + 0: no −0, as in Python
  ["ceil", 1, (a) => Math.ceil(a) + 0],
  ["mod", 2, modulo],
  ["relu", 1, (a) => (a > 0 || Number.isNaN(a) ? a : 0)],
  ["max", 2, (a, b) => Math.max(a, b)],
  ["min", 2, (a, b) => Math.min(a, b)],
  ["clamp", 3, (a, low, high) => Math.min(Math.max(a, low), high)],
  ["lt", 2, (a, b) => Number(a < b)],
  ["le", 2, (a, b) => Number(a <= b)],
  ["gt", 2, (a, b) => Number(a > b)],
  ["ge", 2, (a, b) => Number(a >= b)],
  ["eq", 2, (a, b) => Number(a === b)],
  ["ne", 2, (a, b) => Number(a !== b)],
  ["and", 2, (a, b) => Number(truth(a) && truth(b))],
  ["or", 2, (a, b) => Number(truth(a) || truth(b))],
  ["not", 1, (a) => Number(!truth(a))],
  ["where", 3, (condition, a, b) => (truth(condition) ? a : b)],
];

/** @type {Map<unknown, number>} how JSON writes what it has no number for */
const NOT_FINITE = new Map([["inf", Infinity], ["-inf", -Infinity], ["nan", NaN]]);
const CODES = new Map(OPERATIONS.map(([name], code) => [name, code]));
const ARITIES = OPERATIONS.map(([, arity]) => arity);
const MEANINGS = OPERATIONS.map(([, , meaning]) => meaning);

/** @type {Map<string, (...a: number[]) => number>} meanings by name, for other readers of a tape */
export const MEANING_OF = new Map(OPERATIONS.map(([name, , meaning]) => [name, meaning]));

/**
 * Python's truth of a number: nan is true.
 * @param {number} a
 */
function truth(a) {
  return a !== 0;
}

/**
 * Python's and torch's power: 1 to any power and any base to 0 are 1.
 * @param {number} a
 * @param {number} b
 */
function power(a, b) {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

/**
 * Python's remainder, which has the sign of the divisor, a zero too.
 * @param {number} a
 * @param {number} b
 */
function modulo(a, b) {
  const rest = a % b;
  if (rest === 0) return b < 0 ? -0 : 0;
  return rest < 0 !== b < 0 ? rest + b : rest;
}

/** A checked tape. */
class Tape {
  /**
   * @param {number} inputs
   * @param {Float64Array} constants
   * @param {Int32Array} program four numbers an operation: its code and the slots it reads
   * @param {Int32Array} results the slots to return
   */
  constructor(inputs, constants, program, results) {
    this.inputs = inputs;
    this.outputs = results.length;
    this.program = program;
    this.wanted = results;
    this.first = inputs + constants.length;
    this.slots = new Float64Array(this.first + program.length / 4);
    this.slots.set(constants, inputs);
  }

  /**
   * The outputs at a point.
   * @param {ArrayLike<number>} point
   * @param {Float64Array} [out] where to put them
   */
  evaluate(point, out = new Float64Array(this.outputs)) {
    const { slots, program, wanted: results } = this;
    for (let k = 0; k < this.inputs; k++) slots[k] = point[k];
    for (let k = 0, slot = this.first; k < program.length; k += 4, slot++) {
      const a = slots[program[k + 1]];
      const b = slots[program[k + 2]];
      const code = program[k];
      if (code === 0) slots[slot] = a + b;
      else if (code === 1) slots[slot] = a - b;
      else if (code === 2) slots[slot] = a * b;
      else slots[slot] = MEANINGS[code](a, b, slots[program[k + 3]]);
    }
    for (let k = 0; k < results.length; k++) out[k] = slots[results[k]];
    return out;
  }
}

/**
 * @param {unknown} value
 * @param {number} below
 */
function isIndex(value, below) {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < below;
}

/**
 * @param {unknown} value
 * @returns {number | undefined} undefined for what is not a number
 */
function constant(value) {
  return typeof value === "number" ? value : NOT_FINITE.get(value);
}

/**
 * Read a tape that is not trusted.
 * @param {any} json
 * @returns {Tape | null} null for anything that is not a tape
 */
export function readTape(json) {
  const { inputs, constants, operations, outputs } = json ?? {};
  const lists = [constants, operations, outputs];
  if (!isIndex(inputs, MAX_OPERATIONS) || !lists.every(Array.isArray)) return null;
  if (lists.some((list) => list.length > MAX_OPERATIONS)) return null;
  const numbers = constants.map(constant);
  if (numbers.includes(undefined)) return null;
  const program = new Int32Array(4 * operations.length);
  for (let k = 0; k < operations.length; k++) {
    const [name, ...reads] = Array.isArray(operations[k]) ? operations[k] : [];
    const code = CODES.get(name);
    if (code === undefined || reads.length !== ARITIES[code]) return null;
    if (!reads.every((index) => isIndex(index, inputs + numbers.length + k))) return null;
    program.set([code, ...reads], 4 * k);
  }
  const slots = inputs + numbers.length + operations.length;
  if (!outputs.every((/** @type {unknown} */ index) => isIndex(index, slots))) return null;
  return new Tape(inputs, Float64Array.from(numbers), program, Int32Array.from(outputs));
}
