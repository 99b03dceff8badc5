/**
 * The picture of a map of the plane: a square around the point, its image under f, and under f + J·dx.
 *
 * Close to the point both images coincide: that is what the Jacobian is. Lengths of both axes of a plane
 * are drawn to one scale, so that areas and angles are true.
 *
 * @typedef {import("./scene.mjs").Point} Point
 * @typedef {import("./slice.mjs").Slice} Slice of two inputs and two outputs
 */

import { sampleCurve } from "./curves.mjs";
import { showNumber } from "./format.mjs";
import { oneSided } from "./kinks.mjs";
import { singularValues, svd, times, transpose, volume } from "./linear.mjs";
import { area, around, arrow, circle, dot, gridEnds, line, shift, squareGrid } from "./scene.mjs";
import { singularLines, singularWords } from "./singular.mjs";
import { unitless } from "./units.mjs";

export const INFINITE = "J is not finite here: there is no linear part.";
const ROUNDED_SHARE = 1e-12; // of the image: what some thousand roundings of the function make
const SIDED = "f′(x; dx)"; // the one-sided derivative along dx
export const SQUARE_SHARE = 0.68; // of the window's half width
export const IMAGE_SHARE = 0.85; // the same of the image
const MAX_OVERSHOOT = 2.5; // of the curved image beyond the linear one, in the window

/**
 * @param {Slice} map
 * @param {{radius: number, step: Point, weight: Point, digits: number}} shown half the square's side;
 *   the vector dx and the covector w that are dragged, in units of the radius
 * @returns {import("./scene.mjs").Scene}
 */
export function mapScene(map, { radius, step, weight, digits }) {
  const { centre, value, jacobian } = map;
  const dx = /** @type {Point} */ (step.map((component) => component * radius));
  const image = /** @type {Point} */ (times(jacobian, dx));
  const reach = reachOf(map, radius);
  const sided = oneSided(map, radius);
  const singular = singularLines(map, radius / SQUARE_SHARE);
  const w = /** @type {Point} */ (weight.map((component) => component * reach));
  const pulled = fitted(/** @type {Point} */ (times(transpose(jacobian), w)), radius);
  const left = {
    name: map.inputs.join(", "),
    axes: map.inputs,
    frame: around(centre, [radius / SQUARE_SHARE, radius / SQUARE_SHARE]),
    shapes: [
      ...singular,
      ...squareGrid(centre, radius),
      line(circle(centre, [[radius, 0], [0, radius]]), "quiet"),
      arrow(centre, shift(centre, pulled), "cotangent", "Jᵀw"),
      arrow(centre, shift(centre, dx), "step", "dx"),
      dot(centre, "point"),
    ],
    grips: [
      { name: "point", label: "the point", at: centre },
      { name: "step", label: "the vector dx", at: shift(centre, dx) },
    ],
  };
  const right = {
    name: map.outputs.join(", "),
    axes: map.outputs,
    frame: around(value, [reach / IMAGE_SHARE, reach / IMAGE_SHARE]),
    shapes: [
      ...warped(map, radius, reach),
      ...(sided ? bent(value, sided, radius) : straight(map, radius, digits)),
      ...columnsOf(jacobian, radius).map((column, k) =>
        arrow(value, shift(value, column), "linear", `∂${map.name}/∂${unitless(map.inputs[k])}`),
      ),
      arrow(value, shift(value, w), "cotangent", "w"),
      arrow(value, shift(value, image), "step", "J·dx"),
      dot(value, "point"),
    ],
    grips: [{ name: "weight", label: "the covector w", at: shift(value, w) }],
  };
  const legend = /** @type {[string, string][]} */ ([
    ["function", map.name],
    ["linear", `${map.name} + ${sided ? SIDED : "J·dx"}`],
    ["step", "dx and J·dx"],
    ["cotangent", "w and Jᵀw"],
  ]);
  const lines = /** @type {[string, string][]} */ ([["zero", "det J = 0"], ["kink", "kink, where det J jumps"]]);
  legend.push(...lines.filter(([look]) => singular.some((shape) => shape.look === look)));
  const words = [...mapWords(map, radius, reach, digits, sided), ...singularWords(singular, map.name)];
  return { panels: [left, right], legend, words };
}

/**
 * Half the width of the linear image of the square; of the curved one where that is a little wider.
 * @param {Slice} map
 * @param {number} radius
 */
function reachOf({ evaluate, centre, value, jacobian }, radius) {
  const linear = Math.max(...jacobian.map((row) => radius * (Math.abs(row[0]) + Math.abs(row[1]))));
  const ends = squareGrid(centre, radius).flatMap(({ points }) => points);
  const images = ends.map((at) => evaluate(at)?.value).filter((at) => at?.every(Number.isFinite));
  const curved = Math.max(...images.map((at) => Math.max(...(at ?? []).map((component, k) => Math.abs(component - value[k])))), 0);
  const reach = linear ? Math.max(linear, Math.min(curved, MAX_OVERSHOOT * linear)) : curved;
  return reach > 0 && Number.isFinite(reach) ? reach : radius;
}

/**
 * The grid's image under the function.
 * @param {Slice} map
 * @param {number} radius
 * @param {number} reach
 */
