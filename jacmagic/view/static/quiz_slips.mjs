/**
 * Wrong rules of differentiation, in the words of `jacmagic/result/check/slips/rules.py`.
 *
 * For an operation r = g(a, b) with the derivatives a′ and b′ of its arguments, each line is a kind, what
 * was done, and the wrong r′ that comes of it. All are numbers at one point.
 *
 * @typedef {[kind: string, clause: string, value: number]} Line
 */

const root = (/** @type {number} */ x) => Math.sqrt(Math.abs(x));

/**
 * The wrong g′(a) of functions of one argument.
 * @type {Record<string, (r: number, a: number) => Line[]>}
 */
const SLOPES = {
  sin: (r) => [["wrong function", "with sin instead of cos", r], ["wrong function", "with −sin instead of cos", -r]],
  cos: (r, a) => [["sign", "without the minus sign of −sin", Math.sin(a)], ["wrong function", "with cos instead of −sin", r],
    ["wrong function", "with −cos instead of −sin", -r]],
  tan: (r, a) => [["sign", "as 1 − tan²", 1 - r * r], ["wrong rule", "as tan²", r * r], ["power", "as 1/cos, not squared", 1 / Math.cos(a)],
    ["power", "as cos²", Math.cos(a) ** 2], ["wrong rule", "as 1/tan", 1 / r]],
  exp: (r, a) => [["power", "by the power rule", a * Math.exp(a - 1)], ["ln and exp", "as a logarithm", 1 / a],
    ["sign", "with the exponent's other sign", 1 / r]],
  log: (r, a) => [["wrong rule", "as the logarithm itself", r], ["power", "as 1/u²", 1 / a ** 2], ["wrong rule", "as u", a],
    ["ln and exp", "as an exponential", Math.exp(a)], ["factor", "as 1/(u·ln 10), the logarithm of base 10", 1 / (a * Math.LN10)]],
  sqrt: (r, a) => [["factor", "without the 2 of 1/(2√u)", 1 / r], ["wrong rule", "as √u/2", r / 2], ["power", "as 1/(2u)", 0.5 / a],
    ["factor", "as 2/√u", 2 / r], ["power", "as 1/(2u√u)", 0.5 / (a * r)]],
  tanh: (r, a) => [["sign", "as 1 + tanh²", 1 + r * r], ["power", "as 1 − tanh", 1 - r], ["wrong rule", "as tanh²", r * r],
    ["variable", "as 1 − u²", 1 - a * a], ["power", "as 1/cosh, not squared", root(1 - r * r)]],
  sigmoid: (r, a) => [["sign", "as σ(1 + σ)", r * (1 + r)], ["missing term", "as σ²", r * r], ["wrong rule", "as 1 − σ", 1 - r],
    ["wrong rule", "as σ", r], ["power", "as 1 − σ²", 1 - r * r], ["variable", "as u(1 − u)", a * (1 - a)]],
  asin: (r, a) => [["sign", "as 1/√(1 + u²)", 1 / root(1 + a * a)], ["power", "without the root", 1 / (1 - a * a)],
    ["wrong rule", "as 1/sin²", 1 / Math.sin(a) ** 2]],
  acos: (r, a) => [["sign", "without the minus sign", 1 / root(1 - a * a)], ["power", "without the root", -1 / (1 - a * a)]],
  atan: (r, a) => [["sign", "as 1/(1 − u²)", 1 / (1 - a * a)], ["power", "as 1/√(1 + u²)", 1 / root(1 + a * a)],
    ["power", "as 1/(1 + u)", 1 / (1 + a)], ["wrong function", "as arcsin, 1/√(1 − u²)", 1 / root(1 - a * a)]],
  sinh: (r, a) => [["sign", "with a minus sign", -Math.cosh(a)], ["wrong function", "as sinh", r]],
  cosh: (r, a) => [["sign", "with a minus sign", -Math.sinh(a)], ["wrong function", "as cosh", r]],
  asinh: (r, a) => [["sign", "as 1/√(u² − 1)", 1 / root(a * a - 1)]],
  acosh: (r, a) => [["sign", "as 1/√(u² + 1)", 1 / root(a * a + 1)]],
  atanh: (r, a) => [["sign", "as 1/(1 + u²)", 1 / (1 + a * a)]],
  erf: (r, a) => [["factor", "without 2/√π", Math.exp(-a * a)], ["factor", "without the 2 of 2/√π", Math.exp(-a * a) / Math.sqrt(Math.PI)],
    ["sign", "as e^(u²)", (2 / Math.sqrt(Math.PI)) * Math.exp(a * a)]],
  abs: (r) => [["wrong rule", "as 1", 1], ["wrong rule", "as |u|", r]],
};

