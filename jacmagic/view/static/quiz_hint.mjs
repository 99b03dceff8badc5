/**
 * The next step of a derivation: one rule applied to the first derivative that a line still contains.
 */

import { chained } from "./quiz_partials.mjs";
import { shortText } from "./quiz_text.mjs";
import { apply, derivative, hasArguments, moving, node, number, orderOf, rebuilt } from "./quiz_tree.mjs";

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {{rule: string, formula: string, tree: Node, parts: Node[]}} Step
 *
 * @typedef {object} Hint
 * @property {string} text one sentence
 * @property {Node | null} line the line that follows; null where it would be the answer
 */

const FUNCTION_RULES = /** @type {Record<string, [string, string]>} */ ({
  exp: ["exponential", "(eᵘ)′ = eᵘ·u′"], log: ["logarithm", "(ln u)′ = u′/u"], sqrt: ["square root", "(√u)′ = u′/(2√u)"],
  sin: ["sine", "(sin u)′ = cos u·u′"], cos: ["cosine", "(cos u)′ = −sin u·u′"], tan: ["tangent", "(tan u)′ = (1 + tan² u)·u′"],
  asin: ["arcsine", "(arcsin u)′ = u′/√(1 − u²)"], acos: ["arccosine", "(arccos u)′ = −u′/√(1 − u²)"],
  atan: ["arctangent", "(arctan u)′ = u′/(1 + u²)"], sinh: ["hyperbolic sine", "(sinh u)′ = cosh u·u′"],
  cosh: ["hyperbolic cosine", "(cosh u)′ = sinh u·u′"], tanh: ["hyperbolic tangent", "(tanh u)′ = (1 − tanh² u)·u′"],
  sigmoid: ["sigmoid", "σ(u)′ = σ(u)·(1 − σ(u))·u′"], erf: ["error function", "(erf u)′ = 2/√π·e^(−u²)·u′"],
  abs: ["absolute value", "|u|′ = sgn(u)·u′"], relu: ["maximum", "max(0, u)′ = u′ where u > 0, else 0"],
});

/**
 * The hint after a right line.
 * @param {Node} line
 * @param {string[]} texts of the variables
 * @returns {Hint}
 */
export function hintAfter(line, texts) {
  const first = firstDerivative(line, true) ?? firstDerivative(line);
  if (!first) return { text: "All derivatives are carried out.", line: null };
  const { rule, formula, tree, parts } = stepOf(first.args[0], Number(first.by));
  const named = parts.map((part, k) => `${"uv"[k]} = ${shortText(part, texts)}`).join(", ");
  const next = withoutTrivial(exchanged(line, first, tree));
  const says = `${rule[0].toUpperCase()}${rule.slice(1)}: ${formula}${named ? `, with ${named}` : ""}.`;
  return { text: says, line: firstDerivative(next) ? next : null };
}

/** @param {Node} one a derivative @returns {boolean} whether it is that of a variable or a constant */
function isTrivial({ args: [of], by }) {
  return of.op === "variable" || !moving(orderOf([of]), Number(by)).has(of);
}

/**
 * The first derivative in the order of writing; of one within another, the inner one.
 * @param {Node} line
 * @param {boolean} [hard] whether those of variables and constants are left out
 * @returns {Node | null}
 */
function firstDerivative(line, hard = false) {
  for (const arg of line.args) {
    const derivative = firstDerivative(arg, hard);
    if (derivative) return derivative;
  }
  return line.op === "derivative" && !(hard && isTrivial(line)) ? line : null;
}

/** @param {Node} line @returns {Node} the line with x′ = 1 and c′ = 0 put in */
function withoutTrivial(line) {
  let derived = line;
  for (let derivative = firstDerivative(derived); derivative && isTrivial(derivative); derivative = firstDerivative(derived)) {
    derived = exchanged(derived, derivative, stepOf(derivative.args[0], Number(derivative.by)).tree);
  }
  return derived;
}

/**
 * A line with one node exchanged; what it makes superfluous disappears.
 * @param {Node} line
 * @param {Node} old
 * @param {Node} fresh
 * @returns {Node}
 */
function exchanged(line, old, fresh) {
  return rebuilt(line, (node, args) => {
    if (node === old) return fresh;
    if (hasArguments(node, args)) return node;
    return node.op === "derivative" ? { ...node, args } : apply(node.op, ...args);
  });
}

/**
 * One rule applied to what is differentiated.
 * @param {Node} of
 * @param {number} by
 * @returns {Step}
 */
