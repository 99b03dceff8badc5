/**
 * The picture of ẋ = f(x): the vector field, orbits through some points, and the eigenvalues of J.
 *
 * @typedef {import("./scene.mjs").Point} Point
 * @typedef {import("./slice.mjs").Slice} Slice
 */

import { showNumber } from "./format.mjs";
import { isKink } from "./kinks.mjs";
import { arrow, dot, inputPanel, line, shift } from "./scene.mjs";
import { INFINITE } from "./scene_map.mjs";

const ARROWS = 11; // along a side
const ORBITS = 5; // along a side, that start on a grid
const ORBIT_STEPS = 90; // each way, of a fiftieth of the window
const NEWTON_STEPS = 90; // to a zero of multiplicity k they get nearer by the factor 1 − 1/k
// Relative, of the Jacobian's singular values: of a line of zeros, Newton's finds one. As it stops at
// smaller ones, equilibria and their eigenvalues are known to this share of the usual ones.
const DAMPING = 1e-7;
const APART = 1e-5; // of the radius: equilibria that are nearer are one
const SMALL_FIELD = 1e-9; // of the field's usual size: the residual at a zero
const BESIDE = [[1, 0.7], [-0.7, 1], [-1, -0.7], [0.7, -1]]; // directions in which there may be another equilibrium
const NEXT = 0.01; // of the radius: how far away it is searched
const EXACT = 4 * Number.EPSILON; // relative rounding of eigenvalues of a 2 × 2 matrix
const SEARCHES = 5; // along a side: points from which equilibria are searched

/**
 * @param {Slice} map
 * @param {{radius: number, digits: number}} shown half the window's width
 * @returns {import("./scene.mjs").Scene}
 */
export function fieldScene(map, { radius, digits }) {
  const { centre, jacobian, name } = map;
  const show = (/** @type {number} */ number) => showNumber(number, digits);
  const rest = equilibria(map, radius).map((at) => ({ at, kind: kindAt(map, at, radius, digits) }));
  const named = rest.filter(({ kind }) => kind).map(({ at, kind }) => `At (${at.map(show).join(", ")}): ${kind}.`);
  const others = `${named.length ? "Other" : "These"} equilibria are not isolated.`;
  const marked = rest.length ? "dots mark equilibria" : "no equilibrium was found in this window";
  const result =
    `At the point: divergence ${show(jacobian[0][0] + jacobian[1][1])}, curl ${show(jacobian[1][0] - jacobian[0][1])}, ` +
    `eigenvalues ${eigenvalues(jacobian, digits)}.`;
  const shapes = [
    ...grid(ORBITS, radius, centre).map((from) => line(orbit(map, from, radius), "function")),
    ...field(map, radius),
    ...rest.map(({ at, kind }) => dot(at, "zero", kind.split(",")[0])),
  ];
  return {
    panels: [{ ...inputPanel(map, radius, shapes), name: `ẋ = ${name}(x)` }],
    words: [
      `The vector field of ${name} with orbits${map.isKnown === false ? "" : `; ${marked}`}.`,
      ...named,
      ...(named.length < rest.length ? [others] : []),
      jacobian.flat().every(Number.isFinite) ? result : INFINITE,
    ],
  };
}

/**
 * @param {number} count along a side
 * @param {number} radius
 * @param {Point} centre
 * @returns {Point[]}
 */
function grid(count, radius, centre) {
  const steps = Array.from({ length: count }, (_, k) => 0.9 * radius * ((2 * k) / (count - 1) - 1));
  return steps.flatMap((y) => steps.map((x) => shift(centre, [x, y])));
}

/**
 * Arrows of one length; the field's direction is what an arrow shows.
 * @param {Slice} map
 * @param {number} radius
 */
function field({ evaluate, centre }, radius) {
  const half = radius / ARROWS;
  return grid(ARROWS, radius, centre).flatMap((from) => {
    const way = direction(evaluate, from)?.map((component) => component * half);
    return way ? [arrow(shift(from, [-way[0], -way[1]]), shift(from, [way[0], way[1]]), "grid")] : [];
  });
}

