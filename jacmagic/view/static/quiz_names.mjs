/**
 * The words that an answer may contain: the function's own names, functions and constants.
 *
 * x₁, x1, x_1 and x_{1} are one name, as are w₀, w[0] and w0, or θ and theta, unless the function has
 * several that would then be alike.
 *
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {{spellings: string[], text: string, node: Node}} Named
 * @typedef {{kind: "leaf", node: Node, isOutput?: boolean} | {kind: "function", name: string} | {kind: "number", value: number}} Piece
 */

import { namedConstant, node, number } from "./quiz_tree.mjs";

const GREEK = new Map(
  ("alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ " +
    "rho ρ sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω pi π Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ " +
    "Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω eps ε lam λ varphi φ vartheta θ varepsilon ε varrho ρ varsigma σ")
    .split(" ")
    .reduce((pairs, word, k, all) => (k % 2 ? pairs : [...pairs, [word, all[k + 1]]]), /** @type {string[][]} */ ([]))
    .map(([word, letter]) => /** @type {[string, string]} */ ([word, letter])),
);
const ALIKE = new Map([
  ["ϕ", "φ"], ["ϑ", "θ"], ["ϵ", "ε"], ["ϱ", "ρ"],
  ["\u0307", "dot"], ["\u0308", "ddot"], ["\u0302", "hat"], ["\u0304", "bar"], ["\u0303", "tilde"], ["\u20d7", "vec"],
]);
const MAX_SPLIT = 40; // letters of a word that may be a product
const EULER = namedConstant("e", Math.E);
const CONSTANTS = new Map([["π", namedConstant("π", Math.PI)], ["e", EULER]]);

/** @type {(word: string) => boolean} */
export const isGreek = (word) => GREEK.has(word);

/** @type {(one: Node) => boolean} */
export const isEuler = (node) => node === EULER;

const over = (/** @type {string} */ op) => (/** @type {Node} */ a) => node("div", number(1), node(op, a));
const inBase = (/** @type {number} */ base) => (/** @type {Node} */ a) => node("div", node("log", a), node("log", number(base)));
const joined = (/** @type {string} */ op) => (/** @type {Node[]} */ ...args) => args.reduce((a, b) => node(op, a, b));

/** @type {Map<string, [number, (...args: Node[]) => Node]>} functions: least number of arguments, meaning */
export const FUNCTIONS = new Map();
for (const op of "sqrt exp sin cos tan sinh cosh tanh abs sign floor ceil erf erfc lgamma digamma relu".split(" ")) {
  FUNCTIONS.set(op, [1, (a) => node(op, a)]);
}
for (const [op, words] of Object.entries({
  asin: "asin arcsin", acos: "acos arccos", atan: "atan arctan arctg", tan: "tg", asinh: "asinh arsinh arcsinh", log: "ln log",
  acosh: "acosh arcosh arccosh", atanh: "atanh artanh arctanh", sigmoid: "sigmoid logistic σ", sign: "sgn", ceil: "ceiling", lgamma: "loggamma", digamma: "psi ψ",
})) {
  for (const word of words.split(" ")) FUNCTIONS.set(word, [1, (a) => node(op, a)]);
}
for (const [word, op] of [["sec", "cos"], ["csc", "sin"], ["cot", "tan"], ["ctg", "tan"], ["sech", "cosh"], ["csch", "sinh"], ["coth", "tanh"]]) {
  FUNCTIONS.set(word, [1, over(op)]);
}
FUNCTIONS.set("log2", [1, inBase(2)]);
for (const word of ["log10", "lg"]) FUNCTIONS.set(word, [1, inBase(10)]);
FUNCTIONS.set("cbrt", [1, (a) => node("pow", a, node("div", number(1), number(3)))]);
for (const word of ["heaviside", "step"]) {
  FUNCTIONS.set(word, [1, (a) => node("where", node("gt", a, number(0)), number(1), number(0))]);
}
for (const op of ["max", "min"]) for (const word of [op, `${op}imum`]) FUNCTIONS.set(word, [2, joined(op)]);
for (const word of ["atan2", "arctan2"]) FUNCTIONS.set(word, [2, (a, b) => node("atan2", a, b)]);
FUNCTIONS.set("pow", [2, (a, b) => node("pow", a, b)]);
FUNCTIONS.set("polygamma", [2, (a, b) => node("polygamma", a, b)]);
for (const [word, kind] of [["besseli", "i"], ["besselj", "j"]]) {
  FUNCTIONS.set(word, [2, (order, a) => node(order.value === 1 ? `${kind}1` : `${kind}0`, a)]);
  for (const order of ["0", "1"]) FUNCTIONS.set(`${kind.toUpperCase()}${order}`, [1, (a) => node(kind + order, a)]);
}
FUNCTIONS.set("gamma", [1, (a) => node("exp", node("lgamma", a))]);
FUNCTIONS.set("mod", [2, (a, b) => node("mod", a, b)]);
FUNCTIONS.set("hypot", [2, (a, b) => node("sqrt", node("add", square(a), square(b)))]);