/**
 * Wrong derivatives of g(a), whose right slope is g′(a).
 * @param {string} op
 * @param {number} r
 * @param {number} a
 * @param {number} da
 * @param {number} slope
 * @returns {Line[]}
 */
function wrongFunctions(op, r, a, da, slope) {
  if (op === "neg") return [["sign", "without the minus sign", da]];
  const slopes = SLOPES[op]?.(r, a) ?? [];
  return [
    ["inner derivative", "without the inner derivative", slope],
    ["inner derivative", "at the inner derivative, instead of times it", atInner(op, da)],
    ["outer derivative", "without the outer derivative", da],
    ...slopes.map(([kind, clause, g]) => /** @type {Line} */ ([kind, clause, g * da])),
    ...slopes.map(([kind, clause, g]) => /** @type {Line} */ ([kind, clause, g])),
    ["sign", "with the other sign", -slope * da],
    ["inner derivative", "with a sum instead of a product of outer and inner derivative", slope + da],
    ["inner derivative", "divided by the inner derivative", slope / da],
  ];
}

/** @type {(op: string, da: number) => number} g′(a′), a frequent reading of the chain rule */
function atInner(op, da) {
  const slopes = /** @type {Record<string, (x: number) => number>} */ ({ sin: Math.cos, cos: (x) => -Math.sin(x), exp: Math.exp,
    log: (x) => 1 / x, sqrt: (x) => 0.5 / Math.sqrt(x) });
  return slopes[op]?.(da) ?? NaN;
}

/** @type {(r: number, a: number, b: number, da: number, db: number) => Line[]} */
function wrongProducts(r, a, b, da, db) {
  return [
    ["product rule", "as the product of the derivatives", da * db],
    ["product rule", "as u′v − uv′", da * b - a * db],
    ["product rule", "as uv′ − u′v", a * db - da * b],
    ["product rule", "as u′v alone", da * b],
    ["product rule", "as uv′ alone", a * db],
    ["product rule", "as u′ + v′", da + db],
    ["product rule", "as uv + u′v′", a * b + da * db],
    ["product rule", "as u′u + v′v", da * a + db * b],
    ["product rule", "as a quotient", (da * b - a * db) / b ** 2],
  ];
}

/** @type {(c: number, du: number, r: number) => Line[]} wrong derivatives of c·u */
function wrongMultiples(c, du, r) {
  return [
    ["factor", "without the constant factor", du],
    ["constant", "as if the constant factor became 0", 0],
    ["constant", "with the constant added instead of multiplied", c + du],
    ["constant", "with the constant's derivative as 1", du + r / c],
    ["constant", "by the product rule, with the constant kept as its own derivative", c * du + r],
  ];
}

/** @type {(a: number, b: number, db: number) => Line[]} wrong derivatives of a/v with a constant a */
function wrongReciprocals(a, b, db) {
  return [
    ["quotient rule", "without the minus sign", (a * db) / b ** 2],
    ["inner derivative", "without the inner derivative", -a / b ** 2],
    ["quotient rule", "as the reciprocal of the derivative", a / db],
    ["ln and exp", "as a logarithm", a * Math.log(Math.abs(b))],
    ["power", "as −1/v", (-a * db) / b],
    ["sign", "without the minus sign and the inner derivative", a / b ** 2],
  ];
}

/** @type {(r: number, a: number, b: number, da: number, db: number) => Line[]} */
function wrongQuotients(r, a, b, da, db) {
  const above = da * b - a * db;
  /** @type {Line[]} */
  const lines = [
    ["denominator", "with v instead of v² below", above / b],
    ["denominator", "without the denominator", above],
    ["denominator", "with v³ below", above / b ** 3],
  ];
  if (!db) return wrongMultiples(1 / b, da, r);
  if (!da) return [...lines, ...wrongReciprocals(a, b, db)];
  return [
    ["quotient rule", "with the other order, uv′ − u′v", -above / b ** 2],
    ["quotient rule", "with a plus sign, u′v + uv′", (da * b + a * db) / b ** 2],
    ...lines,
    ["denominator", "with 1/v instead of 1/v² in the second term", da / b - (a * db) / b],
    ["quotient rule", "as the quotient of the derivatives", da / db],
    ["quotient rule", "as u′/v alone", da / b],
    ["quotient rule", "as −uv′/v² alone", (-a * db) / b ** 2],
    ["denominator", "with 1/v² in the first term", (da - a * db) / b ** 2],
    ["quotient rule", "with u and v exchanged", above / a ** 2],
    ["denominator", "with (v′)² below", above / db ** 2],
    ["product rule", "as a product, u′v + uv′", da * b + a * db],
  ];
}

