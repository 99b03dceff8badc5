/**
 * Special functions in float64, after the NIST Digital Library of Mathematical Functions: I by its
 * series 10.25.2, J by Bessel's integral 10.9.2 and Hankel's expansion 10.17.3, ψ⁽ⁿ⁾ by 5.15.5 and 5.15.8,
 * lgamma by Stirling's expansion 5.11.1, erf by 7.6.2 and 7.9.3.
 */

const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510];

/** @param {number} x */
export function erf(x) {
  if (Math.abs(x) > 2) return Math.sign(x) * (1 - erfc(Math.abs(x)));
  let term = x;
  let total = x;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(total); k++) {
    term *= (2 * x * x) / (2 * k + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/** @param {number} x */
export function erfc(x) {
  if (Number.isNaN(x)) return NaN;
  if (x < 2) return x > 0.5 ? middleErfc(x) : 1 - erf(x);
  if (x > 27) return 0;
  let fraction = 0;
  for (let k = 120; k > 0; k--) fraction = k / 2 / (x + fraction);
  return squareExp(x) / (Math.sqrt(Math.PI) * (x + fraction));
}

/**
 * e^(−x²) without the rounding of x².
 * @param {number} x
 */
function squareExp(x) {
  const high = Math.round(x * 16) / 16;
  return Math.exp(-high * high) * Math.exp(-(x - high) * (x + high));
}

/**
 * erfc between 1/2 and 2 by the trapezoidal rule: 7.7.1 with its pole's correction.
 * @param {number} x
 */
function middleErfc(x) {
  const h = 0.4;
  let total = 0;
  for (let k = 1; k < 24; k++) total += Math.exp(-((k * h) ** 2)) / ((k * h) ** 2 + x * x);
  const sum = (2 * h * x * squareExp(x)) / Math.PI;
  return sum * (total + 1 / (2 * x * x)) - 2 / (Math.exp((2 * Math.PI * x) / h) - 1);
}

/** @param {number} x */
export function lgamma(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? NaN : Infinity;
  if (x <= 0 && Number.isInteger(x)) return Infinity;
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - lgamma(1 - x);
  let shift = 1;
  let y = x;
  for (; y < 16; y++) shift *= y;
  let total = (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI);
  BERNOULLI.forEach((b, k) => (total += b / ((2 * k + 2) * (2 * k + 1) * y ** (2 * k + 1))));
  return total - Math.log(shift);
}

/**
 * The n-th derivative of ψ by its recurrence and its expansion far out, 5.15.5 and 5.15.8.
 * @param {number} order
 * @param {number} x
 */
export function polygamma(order, x) {
  const n = Math.trunc(order);
  if (!Number.isFinite(x) || n > 100) return x === Infinity ? (n ? 0 : Infinity) : NaN;
  if (x <= 0 && Number.isInteger(x)) return n ? (n % 2 ? Infinity : -Infinity) : x ? NaN : -1 / x;
  if (x < -1e6) return NaN;
  let below = 0;
  let y = x;
  for (; y < 16 + n; y++) below += y ** -(n + 1);
  if (n === 0) {
    const tail = BERNOULLI.reduce((sum, b, k) => sum + b / ((2 * k + 2) * y ** (2 * k + 2)), 0);
    return Math.log(y) - 1 / (2 * y) - tail - below;
  }
  let factorial = 1;
  for (let k = 2; k <= n; k++) factorial *= k;
  let total = factorial / n / y ** n + factorial / (2 * y ** (n + 1));
  BERNOULLI.forEach((b, i) => {
    const k = 2 * i + 2;
    total += b * Math.exp(lgamma(k + n) - lgamma(k + 1) - (k + n) * Math.log(y));
  });
  return (n % 2 ? 1 : -1) * (total + factorial * below) + 0;
}

/**
 * Σ signᵏ (x/2)²ᵏ⁺ⁿ / (k! (k+n)!).
 * @param {number} order
 * @param {number} x
 * @param {number} sign
 */
function besselSeries(order, x, sign) {
  let term = (x / 2) ** order;
  let total = term;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(total); k++) {
    term *= (sign * (x / 2) ** 2) / (k * (k + order));
    total += term;
  }
  return total;
}

/**
 * The modified Bessel function I of order 0 or 1.
 * @param {number} order
 * @param {number} x
 */
export function besselI(order, x) {
  if (!Number.isFinite(x)) return NaN;
  if (Math.abs(x) > 713.9) return order ? Math.sign(x) * Infinity : Infinity;
  return besselSeries(order, x, 1) + 0; // no negative zero, as SciPy has none
}

/**
 * The Bessel function J of order 0 or 1: Bessel's integral by the trapezoidal rule, Hankel far out.
 * @param {number} order
 * @param {number} x
 */
export function besselJ(order, x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? NaN : 0;
  const size = Math.abs(x);
  if (!(size > 1)) return besselSeries(order, x, -1);
  const parity = order && x < 0 ? -1 : 1;
  if (size > 2000) return parity * (size < 1e15 ? hankel(order, size) : 0);
  const points = Math.floor(size) + 60;
  let total = 0;
  for (let k = 0; k < points; k++) {
    const angle = ((k + 0.5) * Math.PI) / points;
    total += Math.cos(order * angle - size * Math.sin(angle));
  }
  return (parity * total) / points;
}

/**
 * @param {number} order
 * @param {number} x
 */
function hankel(order, x) {
  const m = 4 * order ** 2;
  const phase = x - (order / 2 + 0.25) * Math.PI;
  const even = 1 - ((m - 1) * (m - 9)) / (2 * (8 * x) ** 2);
  const odd = (m - 1) / (8 * x) - ((m - 1) * (m - 9) * (m - 25)) / (6 * (8 * x) ** 3);
  return Math.sqrt(2 / (Math.PI * x)) * (Math.cos(phase) * even - Math.sin(phase) * odd);
}
