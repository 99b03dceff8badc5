/**
 * The picture of a number that depends on two: level lines, the gradient, and the axes of the Hessian.
 *
 * @typedef {import("./scene.mjs").Point} Point
 * @typedef {import("./slice.mjs").Slice} Slice of two inputs and one output
 */

import { levelLine, roundNumbers } from "./curves.mjs";
import { showNumber } from "./format.mjs";
import { isKink } from "./kinks.mjs";
import { arrow, circle, inputPanel, line, shift } from "./scene.mjs";
import { whereOf } from "./slice.mjs";

const CELLS = 48; // along a side of the grid that level lines are found on
const LEVELS = 12; // about how many lines are drawn
const ARROW_SHARE = 0.6; // of the window's half width
const SHORT_AXIS = 0.25; // of the window's half width: half the shorter axis of the conic
const LONGEST_AXIS = 0.9; // the same of an axis that is drawn
const FAR = 4; // half the axis of a conic that has no end
const BRANCH = 4; // where the parameter of a hyperbola ends, beyond the window
const BRANCH_PIECES = 96;
// A step of the differences of the gradient: ∛eps balances rounding and truncation.
const DIFFERENCE = Math.cbrt(Number.EPSILON);
const FLAT = 1e-6; // relative size of an eigenvalue that the differences cannot tell from zero

/**
 * @param {Slice} map
 * @param {{radius: number, digits: number}} shown half the window's width
 * @returns {import("./scene.mjs").Scene}
 */
export function levelScene(map, { radius, digits }) {
  const { evaluate, centre, value: [value], jacobian: [gradient], inputs, outputs: [output], name } = map;
  const coordinate = (/** @type {number} */ k) => radius * ((2 * k) / CELLS - 1);
  const range = Array.from({ length: CELLS + 1 }, (_, k) => k);
  const pointAt = (/** @type {number} */ j, /** @type {number} */ i) => shift(centre, [coordinate(j), coordinate(i)]);
  const heights = range.map((i) => range.map((j) => evaluate(pointAt(j, i))?.value[0] ?? NaN));
  const lines = levels(heights).flatMap((level) => levelLine(heights, level, pointAt).map((points) => line(points, "grid")));
  const own = levelLine(heights, value, pointAt).map((points) => line(points, "function"));
  const length = Math.hypot(gradient[0], gradient[1]);
  const bends = isKink((at) => evaluate(at)?.jacobian, centre, radius);
  const scale = length > 0 && Number.isFinite(length) && !bends ? (ARROW_SHARE * radius) / length : 0;
  const tip = shift(centre, [gradient[0] * scale, gradient[1] * scale]);
  const hessian = bends ? null : (map.hessian ?? differences(map, radius));
  const isOwn = own.some(({ points: [[a, b], [c, d]] }) => a !== c || b !== d); // more than the point
  const gradientArrow = scale ? [arrow(centre, tip, "linear", "∇")] : [];
  const shapes = [...lines, ...own, ...curvature(centre, hessian, radius, digits), ...gradientArrow];
  const show = (/** @type {number} */ number) => showNumber(number, digits);
  return {
    panels: [{ ...inputPanel(map, radius, shapes), name: `${output} over ${inputs.join(", ")}` }],
    legend: [
      ["function", `${output} = ${show(value)}`],
      ...(scale ? [/** @type {[string, string]} */ (["linear", "gradient"])] : []),
      ...(hessian?.flat().some(Boolean) ? [/** @type {[string, string]} */ (["quadratic", "|dxᵀ·H·dx| = const"])] : []),
    ],
    words: [
      `Level lines of ${name} around ${whereOf(map, digits)}; ${isOwn ? "the strong one is" : "here"} ${output} = ${show(value)}.`,
      slopeWords(map, digits, bends),
      ...(hessian ? [`The second derivatives have the eigenvalues ${eigen(hessian).map(([eigenvalue]) => show(eigenvalue)).join(" and ")}: ${kind(hessian)}.`] : []),
      ...(hessian?.flat().some(Boolean) ? [`Dotted: the ${shapeOf(hessian)} where |dxᵀ·H·dx| has one value, and the axes.`] : []),
    ],
  };
}

/**
 * @param {Slice} map
 * @param {number} digits
 * @param {boolean} bends
 */
function slopeWords({ jacobian: [gradient], outputs: [output] }, digits, bends) {
  const listed = gradient.map((component) => showNumber(component, digits)).join(", ");
  if (bends) return `At this kink ${output} has no single gradient.`;
  if (!gradient.every(Number.isFinite)) return `The gradient (${listed}) is not finite.`;
  if (!gradient.some(Boolean)) return "The gradient is 0: no direction is the steepest.";
  return `The gradient (${listed}) is orthogonal to it; its length, the steepest slope, is ${showNumber(Math.hypot(...gradient), digits)}.`;
}

/** @param {number[][]} heights */
function levels(heights) {
  const sorted = heights.flat().filter(Number.isFinite).sort((a, b) => a - b);
  if (!sorted.length) return [];
  const cut = Math.floor(sorted.length / 50); // a pole's heights would take all levels
  return roundNumbers(sorted[cut], sorted[sorted.length - 1 - cut], LEVELS);
}