export function stepOf(of, by) {
  const depends = moving(orderOf([of]), by);
  const prime = (/** @type {Node} */ node) => {
    if (!depends.has(node)) return number(0);
    return node.op === "variable" ? number(1) : derivative(node, by);
  };
  if (!depends.has(of)) return { rule: "constant", formula: "c′ = 0", tree: number(0), parts: [] };
  if (of.op === "variable") return { rule: "variable", formula: "x′ = 1", tree: number(1), parts: [] };
  const [a, b] = of.args;
  const both = b !== undefined && depends.has(a) && depends.has(b);
  if (of.op === "pow" && both) return generalPower(of, by);
  return structure(of, both, prime, (node) => depends.has(node)) ?? functions(of, prime);
}

/**
 * Sums, products, quotients and powers.
 * @param {Node} of
 * @param {boolean} both whether both arguments depend on the variable
 * @param {(one: Node) => Node} prime
 * @param {(one: Node) => boolean} depends
 * @returns {Step | null}
 */
function structure(of, both, prime, depends) {
  const [a, b] = of.args;
  const times = (/** @type {Node[]} */ ...factors) => factors.reduce((product, other) => apply("mul", product, other));
  switch (of.op) {
    case "add":
    case "sub":
      return { rule: "sum rule", formula: "(u + v)′ = u′ + v′", tree: apply(of.op, prime(a), prime(b)), parts: [a, b] };
    case "neg":
      return { rule: "constant factor", formula: "(−u)′ = −u′", tree: apply("neg", prime(a)), parts: [a] };
    case "mul": {
      if (both) return { rule: "product rule", formula: "(u·v)′ = u′·v + u·v′", tree: apply("add", times(prime(a), b), times(a, prime(b))), parts: [a, b] };
      const [fixed, inner] = depends(a) ? [b, a] : [a, b];
      return { rule: "constant factor", formula: "(c·u)′ = c·u′", tree: times(fixed, prime(inner)), parts: [inner] };
    }
    case "div": {
      if (!depends(b)) return { rule: "constant factor", formula: "(u/c)′ = u′/c", tree: apply("div", prime(a), b), parts: [a] };
      const below = node("pow", b, number(2));
      if (!depends(a)) {
        const above = apply("neg", times(a, prime(b)));
        return { rule: "reciprocal", formula: "(c/u)′ = −c·u′/u²", tree: apply("div", above, below), parts: [b] };
      }
      const above = apply("sub", times(prime(a), b), times(a, prime(b)));
      return { rule: "quotient rule", formula: "(u/v)′ = (u′·v − u·v′)/v²", tree: apply("div", above, below), parts: [a, b] };
    }
    case "pow":
      return powers(of, prime, depends);
    default:
      return null;
  }
}

/** @param {Node} of @param {number} by @returns {Step} */
function generalPower(of, by) {
  const [a, b] = of.args;
  const inner = derivative(node("mul", b, node("log", a)), by);
  return { rule: "general power", formula: "(uᵛ)′ = uᵛ·(v·ln u)′", tree: node("mul", of, inner), parts: [a, b] };
}

/**
 * @param {Node} of
 * @param {(one: Node) => Node} prime
 * @param {(one: Node) => boolean} depends
 * @returns {Step}
 */
function powers(of, prime, depends) {
  const [a, b] = of.args;
  if (depends(a)) {
    const outer = apply("mul", b, apply("pow", a, apply("sub", b, number(1))));
    const formula = a.op === "variable" ? "(xⁿ)′ = n·xⁿ⁻¹" : "(uⁿ)′ = n·uⁿ⁻¹·u′";
    return { rule: "power rule", formula, tree: apply("mul", outer, prime(a)), parts: a.op === "variable" ? [] : [a] };
  }
  const outer = apply("mul", of, apply("log", a));
  return { rule: "exponential", formula: "(aᵘ)′ = aᵘ·ln a·u′", tree: apply("mul", outer, prime(b)), parts: [b] };
}

/**
 * The chain rule for a function of one argument or several.
 * @param {Node} of
 * @param {(one: Node) => Node} prime
 * @returns {Step}
 */
function functions(of, prime) {
  const [name, formula] = FUNCTION_RULES[of.op] ?? [of.op, "f(u, v)′ = ∂f/∂u·u′ + ∂f/∂v·v′"];
  const isPlain = of.args.length === 1 && of.args[0].op === "variable";
  return { rule: isPlain ? name : `chain rule, ${name}`, formula, tree: chained(of, prime), parts: of.args.slice(0, 2) };
}