/** @type {(r: number, a: number, b: number, da: number) => Line[]} */
function wrongPowers(r, a, b, da) {
  return [
    ["inner derivative", "without the inner derivative", b * a ** (b - 1)],
    ["power", "without the exponent as a factor", a ** (b - 1) * da],
    ["power", "with the exponent not lowered", b * a ** b * da],
    ["power", "with the lowered exponent as a factor", (b - 1) * a ** (b - 1) * da],
    ["power", "with the exponent lowered by two", b * a ** (b - 2) * da],
    ["power", "with the exponent raised", b * a ** (b + 1) * da],
    ["power", "with exponent and factor raised", (b + 1) * a ** b * da],
    ["power", "as an integral", (a ** (b + 1) / (b + 1)) * da],
    ["sign", "with the other sign", -b * a ** (b - 1) * da],
    ["outer derivative", "without the outer derivative", da],
    ["power", "as the power of the derivative", da ** b],
    ["inner derivative", "at the inner derivative, instead of times it", b * da ** (b - 1)],
    ["power", "as an exponential", Math.log(Math.abs(a)) * a ** b * da],
    ["power", "without the exponent and the inner derivative", a ** (b - 1)],
    ["power", "with the exponent not lowered, and without the inner derivative", b * a ** b],
  ];
}

/** @type {(r: number, a: number, b: number, db: number) => Line[]} */
function wrongExponentials(r, a, b, db) {
  return [
    ["factor", "without ln of the base", r * db],
    ["power", "by the power rule", b * a ** (b - 1) * db],
    ["inner derivative", "without the inner derivative", r * Math.log(Math.abs(a))],
  ];
}

/** @type {(r: number, a: number, b: number, da: number, db: number) => Line[]} */
function wrongAngles(r, a, b, da, db) {
  const below = a * a + b * b;
  const above = b * da - a * db;
  return [
    ["sign", "with the other sign", -above / below],
    ["sign", "as (xy′ + yx′)/(x² + y²)", (b * da + a * db) / below],
    ["variable", "with x and y exchanged", (a * da - b * db) / below],
    ["variable", "with x and y exchanged, both plus", (a * da + b * db) / below],
    ["power", "over √(x² + y²)", above / Math.sqrt(below)],
    ["denominator", "without the denominator", above],
    ["power", "over (x² + y²)²", above / below ** 2],
    ["sign", "over x² − y²", above / (b * b - a * a)],
  ];
}

/** @type {(op: string, da: number, db: number) => Line[]} */
function wrongSums(op, da, db) {
  const sign = op === "add" ? 1 : -1;
  return [
    ["sign", "with the second term's other sign", da - sign * db],
    ["sign", "with the first term's other sign", -da + sign * db],
    ["product rule", "as the product of the derivatives", da * db],
    ["missing term", "without its first term", sign * db],
    ["missing term", "without its second term", da],
  ];
}

/**
 * The wrong derivatives of one operation at one point.
 * @param {string} op
 * @param {number} r
 * @param {number[]} args
 * @param {number[]} slopes derivatives of the arguments; 0 where they do not depend on the variable
 * @param {number[]} partials of the operation
 * @returns {Line[]}
 */
export function wrongRules(op, r, args, slopes, partials) {
  const [a, b] = args;
  const [da, db] = slopes;
  if (op === "add" || op === "sub") return wrongSums(op, da, db);
  if (op === "mul") return da && db ? wrongProducts(r, a, b, da, db) : wrongMultiples(da ? b : a, da || db, r);
  if (op === "div") return wrongQuotients(r, a, b, da, db);
  if (op === "pow") {
    if (!db) return wrongPowers(r, a, b, da);
    return da ? [] : wrongExponentials(r, a, b, db);
  }
  if (op === "atan2") return wrongAngles(r, a, b, da, db);
  return args.length === 1 ? wrongFunctions(op, r, a, da, partials[0]) : [];
}
