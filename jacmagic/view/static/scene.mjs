/**
 * Scenes: what a picture shows, as plain data that `plane.mjs` draws.
 *
 * @typedef {import("./curves.mjs").Point} Point
 *
 * @typedef {object} Scene
 * @property {Panel[]} panels
 * @property {[string, string][]} [legend] looks and what they mean
 * @property {string[]} words the same in sentences
 *
 * @typedef {object} Panel
 * @property {string} name such as "x₁, x₂"
 * @property {[string, string]} axes labels; "" for both where numbers beside the frame mean nothing
 * @property {Frame2} frame what part of the plane it shows
 * @property {Shape[]} shapes
 * @property {Grip[]} grips what can be dragged
 * @property {boolean} [turns] whether a drag beside the grips turns the camera
 *
 * @typedef {{x: [number, number], y: [number, number]}} Frame2 ends of both axes
 *
 * @typedef {object} Shape
 * @property {"line" | "area" | "arrow" | "dot"} kind
 * @property {Point[]} points of a line or an outline; both ends of an arrow; where a dot stands
 * @property {string} look grid, function, linear, quadratic, quiet, zero, kink, point, step, cotangent, axis
 * @property {string} [label] beside its last point
 *
 * @typedef {object} Grip
 * @property {string} name what it moves
 * @property {string} label for those who do not see it
 * @property {Point} at
 */

const CIRCLE_PIECES = 72;

/** @type {(points: Point[], look: string, label?: string) => Shape} */
export const line = (points, look, label) => ({ kind: "line", points, look, label });

/** @type {(points: Point[], look: string, label?: string) => Shape} */
export const area = (points, look, label) => ({ kind: "area", points, look, label });

/** @type {(from: Point, to: Point, look: string, label?: string) => Shape} */
export const arrow = (from, to, look, label) => ({ kind: "arrow", points: [from, to], look, label });

/** @type {(at: Point, look: string, label?: string) => Shape} */
export const dot = (at, look, label) => ({ kind: "dot", points: [at], look, label });

/** @type {(centre: Point, by: Point) => Point} */
export const shift = ([x, y], [dx, dy]) => [x + dx, y + dy];

/** @type {(at: Point) => Grip} */
export const pointGrip = (at) => ({ name: "point", label: "the point", at });

/** @type {(centre: Point, half: number) => Frame2} a frame around a point, with half its width */
export const around = ([x, y], half) => ({ x: [x - half, x + half], y: [y - half, y + half] });

/**
 * A panel around a point, which has a dot above the shapes.
 * @param {Point} centre
 * @param {number} half its width
 * @param {string[]} axes labels
 * @param {Shape[]} shapes
 * @param {Grip[]} [grips]
 * @returns {Panel}
 */
export function panelAround(centre, half, [x, y], shapes, grips = []) {
  return { name: `${x}, ${y}`, axes: [x, y], frame: around(centre, half), shapes: [...shapes, dot(centre, "point")], grips };
}

/** @type {(map: {centre: any, inputs: string[]}, half: number, shapes: Shape[]) => Panel} a panel of two inputs */
export const inputPanel = ({ centre, inputs }, half, shapes) => panelAround(centre, half, inputs, shapes, [pointGrip(centre)]);

/**
 * An ellipse with two conjugate half diameters.
 * @param {Point} centre
 * @param {Point[]} halves
 */
export function circle(centre, [a, b]) {
  return Array.from({ length: CIRCLE_PIECES + 1 }, (_, k) => {
    const [c, s] = [Math.cos((2 * Math.PI * k) / CIRCLE_PIECES), Math.sin((2 * Math.PI * k) / CIRCLE_PIECES)];
    return shift(centre, [c * a[0] + s * b[0], c * a[1] + s * b[1]]);
  });
}