function warped({ evaluate, centre }, radius, reach) {
  return gridEnds(radius).flatMap(([from, to]) => {
    /** @type {(t: number) => Point | null} */
    const curve = (t) => {
      const at = shift(centre, [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]);
      return evaluate(at)?.value ?? null;
    };
    return sampleCurve(curve, 2 * reach).map((points) => line(points, "function"));
  });
}

/**
 * The images of the square and the circle under f + J·dx, and the half axes of the latter.
 * @param {Slice} map
 * @param {number} radius
 * @param {number} digits
 */
function straight(map, radius, digits) {
  const { value, jacobian } = map;
  const ellipse = line(circle(value, columnsOf(jacobian, radius)), "linear");
  return [area(corners(map, radius), "linear"), ellipse, ...axes(value, jacobian, radius, digits)];
}

/**
 * The images of the square and the circle by one-sided derivatives.
 * @param {Point} value
 * @param {(by: number[]) => Point} sided
 * @param {number} radius
 */
function bent(value, sided, radius) {
  const round = circle([0, 0], [[radius, 0], [0, radius]]);
  const square = round.map(([x, y]) => [x, y].map((component) => (component * radius) / Math.max(Math.abs(x), Math.abs(y))));
  const image = (/** @type {number[]} */ by) => shift(value, sided(by));
  return [area(square.map(image), "linear"), line(round.map(image), "linear")];
}

/**
 * The image of the square's corners under f + J·dx.
 * @param {Slice} map
 * @param {number} radius
 */
function corners({ value, jacobian }, radius) {
  const ends = /** @type {Point[]} */ ([[-1, -1], [1, -1], [1, 1], [-1, 1]]);
  return ends.map((end) => shift(value, /** @type {Point} */ (times(jacobian, end.map((component) => component * radius)))));
}

/**
 * @param {number[][]} jacobian
 * @param {number} radius
 */
function columnsOf(jacobian, radius) {
  return /** @type {Point[]} */ (transpose(jacobian).map((column) => column.map((entry) => entry * radius)));
}

/**
 * The half axes of the ellipse: singular values along left singular vectors.
 * @param {Point} value
 * @param {number[][]} jacobian
 * @param {number} radius
 * @param {number} digits
 */
function axes(value, jacobian, radius, digits) {
  const { u } = svd(jacobian);
  return singularValues(jacobian).map((sigma, k) => {
    const end = shift(value, [-u[0][k] * sigma * radius, -u[1][k] * sigma * radius]);
    return line([value, end], "quiet", `σ${"₁₂"[k]} = ${showNumber(sigma, digits)}`);
  });
}

/**
 * A vector no longer than the square.
 * @param {Point} vector
 * @param {number} radius
 * @returns {Point}
 */
function fitted(vector, radius) {
  const length = Math.hypot(...vector);
  const factor = length > 0 ? (0.8 * radius) / length : 0;
  return [vector[0] * factor, vector[1] * factor];
}

/**
 * @param {Slice} map
 * @param {number} radius
 * @param {number} reach
 * @param {number} digits
 * @param {((by: number[]) => Point) | null} sided
 */
function mapWords(map, radius, reach, digits, sided) {
  const { jacobian, name, inputs } = map;
  const show = (/** @type {number} */ number) => showNumber(number, digits);
  const det = volume(jacobian);
  const turned = det < 0 ? "and turns them over" : "and keeps their orientation";
  const areas = det ? `multiplies areas by ${show(Math.abs(det))} ${turned}` : "flattens areas to a line or a point";
  const sigmas = singularValues(jacobian);
  const stretched = sigmas.map(show).join(" and ");
  const linear = [`J ${areas}: det J = ${show(det)}.`, `It takes a circle to an ellipse that is stretched by ${stretched}.`];
  const kink = `At this kink the derivatives ${SIDED} differ from side to side, and no single J describes ${name}.`;
  const apart = deviation(map, radius, sided ?? undefined) / reach;
  const apartWords = `In this square ${name} differs from its ${sided ? "one-sided" : "linear"} part by at most ${percent(apart)} of the image's half width.`;
  return [
    `A square of side ${show(2 * radius)} around (${inputs.join(", ")}) = (${map.centre.map(show).join(", ")}) ` +
      `and its image under ${name}, dashed under ${name} + ${sided ? SIDED : "J·dx"}.`,
    ...(sided ? [kink] : sigmas.length ? linear : [INFINITE]),
    ...(sided || sigmas.length ? [apartWords] : []),
  ];
}

/**
 * Largest distance between f and f + J·dx on the square's grid.
 * @param {Slice} map
 * @param {number} radius
 * @param {(by: number[]) => number[]} [along] derivative along a vector; J times it by default
 */
export function deviation({ evaluate, centre, value, jacobian }, radius, along = (by) => times(jacobian, by)) {
  const apart = gridEnds(radius).flatMap((ends) =>
    ends.map((end) => {
      const image = evaluate(shift(centre, end))?.value;
      const linear = shift(value, /** @type {Point} */ (along(end)));
      return image ? Math.hypot(image[0] - linear[0], image[1] - linear[1]) : 0;
    }),
  );
  return Math.max(0, ...apart.filter(Number.isFinite));
}

/**
 * A share in percent, 0 where it is smaller than what rounding makes.
 * @param {number} share
 */
export function percent(share) {
  return `${showNumber(share > ROUNDED_SHARE ? 100 * share : 0, 2)} %`;
}
