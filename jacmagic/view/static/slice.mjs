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
 */

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
 * @template {{values: ArrayLike<number>}} T
 * @param {T} result
 * @param {number[]} rows
 * @param {number[]} columns
 * @param {number} width of the matrix
 */
function block(result, rows, columns, width) {
  return rows.map((i) => columns.map((j) => result.values[i * width + j]));
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
 * @param {Around} around
 * @param {number[]} columns two inputs; one to three of a map into space
 * @param {number[]} rows two outputs; three of a map into space
 * @returns {import("./scene_map.mjs").PlaneMap & import("./scene_space.mjs").SpaceMap}
 */
export function planeMap({ evaluate, point, values, outputs, labels, rows: names, name }, columns, rows) {
  const n = labels.length;
  /** @type {import("./scene_map.mjs").PlaneMap["evaluate"]} */
  const jet = (at) => {
    const result = evaluate?.(replaced(point, columns, at));
    return result ? { value: /** @type {any} */ (pick(result.outputs, rows)), jacobian: block(result, rows, columns, n) } : null;
  };
  return /** @type {any} */ ({
    evaluate: jet,
    isKnown: evaluate !== null,
    centre: pick(point, columns),
    value: pick(outputs, rows),
    jacobian: block({ values }, rows, columns, n),
    inputs: columns.map((j) => labels[j]),
    outputs: rows.map((i) => names[i]),
    name,
  });
}

/**
 * @param {Around} around
 * @param {number} column an input
 * @param {number[]} rows outputs
 * @returns {import("./scene_graph.mjs").LineMap}
 */
export function lineMap({ evaluate, point, values, outputs, labels, rows: names, name }, column, rows) {
  const n = labels.length;
  const slopes = (/** @type {{values: ArrayLike<number>}} */ result) => block(result, rows, [column], n).map(([slope]) => slope);
  return {
    evaluate: (x) => {
      const result = evaluate?.(replaced(point, [column], [x]));
      return result ? { value: pick(result.outputs, rows), slope: slopes(result) } : null;
    },
    centre: point[column],
    value: pick(outputs, rows),
    slope: slopes({ values }),
    input: labels[column],
    outputs: rows.map((i) => names[i]),
    name,
  };
}

/**
 * @param {Around} around
 * @param {number[]} columns two inputs
 * @param {number | undefined} row an output; of a Hessian none for the function itself
 * @returns {import("./scene_levels.mjs").HeightMap}
 */
export function heightMap({ evaluate, point, values, outputs, labels, rows: names, name, potential }, columns, row) {
  const n = labels.length;
  const of = (/** @type {{values: ArrayLike<number>, outputs: ArrayLike<number>, potential?: number}} */ result) =>
    row === undefined
      ? { value: result.potential ?? evaluate?.(point)?.potential ?? NaN, gradient: pick(result.outputs, columns) }
      : { value: result.outputs[row], gradient: block(result, [row], columns, n)[0] };
  return /** @type {import("./scene_levels.mjs").HeightMap} */ ({
    ...of({ values, outputs }),
    evaluate: (at) => {
      const result = evaluate?.(replaced(point, columns, at));
      return result ? of(result) : null;
    },
    hessian: row === undefined ? block({ values }, columns, columns, n) : undefined,
    centre: pick(point, columns),
    inputs: columns.map((j) => labels[j]),
    output: row === undefined ? potential : names[row],
    name: row === undefined ? potential : name,
  });
}
