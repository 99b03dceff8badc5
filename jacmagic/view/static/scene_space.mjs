/**
 * The picture of a map into space, seen by a camera that turns: of one input a curve and its velocity, of
 * two a piece of a surface and the parallelogram J·dx in its tangent plane, of three a cube's image and
 * the parallelepiped J·dx.
 *
 * @typedef {import("./scene.mjs").Point} Point
 * @typedef {number[]} Vector3
 * @typedef {import("./slice.mjs").Slice} Slice of one to three inputs and three outputs
 * @typedef {{right: Vector3, up: Vector3}} Camera unit vectors of the screen
 */

import { showNumber } from "./format.mjs";
import { bentLines, deviation, extents, lattice, squarePanel } from "./lattice.mjs";
import { singularValues, times, transpose, volume } from "./linear.mjs";
import { area, around, arrow, dot, line, pointGrip } from "./scene.mjs";
import { percent } from "./scene_map.mjs";
import { whereOf } from "./slice.mjs";
import { unitless } from "./units.mjs";

const MAX_ASPECT = 5; // of the image's extents, beyond which each axis has a scale of its own
const SPACE_FRAME = 1.3; // half the window, times the image's largest distance from the point
const BOX_SHARE = 0.75; // of that distance: half a side of the box whose edges are the axes
const CUBE_BOX = 1.25; // half the box around the cube before it is mapped, times half the cube's side

/**
 * A camera that looks at the origin from far away.
 * @param {number} turn degrees around the vertical axis
 * @param {number} tilt degrees above the horizontal plane
 * @returns {Camera & {away: Vector3}} away points to the camera
 */
export function cameraOf(turn, tilt) {
  const [a, e] = [turn, tilt].map((degrees) => (degrees * Math.PI) / 180);
  return {
    right: [-Math.sin(a), Math.cos(a), 0],
    up: [-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e)],
    away: [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)],
  };
}

/**
 * @param {Slice} map
 * @param {{radius: number, digits: number, step: number[], turn: number, tilt: number}} shown
 * @returns {import("./scene.mjs").Scene}
 */
export function spaceScene(map, { radius, digits, step, turn, tilt }) {
  const camera = cameraOf(turn, tilt);
  const { centre, value, jacobian, name, inputs } = map;
  const units = unitsOf(map, radius);
  const seen = (/** @type {Vector3} */ by) => project(camera, by.map((component, k) => component / units[k]));
  const columns = transpose(jacobian).map((column) => column.map((entry) => entry * radius));
  const dx = /** @type {Point} */ (step.map((component) => component * radius));
  const isSurface = centre.length === 2;
  const right = {
    ...scenery(map.outputs, value, units.map((unit) => BOX_SHARE * unit), camera, digits),
    name: map.outputs.join(", "),
    frame: around([0, 0], SPACE_FRAME),
    grips: [],
  };
  right.shapes.push(
    ...bentLines(map, radius, seen, 2),
    ...faces(columns).map((corners) => area(corners.map(seen), "linear")),
    ...columns.map((column, k) => arrow([0, 0], seen(column), "linear", `∂${name}/∂${unitless(inputs[k])}`)),
    ...(isSurface ? [arrow([0, 0], seen(times(jacobian, dx)), "step", "J·dx")] : []),
    dot([0, 0], "point"),
  );
  const legend = /** @type {[string, string][]} */ ([["function", name], ["linear", centre.length === 1 ? "velocity" : `${name} + J·dx`]]);
  if (isSurface) legend.push(["step", "dx and J·dx"]);
  const left = isSurface ? [squarePanel(map, radius, dx)] : centre.length === 3 ? [cubePanel(map, radius, camera, digits)] : [];
  return { panels: [...left, right], legend, words: spaceWords(map, radius, units, digits) };
}

/** @type {(camera: Camera, by: Vector3) => Point} */
const project = ({ right, up }, by) => [inner(right, by), inner(up, by)];

/** @type {(a: number[], b: number[]) => number} */
const inner = (a, b) => a.reduce((sum, component, k) => sum + component * b[k], 0);

/**
 * Three edges of a box as axes: those that meet far from the camera, at the bottom.
 * @param {string[]} labels
 * @param {number[]} centre
 * @param {number[]} sides half the box's, along each axis
 * @param {Camera & {away: Vector3}} camera
 * @param {number} digits
 */
function scenery(labels, centre, sides, camera, digits) {
  const corner = camera.away.map((component, k) => (k === 2 || component > 0 ? -1 : 1) * BOX_SHARE);
  const shapes = labels.map((label, k) => {
    const end = corner.map((component, j) => (j === k ? -component : component));
    const text = `${label} = ${showNumber(centre[k] + Math.sign(end[k]) * sides[k], digits)}`;
    return line([project(camera, corner), project(camera, end)], "axis", text);
  });
  return { axes: /** @type {[string, string]} */ (["", ""]), shapes, turns: true };
}

