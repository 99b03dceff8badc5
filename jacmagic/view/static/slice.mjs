/**
 * Slices: a function of many inputs as one of one or two of them, the others constant.
 *
 * @typedef {(point: Float64Array) => {values: Float64Array, outputs: Float64Array, potential: number} | null} Evaluate
 *
 * @typedef {object} Around
 * @property {Evaluate | null} evaluate null where the browser cannot compute the function
 * @property {Float64Array} point
 * @property {Float64Array} values entries of J there, row-major, outputs by inputs
 * @property {Float64Array} outputs
 * @property {string[]} labels of the inputs' components
 * @property {string[]} rows labels of the outputs
 * @property {string} name of the function
 * @property {string} potential name of the function whose gradient it is; "" for none
 * @property {import("./typed.mjs").TypedNumbers} [typed] components of the point that are shown as they were typed
 *
 * @typedef {object} Slice some inputs and outputs of a function, near a point
 * @property {(at: number[]) => {value: any, jacobian: number[][]} | null} evaluate null where there is no value
 * @property {any} centre the point's numbers, one for each input
 * @property {any} value there, one for each output
 * @property {number[][]} jacobian there
 * @property {number[][]} [hessian] second derivatives there, of the function whose Hessian it is
 * @property {any} inputs labels
 * @property {any} outputs labels
 * @property {(string | undefined)[]} [texts] of the centre's numbers that are shown as they were typed
 * @property {string} name of the function
 * @property {boolean} [isKnown] whether `evaluate` has values, true by default
 */

import { showNumber } from "./format.mjs";

/**
 * @param {Float64Array} point
 * @param {number[]} components
 * @param {number[]} numbers
 */
export function replaced(point, components, numbers) {
  const moved = Float64Array.from(point);
  components.forEach((component, k) => (moved[component] = numbers[k]));
  return moved;
}

/**
 * @param {ArrayLike<number>} values of a matrix
 * @param {number[]} rows
 * @param {number[]} columns
 * @param {number} width of the matrix
 */
function block(values, rows, columns, width) {
  return rows.map((i) => columns.map((j) => values[i * width + j]));
}

/** @type {<T>(from: ArrayLike<T>, indices: number[]) => T[]} */
const pick = (from, indices) => indices.map((k) => from[k]);

/**
 * What a picture of some inputs and outputs leaves out.
 * @param {{labels: string[], outputs: string[]}} labels of all
 * @param {string} kind of the picture
 * @param {number[]} inputs
 * @param {number[]} outputs
 */
export function blockWords({ labels, outputs: names }, kind, inputs, outputs) {
  const [rows, columns] = [pick(names, outputs).join(", "), pick(labels, inputs).join(", ")];
  const [less, held] = [outputs.length < names.length, inputs.length < labels.length];
  const isHeight = kind === "graph" || kind === "levels";
  const shows = less && outputs.length ? [`Of ${names.length} outputs it shows ${rows}.`] : [];
  const block = less || held ? [`Here J is the block of (${rows}) by (${columns}).`] : [];
  return [...(isHeight ? shows : block), ...(held ? ["The other inputs are held."] : [])];
}

/**
 * The centre in words: "x = π/4", or "(x, y) = (1, 2)".
 * @param {Slice} map
 * @param {number} digits
 */
export function whereOf({ centre, inputs, texts = [] }, digits) {
  const shown = centre.map((/** @type {number} */ component, /** @type {number} */ k) => texts[k] ?? showNumber(component, digits));
  return inputs.length === 1 ? `${inputs} = ${shown}` : `(${inputs.join(", ")}) = (${shown.join(", ")})`;
}

/**
 * @param {Around} around
 * @param {number[]} columns the inputs
 * @param {number[]} rows the outputs; of a Hessian none for the function itself
 * @returns {Slice}
 */
export function sliceOf({ evaluate, point, values, outputs, labels, rows: names, name, potential, typed = {} }, columns, rows) {
  const n = labels.length;
  const hasRows = rows.length > 0;
  const part = (/** @type {{values: ArrayLike<number>, outputs: ArrayLike<number>, potential?: number}} */ result) =>
    hasRows
      ? { value: pick(result.outputs, rows), jacobian: block(result.values, rows, columns, n) }
      : { value: [result.potential ?? NaN], jacobian: [pick(result.outputs, columns)] };
  return {
    ...part({ values, outputs, potential: hasRows ? NaN : evaluate?.(point)?.potential }),
    evaluate: (at) => {
      const result = evaluate?.(replaced(point, columns, at));
      return result ? part(result) : null;
    },
    isKnown: evaluate !== null,
    hessian: hasRows ? undefined : block(values, columns, columns, n),
    centre: pick(point, columns),
    inputs: pick(labels, columns),
    texts: columns.map((column) => typed[column]?.text),
    outputs: hasRows ? pick(names, rows) : [potential],
    name: hasRows ? name : potential,
  };
}
