/**
 * The picture of a map of the plane: a square around the point, its image under f, and under f + J·dx.
 *
 * Close to the point both images coincide: that is what the Jacobian is. Lengths of both axes of a plane
 * are drawn to one scale, so that areas and angles are true.
 *
 * @typedef {import("./scene.mjs").Point} Point
 * @typedef {import("./slice.mjs").Slice} Slice of two inputs and two outputs
 */

import { showNumber } from "./format.mjs";
import { oneSided } from "./kinks.mjs";
import { bentLines, deviation, extents, SQUARE_SHARE, squarePanel } from "./lattice.mjs";
import { singularValues, svd, times, transpose, volume } from "./linear.mjs";
import { area, arrow, circle, line, panelAround, shift } from "./scene.mjs";
import { singularLines, singularWords } from "./singular.mjs";
import { whereOf } from "./slice.mjs";
import { unitless } from "./units.mjs";

export const INFINITE = "J is not finite here: there is no linear part.";
const ROUNDED_SHARE = 1e-12; // of the image: what some thousand roundings of the function make
const SIDED = "f′(x; dx)"; // the one-sided derivative along dx
export const IMAGE_SHARE = 0.85; // of the window's half width

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
  const reach = extents(map, radius)((by) => Math.max(...by.map(Math.abs))) || radius;
  const sided = oneSided(map, radius);
  const singular = singularLines(map, radius / SQUARE_SHARE);
  const w = /** @type {Point} */ (weight.map((component) => component * reach));
  const pulled = fitted(/** @type {Point} */ (times(transpose(jacobian), w)), radius);
  const ring = line(circle(centre, [[radius, 0], [0, radius]]), "quiet");
  const pulledBack = arrow(centre, shift(centre, pulled), "cotangent", "Jᵀw");
  const left = squarePanel(map, radius, dx, { below: singular, above: [ring, pulledBack] });
  const images = [
    ...bentLines(map, radius, ([x, y]) => shift(value, [x, y]), 2 * reach),
    ...(sided ? bent(value, sided, radius) : straight(map, radius, digits)),
    ...columnsOf(jacobian, radius).map((column, k) =>
      arrow(value, shift(value, column), "linear", `∂${map.name}/∂${unitless(map.inputs[k])}`),
    ),
    arrow(value, shift(value, w), "cotangent", "w"),
    arrow(value, shift(value, image), "step", "J·dx"),
  ];
  const grip = { name: "weight", label: "the covector w", at: shift(value, w) };
  const right = panelAround(value, reach / IMAGE_SHARE, map.outputs, images, [grip]);
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
  const { jacobian, name } = map;
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
    `A square of side ${show(2 * radius)} around ${whereOf(map, digits)} ` +
      `and its image under ${name}, dashed under ${name} + ${sided ? SIDED : "J·dx"}.`,
    ...(sided ? [kink] : sigmas.length ? linear : [INFINITE]),
    ...(sided || sigmas.length ? [apartWords] : []),
  ];
}

/**
 * A share in percent, 0 where it is smaller than what rounding makes.
 * @param {number} share
 */
export function percent(share) {
  return `${showNumber(share > ROUNDED_SHARE ? 100 * share : 0, 2)} %`;
}