/** @param {Node} a */
function square(a) {
  return node("pow", a, number(2));
}

/** What undoes a function, for sin⁻¹. */
export const INVERSES = new Map([
  ["sin", "asin"], ["cos", "acos"], ["tan", "atan"], ["sinh", "asinh"], ["cosh", "acosh"], ["tanh", "atanh"],
]);

/**
 * The form in which spellings of a name are equal.
 * @param {string} text
 */
export function canonical(text) {
  const plain = text.normalize("NFKD").replace(/[_{}[\],\s]/g, "").replace(/[ϕϑϵϱ\p{M}]/gu, (letter) => ALIKE.get(letter) ?? letter);
  return plain.replace(/^(\p{L}+?)(d?dot|hat|bar|tilde|vec|)(?!\p{L})/u, (_, word, accent) => (GREEK.get(word) ?? word) + accent);
}

/** The names of one function. */
export class Names {
  /**
   * @param {Named[]} named
   * @param {Names | null} [outputs] of the function, which count where a word has no other meaning
   * @param {string[][]} [inputs] what may stand in brackets after an output: names of the inputs, or
   *   of their components
   */
  constructor(named, outputs = null, inputs = []) {
    this.named = named;
    this.outputs = outputs;
    this.inputs = inputs.map((words) => words.map(canonical).join());
    /** @type {Map<string, Node>} */
    this.exact = new Map();
    /** @type {Map<string, Node | null>} null where several are alike */
    this.alike = new Map();
    for (const { spellings, node: leaf } of named) {
      for (const spelling of spellings) this.exact.set(spelling, leaf);
      for (const key of new Set(spellings.map(canonical))) {
        this.alike.set(key, this.alike.has(key) && this.alike.get(key) !== leaf ? null : leaf);
      }
    }
  }

  /** @param {string} word @returns {Node | undefined} the function's own name */
  own(word) {
    return this.exact.get(word) ?? this.alike.get(canonical(word)) ?? undefined;
  }

  /** @param {string} word @returns {Node | undefined} an output of the function, by a name of its own */
  output(word) {
    return this.piece(word, false) ? undefined : this.outputs?.own(word);
  }

  /** @param {string[]} words */
  areArguments(words) {
    return this.inputs.includes(words.map(canonical).join());
  }

  /**
   * What a run of letters and digits means; several pieces are multiplied.
   * @param {string} word
   * @returns {Piece[]}
   */
  read(word) {
    const whole = this.piece(word);
    if (whole) return [whole];
    const pieces = this.split(canonical(word));
    if (pieces) return pieces;
    throw new Error(this.unknown(word));
  }

  /** @param {string} word @param {boolean} [withOutputs] @returns {Piece | null} */
  piece(word, withOutputs = true) {
    const own = this.own(word);
    if (own) return { kind: "leaf", node: own };
    if (FUNCTIONS.has(word)) return { kind: "function", name: word };
    const constant = CONSTANTS.get(canonical(word));
    if (constant) return { kind: "leaf", node: constant };
    const lower = word.toLowerCase();
    if (lower !== word && FUNCTIONS.has(lower)) return { kind: "function", name: lower };
    const output = withOutputs && this.outputs?.own(word);
    return output ? { kind: "leaf", node: output, isOutput: true } : null;
  }

  /**
   * Split a word that is written without signs, such as "x1x3" or "sin2x", the longest parts first.
   * @param {string} word
   * @param {Set<string>} [failed] ends of words that cannot be split
   * @returns {Piece[] | null}
   */
  split(word, failed = new Set()) {
    if (word.length > MAX_SPLIT || failed.has(word)) return null;
    for (let end = word.length; end > 0; end--) {
      const first = this.piece(word.slice(0, end));
      if (!first) continue;
      if (end === word.length) return [first];
      const digits = /^\d+/.exec(word.slice(end))?.[0] ?? "";
      if (digits && first.kind !== "function") continue; // x2 is not a product
      const after = word.slice(end + digits.length);
      const rest = after ? this.split(after, failed) : [];
      if (!rest) continue;
      return [first, ...(digits ? [/** @type {Piece} */ ({ kind: "number", value: Number(digits) })] : []), ...rest];
    }
    failed.add(word);
    return null;
  }

  /** @param {string} word */
  unknown(word) {
    const texts = this.named.map(({ text }) => text);
    const some = texts.slice(0, 12).join(", ") + (texts.length > 12 ? ", …" : "");
    const power = /^(.*?)(\d+)$/.exec(word);
    const base = power && this.own(power[1]) ? ` For a power write ${power[1]}^${power[2]}, for a product ${power[2]}*${power[1]}.` : "";
    return `There is no ${word} here: the names are ${some}.${base}`;
  }
}

/**
 * A power; of e, the exponential function.
 * @param {Node} base
 * @param {Node} exponent
 */
export function raisedTo(base, exponent) {
  return isEuler(base) ? node("exp", exponent) : node("pow", base, exponent);
}