/**
 * The field's direction, of length 1; null where it has none.
 * @param {Slice["evaluate"]} evaluate
 * @param {Point} at
 * @returns {Point | null}
 */
function direction(evaluate, at) {
  const way = evaluate(at)?.value;
  const length = way ? Math.hypot(...way) : 0;
  return length > 0 && Number.isFinite(length) ? [way[0] / length, way[1] / length] : null;
}

/**
 * An orbit through a point, each way, by the midpoint rule in arc length.
 * @param {Slice} map
 * @param {Point} from
 * @param {number} radius
 */
function orbit({ evaluate, centre }, from, radius) {
  const follow = (/** @type {number} */ step) => {
    const points = [];
    let at = from;
    for (let k = 0; k < ORBIT_STEPS; k++) {
      const first = direction(evaluate, at);
      const middle = first && direction(evaluate, shift(at, [(first[0] * step) / 2, (first[1] * step) / 2]));
      if (!middle) break;
      at = shift(at, [middle[0] * step, middle[1] * step]);
      if (Math.max(Math.abs(at[0] - centre[0]), Math.abs(at[1] - centre[1])) > radius) break;
      points.push(at);
    }
    return points;
  };
  return [...follow(-radius / 50).reverse(), from, ...follow(radius / 50)];
}

/**
 * Zeros of the field in the window, by Newton's method from a grid of points.
 * @param {Slice} map
 * @param {number} radius
 */
export function equilibria({ evaluate, centre }, radius) {
  const zeros = /** @type {Point[]} */ ([]);
  const small = SMALL_FIELD * usualSize({ evaluate, centre }, radius);
  for (const start of grid(SEARCHES, radius, centre)) {
    const at = newton(evaluate, start, radius, small);
    if (!at || Math.max(Math.abs(at[0] - centre[0]), Math.abs(at[1] - centre[1])) > radius) continue;
    if (!zeros.some((zero) => Math.hypot(zero[0] - at[0], zero[1] - at[1]) < APART * radius)) zeros.push(at);
  }
  return zeros;
}

/**
 * The median length of the field where equilibria are searched.
 * @param {Pick<Slice, "evaluate" | "centre">} map
 * @param {number} radius
 */
function usualSize({ evaluate, centre }, radius) {
  const lengths = grid(SEARCHES, radius, centre).map((at) => Math.hypot(...(evaluate(at)?.value ?? [NaN])));
  const sizes = lengths.filter(Number.isFinite).sort((a, b) => a - b);
  return sizes[sizes.length >> 1] ?? 0;
}

/**
 * @param {Slice["evaluate"]} evaluate
 * @param {Point} start
 * @param {number} radius
 * @param {number} small size of the field that counts as zero
 * @returns {Point | null}
 */
function newton(evaluate, start, radius, small) {
  let at = start;
  let length = Infinity;
  for (let k = 0; k < NEWTON_STEPS; k++) {
    const jet = evaluate(at);
    if (!jet) return null;
    if (jet.value.every((component) => component === 0) || length < 1e-10 * radius) {
      const zero = /** @type {Point} */ (at.map((component) => (Math.abs(component) < DAMPING * radius ? 0 : component)));
      const isZero = evaluate(zero)?.value.every(Number.isFinite); // no pole that has been approached along an axis
      return isZero && Math.hypot(...jet.value) <= small ? zero : null;
    }
    const unit = Math.max(...jet.jacobian.flat().map(Math.abs)) || 1; // squares of huge entries have no numbers
    const [[a, b], [c, d], [u, v]] = [...jet.jacobian, jet.value].map((row) => row.map((entry) => entry / unit));
    const damping = DAMPING ** 2 * (a * a + b * b + c * c + d * d);
    const [p, q, r] = [a * a + c * c + damping, a * b + c * d, b * b + d * d + damping];
    const [x, y, det] = [a * u + c * v, b * u + d * v, p * r - q * q];
    const step = /** @type {Point} */ ([(q * y - r * x) / det, (q * x - p * y) / det]);
    length = Math.hypot(...step);
    if (!Number.isFinite(length)) return null;
    at = shift(at, step);
  }
  return null;
}