/**
 * Second derivatives by central differences of the gradient. Those with half the step improve them
 * (Richardson); what is smaller than the change is 0.
 * @param {Slice} map
 * @param {number} radius
 */
function differences({ evaluate, centre }, radius) {
  const difference = (/** @type {number} */ k, /** @type {number} */ h) => {
    const step = /** @type {Point} */ (k ? [0, h] : [h, 0]);
    const [more, less] = [evaluate(shift(centre, step)), evaluate(shift(centre, [-step[0], -step[1]]))];
    return more && less ? more.jacobian[0].map((component, i) => (component - less.jacobian[0][i]) / (2 * h)) : [NaN, NaN];
  };
  const columns = centre.map((/** @type {number} */ at, /** @type {number} */ k) => {
    const h = DIFFERENCE * Math.max(Math.abs(at), radius);
    const [far, near] = [difference(k, h), difference(k, h / 2)];
    return near.map((entry, i) => {
      const extrapolated = entry + (entry - far[i]) / 3;
      return Math.abs(extrapolated) <= Math.abs(entry - far[i]) ? 0 : extrapolated;
    });
  });
  const cross = (columns[0][1] + columns[1][0]) / 2;
  const hessian = [[columns[0][0], cross], [cross, columns[1][1]]];
  return hessian.flat().every(Number.isFinite) ? hessian : null;
}

/**
 * Eigenvalues and unit eigenvectors of a symmetric 2 × 2 matrix, the larger first; 0 where the differences err.
 * @param {number[][]} a
 * @returns {[number, Point][]}
 */
export function eigen([[a, b], [, d]]) {
  const [mean, half] = [(a + d) / 2, (a - d) / 2];
  const root = Math.hypot(half, b);
  const angle = Math.atan2(b, half) / 2;
  const small = FLAT * (Math.abs(mean) + root);
  const [one, other] = [mean + root, mean - root].map((value) => (Math.abs(value) > small ? value : 0));
  return [
    [one, [Math.cos(angle), Math.sin(angle)]],
    [other, [-Math.sin(angle), Math.cos(angle)]],
  ];
}

/** @param {number[][]} hessian */
function kind(hessian) {
  const [[one], [other]] = eigen(hessian);
  if (other > 0) return "curved upwards in all directions";
  if (one < 0) return "curved downwards in all directions";
  if (one > 0 && other < 0) return "a saddle";
  return one || other ? "flat in a direction" : "flat in all directions";
}

/**
 * The conic dxᵀ·H·dx = ±c and its axes.
 * @param {Point} centre
 * @param {number[][] | null} hessian
 * @param {number} radius
 * @param {number} digits
 */
function curvature(centre, hessian, radius, digits) {
  if (!hessian || !hessian.flat().some(Boolean)) return [];
  const pairs = eigen(hessian);
  const strongest = Math.max(...pairs.map(([value]) => Math.abs(value)));
  const shares = pairs.map(([value]) => (value ? SHORT_AXIS * Math.sqrt(strongest / Math.abs(value)) : Infinity));
  const half = (/** @type {number} */ k, /** @type {number} */ most) =>
    /** @type {Point} */ (pairs[k][1].map((component) => Math.min(shares[k], most) * radius * component));
  const axes = pairs.map(([value], k) => {
    const [x, y] = half(k, LONGEST_AXIS);
    return line([shift(centre, [-x, -y]), shift(centre, [x, y])], "quiet", `λ${"₁₂"[k]} = ${showNumber(value, digits)}`);
  });
  return [...conic(centre, hessian, half(0, FAR), half(1, FAR)).map((points) => line(points, "quadratic")), ...axes];
}

/**
 * An ellipse, both hyperbolas, or two lines, from half axes.
 * @param {Point} centre
 * @param {number[][]} hessian
 * @param {Point} a
 * @param {Point} b
 */
function conic(centre, hessian, a, b) {
  const at = (/** @type {number} */ s, /** @type {number} */ t) => shift(centre, [s * a[0] + t * b[0], s * a[1] + t * b[1]]);
  const shape = shapeOf(hessian);
  if (shape === "ellipse") return [circle(centre, [a, b])];
  const signs = [-1, 1];
  if (shape === "pair of lines") {
    return signs.map((sign) => signs.map((end) => (eigen(hessian)[0][0] ? at(sign, end) : at(end, sign))));
  }
  const pairs = Array.from({ length: BRANCH_PIECES + 1 }, (_, k) => {
    const t = BRANCH * ((2 * k) / BRANCH_PIECES - 1);
    return [Math.cosh(t), Math.sinh(t)];
  });
  return [
    ...signs.map((sign) => pairs.map(([c, s]) => at(sign * c, s))),
    ...signs.map((sign) => pairs.map(([c, s]) => at(s, sign * c))),
  ];
}

/** @param {number[][]} hessian */
function shapeOf(hessian) {
  const [[one], [other]] = eigen(hessian);
  if (!one || !other) return "pair of lines";
  return one > 0 === other > 0 ? "ellipse" : "hyperbolas";
}