/**
 * The unit of the cube's picture.
 * @param {number} radius half the cube's side
 */
export function cubeUnit(radius) {
  return (CUBE_BOX / BOX_SHARE) * radius;
}

/**
 * The cube before it is mapped.
 * @param {Slice} map
 * @param {number} radius
 * @param {Camera & {away: Vector3}} camera
 * @param {number} digits
 */
function cubePanel({ centre, inputs }, radius, camera, digits) {
  const panel = scenery(inputs, centre, [1, 1, 1].map(() => CUBE_BOX * radius), camera, digits);
  const seen = (/** @type {Vector3} */ by) => project(camera, by.map((component) => component / cubeUnit(radius)));
  panel.shapes.push(...lattice(3, radius).map((ends) => line(ends.map(seen), "grid")), dot([0, 0], "point"));
  return { ...panel, name: inputs.join(", "), frame: around([0, 0], SPACE_FRAME), grips: [pointGrip([0, 0])] };
}

/**
 * Outlines of the linear image: none of a curve, a parallelogram, or the sides of a parallelepiped.
 * @param {Vector3[]} columns of J, times half the side
 */
function faces(columns) {
  const sum = (/** @type {number[]} */ signs) => [0, 1, 2].map((i) => signs.reduce((total, sign, k) => total + sign * columns[k][i], 0));
  const around = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
  if (columns.length < 3) return columns.length === 2 ? [around.map(sum)] : [];
  return [0, 1, 2].flatMap((axis) =>
    [-1, 1].map((side) => around.map((signs) => sum([...signs.slice(0, axis), side, ...signs.slice(axis)]))),
  );
}

/**
 * The unit of each axis of the image: its largest distance from the point, the same on all axes unless
 * the image would be a needle or a leaf. The curved image counts where it is a little larger.
 * @param {Slice} map
 * @param {number} radius
 */
function unitsOf(map, radius) {
  const extent = extents(map, radius);
  const own = [0, 1, 2].map((k) => extent((by) => Math.abs(by[k])));
  const largest = Math.max(...own);
  const isThin = largest > MAX_ASPECT * Math.min(...own.map((size) => size || largest));
  const scales = own.map((size) => (isThin && size ? size : largest || radius));
  const size = extent((by) => Math.hypot(...by.map((component, k) => component / scales[k]))) || 1;
  return scales.map((scale) => scale * size);
}

/**
 * @param {Slice} map
 * @param {number} radius
 * @param {number[]} units
 * @param {number} digits
 */
function spaceWords(map, radius, units, digits) {
  const { jacobian, name, centre } = map;
  const show = (/** @type {number} */ number) => showNumber(number, digits);
  const at = whereOf(map, digits);
  const share = `${percent(deviation(map, radius, undefined, units))} of the image's half width`;
  const scaled = units.every((unit) => unit === units[0]) ? [] : ["Each axis of the image has a scale of its own."];
  const sigmas = singularValues(jacobian);
  const stretched = sigmas.length ? [`The singular values are ${sigmas.map(show).join(", ")}.`] : [];
  if (centre.length === 1) {
    const velocity = jacobian.map(([slope]) => slope);
    return [
      `The curve of ${name} in space and its velocity at ${at}: ` +
        `(${velocity.map(show).join(", ")}), of length ${show(Math.hypot(...velocity))}.`,
    ];
  }
  if (centre.length === 2) {
    const areas = sigmas.length ? [`J multiplies areas by ${show(sigmas[0] * sigmas[1])}, the root of det JᵀJ.`] : [];
    return [
      `A square of side ${show(2 * radius)} around ${at} and its image under ${name}, a piece of a surface, ` +
        `dashed under ${name} + J·dx, a parallelogram in the tangent plane.`,
      ...areas,
      ...stretched,
      `In this square ${name} differs from its linear part by at most ${share}.`,
      ...scaled,
    ];
  }
  const det = volume(jacobian);
  const turned = det < 0 ? "and reverses their orientation" : "and keeps their orientation";
  const volumes = det ? `multiplies volumes by ${show(Math.abs(det))} ${turned}` : "flattens volumes to a plane, a line or a point";
  return [
    `A cube of side ${show(2 * radius)} around ${at} and its image under ${name}, ` +
      `dashed under ${name} + J·dx, a parallelepiped.`,
    ...(Number.isFinite(det) ? [`J ${volumes}: det J = ${show(det)}.`] : []),
    ...stretched,
    `In this cube ${name} differs from its linear part by at most ${share}.`,
    ...scaled,
  ];
}
