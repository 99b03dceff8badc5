/**
 * A derivative taken apart at some points: slopes, partials and adjoints of every part.
 *
 * A derivative is linear in the slope of each part: where one part's slope is mistaken, the derivative
 * changes by the part's adjoint times that mistake. A mistake anywhere therefore costs one product.
 */

import { carriedOut, NUMBERS, partials } from "./quiz_partials.mjs";
import { moving, orderOf } from "./quiz_tree.mjs";
import { tabulated } from "./quiz_values.mjs";

/** @typedef {import("./quiz_tree.mjs").Node} Node */

/**
 * The partials of an expression by its parts, at some points; not by what is inside a derivative.
 * @param {Node[]} order its nodes, arguments first
 * @param {number} size the number of points
 * @param {(one: Node, k: number) => (number | null)[]} partialsAt those of one operation by its arguments
 */
export function adjointsOf(order, size, partialsAt) {
  /** @type {Map<Node, Float64Array>} */
  const adjoints = new Map([[order[order.length - 1], new Float64Array(size).fill(1)]]);
  for (const node of [...order].reverse()) {
    const own = adjoints.get(node);
    if (!own || node.op === "derivative") continue;
    for (const arg of node.args) if (!adjoints.has(arg)) adjoints.set(arg, new Float64Array(size));
    for (let k = 0; k < size && node.args.length; k++) {
      partialsAt(node, k).forEach((partial, a) => {
        if (partial) /** @type {Float64Array} */ (adjoints.get(node.args[a]))[k] += own[k] * partial;
      });
    }
  }
  return adjoints;
}

/** The derivative of one expression at some points. */
export class Analysis {
  /**
   * @param {Node} of
   * @param {number} by
   * @param {number[][]} points
   */
  constructor(of, by, points) {
    this.root = carriedOut(of);
    this.by = by;
    this.points = points;
    this.order = orderOf([this.root]);
    this.values = tabulated(this.order, points);
    this.depends = moving(this.order, by);
    /** @type {Map<Node, number[][]>} by node: at each point the partials by its arguments; 0 where none */
    this.partials = new Map();
    for (const node of this.order) if (node.args.length) this.partials.set(node, points.map((_, k) => this.partialsAt(node, k)));
    this.slopes = this.forward();
    this.adjoints = adjointsOf(this.order, points.length, (node, k) => /** @type {number[][]} */ (this.partials.get(node))[k]);
  }

  /** @param {Node} node @param {number} k */
  value(node, k) {
    return /** @type {Float64Array} */ (this.values.get(node))[k];
  }

  /** @param {Node} node @param {number} k */
  slope(node, k) {
    return this.slopes.get(node)?.[k] ?? 0;
  }

  /** @param {Node} node @param {number} k */
  adjoint(node, k) {
    return this.adjoints.get(node)?.[k] ?? 0;
  }

  /** @param {Node} node @param {number} position @param {number} k */
  partial(node, position, k) {
    return /** @type {number[][]} */ (this.partials.get(node))[k][position];
  }

  /** @param {Node} node @param {number} k */
  partialsAt(node, k) {
    const slopes = partials(NUMBERS, node.op, this.value(node, k), node.args.map((arg) => this.value(arg, k)));
    return slopes.map((slope) => slope ?? 0);
  }

  forward() {
    /** @type {Map<Node, Float64Array>} */
    const slopes = new Map();
    for (const node of this.order) {
      if (!this.depends.has(node)) continue;
      const row = new Float64Array(this.points.length);
      for (let k = 0; k < row.length; k++) {
        if (node.op === "variable") row[k] = 1;
        node.args.forEach((arg, a) => {
          const inner = slopes.get(arg);
          if (inner) row[k] += this.partial(node, a, k) * inner[k];
        });
      }
      slopes.set(node, row);
    }
    return slopes;
  }

  /**
   * The derivative where the slopes of some parts are others, at one point.
   * @param {(one: Node, slopes: number[]) => number | null} mistaken the slope of a part from those of its
   *   arguments; null where it is right
   * @param {number} k
   */
  swept(mistaken, k) {
    /** @type {Map<Node, number>} */
    const slopes = new Map();
    for (const node of this.order) {
      if (!this.depends.has(node)) continue;
      if (node.op === "variable") {
        slopes.set(node, 1);
        continue;
      }
      const inner = node.args.map((arg) => slopes.get(arg) ?? 0);
      const wrong = mistaken(node, inner);
      slopes.set(node, wrong ?? inner.reduce((sum, slope, a) => (slope ? sum + slope * this.partial(node, a, k) : sum), 0));
    }
    return slopes.get(this.root) ?? 0;
  }
}