/**
 * The kind of an equilibrium and its eigenvalues; "" where it is not isolated.
 * @param {Slice} map
 * @param {Point} at an equilibrium
 * @param {number} radius
 * @param {number} digits
 */
function kindAt(map, at, radius, digits) {
  const [there, size] = [map.evaluate(at)?.jacobian, usualSize(map, radius)];
  if (!there?.flat().every(Number.isFinite)) return "J is not finite";
  const small = (DAMPING * size) / radius; // rows and columns that vanish at a zero of higher order
  const vanishes = (/** @type {number[]} */ entries) => entries.every((entry) => Math.abs(entry) <= small);
  const isLost = (/** @type {number} */ i, /** @type {number} */ j) => vanishes(there[i]) || vanishes(there.map((row) => row[j]));
  const kind = describe(there.map((row, i) => row.map((entry, j) => (isLost(i, j) ? 0 : entry))), digits);
  const isSmooth = !isKink((beside) => map.evaluate(beside)?.jacobian, at, radius);
  if ((kind.startsWith("degenerate") || !isSmooth) && hasOthers(map, at, radius, SMALL_FIELD * size)) return "";
  return isSmooth ? kind : "at a kink";
}

/**
 * Whether other equilibria lie right beside one.
 * @param {Slice} map
 * @param {Point} at
 * @param {number} radius
 * @param {number} small size of the field that counts as zero
 */
function hasOthers({ evaluate }, at, radius, small) {
  return BESIDE.some(([x, y]) => {
    const zero = newton(evaluate, shift(at, [NEXT * radius * x, NEXT * radius * y]), radius, small);
    const apart = zero ? Math.hypot(zero[0] - at[0], zero[1] - at[1]) / radius : 0;
    return apart > NEXT / 4 && apart < 2 * NEXT;
  });
}

/**
 * Eigenvalues of a 2 × 2 matrix: real and imaginary part of each, 0 where they are as small as the rounding.
 * @param {number[][]} matrix
 * @param {number} rounding relative to the largest entry
 * @returns {[[number, number], [number, number]]}
 */
function eigenvaluesOf(matrix, rounding) {
  const unit = Math.max(...matrix.flat().map(Math.abs)) || 1;
  const [[a, b], [c, d]] = matrix.map((row) => row.map((entry) => entry / unit));
  const [mean, square] = [(a + d) / 2, ((a - d) / 2) ** 2 + b * c];
  const root = Math.sqrt(Math.abs(square));
  if (square < 0) {
    const [one, other] = [mean, root].map((part) => (Math.abs(part) <= rounding ? 0 : part * unit));
    return [[one, other], [one, -other]];
  }
  const large = mean + (mean < 0 ? -root : root);
  if (Math.abs(large) <= rounding) return [[0, 0], [0, 0]];
  const isSingular = Math.abs(a * d - b * c) <= rounding * (Math.abs(a * d) + Math.abs(b * c));
  const both = [large * unit, isSingular ? 0 : ((a * d - b * c) / large) * unit]; // det/λ keeps the digits of the smaller
  return [[Math.max(...both), 0], [Math.min(...both), 0]];
}

/**
 * @param {number[][]} a
 * @param {number} digits
 * @param {number} rounding
 */
function eigenvalues(a, digits, rounding = EXACT) {
  const [[real, imaginary], [other]] = eigenvaluesOf(a, rounding);
  if (!imaginary) return `${showNumber(real, digits)} and ${showNumber(other, digits)}`;
  return `${showNumber(real, digits)} ± ${showNumber(imaginary, digits)} i`;
}

/**
 * The kind of an equilibrium.
 * @param {number[][]} a
 * @param {number} digits
 */
export function describe(a, digits) {
  const [[real, imaginary], [other]] = eigenvaluesOf(a, DAMPING);
  const kind = () => {
    if (imaginary) return !real ? "centre of the linear part" : real < 0 ? "stable spiral" : "unstable spiral";
    if (!real || !other) return "degenerate";
    if (real > 0 && other < 0) return "saddle";
    return real < 0 ? "stable node" : "unstable node";
  };
  return `${kind()}, λ = ${eigenvalues(a, digits, DAMPING)}`;
}
