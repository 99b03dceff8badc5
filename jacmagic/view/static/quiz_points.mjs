/**
 * Random points near an exercise's point at which the function has a value, on the same branch.
 *
 * The branch is the outcome of every comparison, and the side of every kink: near the point the answer
 * is the derivative of that branch.
 */

import { orderOf } from "./quiz_tree.mjs";
import { tabulated } from "./quiz_values.mjs";

export const POINTS = 8; // at which an answer is judged
const DRAWS = 24; // of points at one distance from the exercise's point
const RADII = [0.5, 0.15, 0.03, 0.004, 2 ** -11]; // of a component's size, or of 1 where that is smaller
const SIDES = new Set("abs sign relu".split(" "));
const PAIRS = new Set("max min lt le gt ge eq ne clamp".split(" "));
const STEPS = new Set("floor ceil".split(" "));

/**
 * Numbers between 0 and 1, the same ones for a seed: Mulberry32.
 * @param {number} seed
 */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Points at which an exercise is judged; fewer than `POINTS` where the domain is too small.
 * @param {import("./quiz_tree.mjs").Node[]} outputs of the function
 * @param {import("./quiz_tree.mjs").Node[]} conditions that hold at the point
 * @param {number[]} centre
 * @param {number} [seed]
 */
export function pointsNear(outputs, conditions, centre, seed = 1) {
  const random = generator(seed);
  const order = orderOf([...outputs, ...conditions]);
  const own = branch(order, tabulated(order, [centre]), 0);
  /** @type {number[][]} */
  const points = [];
  for (const radius of RADII) {
    const drawn = Array.from({ length: DRAWS }, () => moved(centre, radius, random));
    const table = tabulated(order, drawn);
    drawn.forEach((point, k) => {
      const has = (/** @type {import("./quiz_tree.mjs").Node} */ node) => Number(table.get(node)?.[k]);
      const inside = outputs.every((root) => Number.isFinite(has(root))) && conditions.every((condition) => has(condition) !== 0);
      if (inside && points.length < POINTS && branch(order, table, k) === own) points.push(point);
    });
    if (points.length === POINTS) break;
  }
  return points;
}

/**
 * @param {number[]} centre
 * @param {number} radius
 * @param {() => number} random
 */
function moved(centre, radius, random) {
  const absolute = random() < 0.5;
  return centre.map((value) => {
    const size = absolute || value === 0 ? Math.max(Math.abs(value), 1) : Math.abs(value);
    return value + radius * size * (2 * random() - 1);
  });
}

/**
 * The outcome of every comparison and the side of every kink, as text.
 * @param {import("./quiz_tree.mjs").Node[]} order
 * @param {Map<import("./quiz_tree.mjs").Node, Float64Array>} table
 * @param {number} k
 */
function branch(order, table, k) {
  let sides = "";
  for (const node of order) {
    const [a, b, c] = node.args.map((arg) => Number(table.get(arg)?.[k]));
    if (SIDES.has(node.op)) sides += Math.sign(a);
    else if (PAIRS.has(node.op)) sides += Math.sign(a - b) + (node.op === "clamp" ? Math.sign(a - c) : 0);
    else if (STEPS.has(node.op)) sides += `${table.get(node)?.[k]};`;
    else if (node.op === "mod") sides += `${Math.floor(a / b)};`;
  }
  return sides;
}
