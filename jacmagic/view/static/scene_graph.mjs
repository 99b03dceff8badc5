/**
 * The picture of a function of one number: its graph and tangent, or its curve and velocity.
 *
 * @typedef {import("./scene.mjs").Point} Point
 * @typedef {import("./slice.mjs").Slice} Slice of one input and one or two outputs
 */

import { sampleCurve } from "./curves.mjs";
import { showNumber } from "./format.mjs";
import { KINK, NEAR, SUDDEN } from "./kinks.mjs";
import { arrow, dot, line, panelAround, pointGrip } from "./scene.mjs";
import { whereOf } from "./slice.mjs";

const PIECES = 48; // at which the height of the frame is found
const TALLEST = 4; // times the tangent's rise, beyond which a graph is cut, or the other way round
const FRAME_MARGIN = 1.15; // of the frame around what it shows

/**
 * @param {Slice} map
 * @param {{radius: number, digits: number}} shown half the width of the interval
 * @returns {import("./scene.mjs").Scene}
 */
export function graphScene(map, { radius, digits }) {
  return map.outputs.length === 1 ? graph(map, radius, digits) : curve(map, radius, digits);
}

/**
 * @param {Slice} map
 * @param {number} radius
 * @param {number} digits
 */
function graph(map, radius, digits) {
  const { evaluate, centre: [centre], value: [y], jacobian: [[m]], inputs: [input], outputs, name } = map;
  const [low, high] = [centre - radius, centre + radius];
  const frame = { x: /** @type {[number, number]} */ ([low, high]), y: heights(evaluate, [low, high], y, m * radius) };
  const size = frame.y[1] - frame.y[0];
  const at = (/** @type {number} */ t) => low + t * (high - low);
  const scaled = (/** @type {Point} */ [x, height]) => /** @type {Point} */ ([((x - low) / (high - low)) * size, height]);
  const pieces = sampleCurve((t) => scaled([at(t), evaluate([at(t)])?.value[0] ?? NaN]), size);
  const unscaled = (/** @type {Point} */ [x, height]) => /** @type {Point} */ ([low + (x / size) * (high - low), height]);
  const [left, right] = sidesOf(evaluate, centre, radius) ?? [m, m];
  const tangents = /** @type {[Point, Point][]} */ ([
    [[low, y - left * radius], [centre, y]],
    [[high, y + right * radius], [centre, y]],
  ]);
  const hasTangents = Number.isFinite(left + right + y);
  const where = whereOf(map, digits);
  const slopes = [left, right].map((slope) => showNumber(slope, digits));
  const words = () => {
    if (!Number.isFinite(y)) return `; it has no tangent at ${where}`;
    if (Number.isNaN(m)) return `; its slope at ${where} is nan`;
    if (left === right) return ` and its tangent at ${where}, of slope ${slopes[0]}`;
    return ` and its one-sided tangents at the kink ${where}, of slopes ${slopes.join(" and ")}`;
  };
  return {
    panels: [
      {
        name: `${outputs[0]} over ${input}`,
        axes: /** @type {[string, string]} */ ([input, outputs[0]]),
        frame,
        shapes: [
          ...pieces.map((points) => line(points.map(unscaled), "function")),
          ...(hasTangents ? tangents.map((ends) => line(ends, "linear")) : []),
          dot([centre, y], "point"),
        ],
        grips: [pointGrip([centre, y])],
      },
    ],
    legend: /** @type {[string, string][]} */ ([["function", name], ...(hasTangents ? [["linear", left === right ? "tangent" : "one-sided tangents"]] : [])]),
    words: [`The graph of ${name}${words()}.`],
  };
}

/**
 * Slopes just left and right of the point, if they differ by more than the function bends there.
 * @param {Slice["evaluate"]} evaluate
 * @param {number} centre
 * @param {number} radius
 */
function sidesOf(evaluate, centre, radius) {
  const slope = (/** @type {number} */ by) => evaluate([centre + by * NEAR * radius])?.jacobian[0][0] ?? NaN;
  const [outer, left, right, beyond] = [slope(-2), slope(-1), slope(1), slope(2)];
  const bend = Math.max(Math.abs(left - outer), Math.abs(beyond - right));
  const jump = Math.abs(right - left);
  const isKink = jump > KINK * (Math.abs(left) + Math.abs(right)) && jump > SUDDEN * bend;
  return isKink ? [left, right] : null;
}

/**
 * The frame's ends: the graph, cut where it leaves far from the tangent.
 * @param {Slice["evaluate"]} evaluate
 * @param {[number, number]} ends
 * @param {number} y
 * @param {number} rise of the tangent
 * @returns {[number, number]}
 */
function heights(evaluate, [low, high], y, rise) {
  const heights = Array.from({ length: PIECES + 1 }, (_, k) => evaluate([low + ((high - low) * k) / PIECES])?.value[0] ?? NaN);
  const sorted = heights.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = Number.isFinite(y) ? y : (sorted[sorted.length >> 1] ?? 0);
  const widest = sorted.length ? Math.max(middle - sorted[0], sorted[sorted.length - 1] - middle) : 0;
  const slope = Number.isFinite(rise) ? Math.abs(rise) : 0;
  const tall = Math.max(slope / TALLEST, Math.min(widest, TALLEST * (slope || widest)));
  const half = FRAME_MARGIN * (tall > 0 ? tall : Math.max(Math.abs(middle), 1) / 2);
  return [middle - half, middle + half];
}

/**
 * @param {Slice} map
 * @param {number} radius
 * @param {number} digits
 */
function curve(map, radius, digits) {
  const { evaluate, centre: [centre], value, jacobian, inputs: [input], outputs, name } = map;
  const centreOf = /** @type {Point} */ ([value[0], value[1]]);
  const slope = jacobian.map(([row]) => row);
  const at = (/** @type {number} */ t) => {
    const outputs = evaluate([centre + (2 * t - 1) * radius])?.value;
    return outputs ? /** @type {Point} */ ([outputs[0], outputs[1]]) : null;
  };
  const speed = Math.hypot(slope[0], slope[1]);
  const rough = sampleCurve(at, Math.max(speed * radius, 1e-300)).flat();
  const reach = Math.max(...rough.flatMap((piece) => piece.map((x, k) => Math.abs(x - centreOf[k]))), speed * radius) || 1;
  const half = FRAME_MARGIN * Math.min(reach, TALLEST * speed * radius || reach);
  const tip = /** @type {Point} */ ([centreOf[0] + slope[0] * radius, centreOf[1] + slope[1] * radius]);
  const shapes = sampleCurve(at, half).map((points) => line(points, "function"));
  shapes.push(arrow(centreOf, tip, "linear", `∂/∂${input}`));
  return {
    panels: [panelAround(centreOf, half, outputs, shapes)],
    words: [
      `The curve of ${name} and its velocity at ${whereOf(map, digits)}: ` +
        `(${[slope[0], slope[1]].map((component) => showNumber(component, digits)).join(", ")}), of length ${showNumber(speed, digits)}.`,
    ],
  };
}
