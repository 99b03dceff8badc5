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

import { sampleCurve } from "./curves.mjs";
import { showNumber } from "./format.mjs";
import { singularValues, times, transpose, volume } from "./linear.mjs";
import { area, around, arrow, dot, line, shift, squareGrid } from "./scene.mjs";
import { percent, SQUARE_SHARE } from "./scene_map.mjs";
import { unitless } from "./units.mjs";

const SPACE_LINES = [9, 3]; // each way, of the square and of the cube
const SPACE_OVERSHOOT = 2.5; // of the curved image beyond the linear one, in the window
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
    frame: around([0, 0], [SPACE_FRAME, SPACE_FRAME]),
    grips: [],
  };
  right.shapes.push(
    ...bentLines(map, radius, seen),
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

/** @type {(a: number[], b: number[]) => number[]} */
const apartBy = (a, b) => a.map((component, k) => component - b[k]);

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
 * The square before it is mapped.
 * @param {Slice} map
 * @param {number} radius
 * @param {Point} dx
 */
function squarePanel({ centre, inputs }, radius, dx) {
  const at = /** @type {Point} */ (centre);
  return {
    name: inputs.join(", "),
    axes: /** @type {[string, string]} */ (inputs),
    frame: around(at, [radius / SQUARE_SHARE, radius / SQUARE_SHARE]),
    shapes: [...squareGrid(at, radius), arrow(at, shift(at, dx), "step", "dx"), dot(at, "point")],
    grips: [
      { name: "point", label: "the point", at },
      { name: "step", label: "the vector dx", at: shift(at, dx) },
    ],
  };
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
  panel.shapes.push(...latticeEnds(3, radius).map((ends) => line(ends.map(seen), "grid")), dot([0, 0], "point"));
  const grips = [{ name: "point", label: "the point", at: /** @type {Point} */ ([0, 0]) }];
  return { ...panel, name: inputs.join(", "), frame: around([0, 0], [SPACE_FRAME, SPACE_FRAME]), grips };
}

/**
 * Both ends of the lines that are mapped, from the centre: a segment, a square's grid, a cube's surface.
 * @param {number} k inputs
 * @param {number} radius
 * @returns {number[][][]}
 */
function latticeEnds(k, radius) {
  if (k === 1) return [[[-radius], [radius]]];
  const count = SPACE_LINES[k - 2];
  const steps = Array.from({ length: count }, (_, i) => radius * ((2 * i) / (count - 1) - 1));
  const others = k === 2 ? steps.map((step) => [step]) : steps.flatMap((a) => steps.map((b) => [a, b]));
  const outside = others.filter((rest) => k === 2 || rest.some(Boolean));
  return Array.from({ length: k }, (_, axis) =>
    outside.map((rest) => [-radius, radius].map((end) => [...rest.slice(0, axis), end, ...rest.slice(axis)])),
  ).flat();
}

/**
 * The image of these lines under the function.
 * @param {Slice} map
 * @param {number} radius
 * @param {(by: Vector3) => Point} seen
 */
function bentLines({ evaluate, centre, value }, radius, seen) {
  return latticeEnds(centre.length, radius).flatMap(([from, to]) => {
    const curve = (/** @type {number} */ t) => {
      const there = evaluate(centre.map((component, k) => component + from[k] + t * (to[k] - from[k])))?.value;
      return there ? seen(apartBy(there, value)) : null;
    };
    return sampleCurve(curve, 2).map((points) => line(points, "function"));
  });
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
function unitsOf({ evaluate, centre, value, jacobian }, radius) {
  const ends = latticeEnds(centre.length, radius).flat();
  const linear = ends.map((end) => times(jacobian, end));
  const images = ends.map((end) => evaluate(centre.map((component, k) => component + end[k]))?.value);
  const curved = images.map((image) => (image ? apartBy(image, value) : [0, 0, 0])).filter((by) => by.every(Number.isFinite));
  const widest = (/** @type {number[][]} */ all, /** @type {number} */ k) => Math.max(...all.map((by) => Math.abs(by[k])), 0);
  const extents = [0, 1, 2].map((k) => fittedExtent(widest(linear, k), widest(curved, k)));
  const largest = Math.max(...extents);
  const isThin = largest > MAX_ASPECT * Math.min(...extents.map((extent) => extent || largest));
  const scales = extents.map((extent) => (isThin && extent ? extent : largest || radius));
  const length = (/** @type {number[]} */ by) => Math.hypot(...by.map((component, k) => component / scales[k]));
  const size = fittedExtent(Math.max(...linear.map(length)), Math.max(...curved.map(length), 0)) || 1;
  return scales.map((scale) => scale * size);
}

/** @type {(linear: number, curved: number) => number} */
function fittedExtent(linear, curved) {
  const size = linear ? Math.max(linear, Math.min(curved, SPACE_OVERSHOOT * linear)) : curved;
  return Number.isFinite(size) ? size : 0;
}

/**
 * Largest distance between f and f + J·dx at the ends of the lines, in these units.
 * @param {Slice} map
 * @param {number} radius
 * @param {number[]} units
 */
export function spaceDeviation({ evaluate, centre, value, jacobian }, radius, units) {
  const apart = latticeEnds(centre.length, radius).flat().map((end) => {
    const image = evaluate(centre.map((component, k) => component + end[k]))?.value;
    return image ? Math.hypot(...apartBy(apartBy(image, value), times(jacobian, end)).map((component, k) => component / units[k])) : 0;
  });
  return Math.max(0, ...apart.filter(Number.isFinite));
}

/**
 * @param {Slice} map
 * @param {number} radius
 * @param {number[]} units
 * @param {number} digits
 */
function spaceWords(map, radius, units, digits) {
  const { jacobian, name, inputs, centre } = map;
  const show = (/** @type {number} */ number) => showNumber(number, digits);
  const at = `(${inputs.join(", ")}) = (${centre.map(show).join(", ")})`;
  const share = `${percent(spaceDeviation(map, radius, units))} of the image's half width`;
  const scaled = units.every((unit) => unit === units[0]) ? [] : ["Each axis of the image has a scale of its own."];
  const sigmas = singularValues(jacobian);
  const stretched = sigmas.length ? [`The singular values are ${sigmas.map(show).join(", ")}.`] : [];
  if (centre.length === 1) {
    const velocity = jacobian.map(([slope]) => slope);
    return [
      `The curve of ${name} in space and its velocity at ${inputs[0]} = ${show(centre[0])}: ` +
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
