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
  for (const one of [...order].reverse()) {
    const own = adjoints.get(one);
    if (!own || one.op === "derivative") continue;
    for (const arg of one.args) if (!adjoints.has(arg)) adjoints.set(arg, new Float64Array(size));
    for (let k = 0; k < size && one.args.length; k++) {
      partialsAt(one, k).forEach((partial, a) => {
        if (partial) /** @type {Float64Array} */ (adjoints.get(one.args[a]))[k] += own[k] * partial;
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
    for (const one of this.order) if (one.args.length) this.partials.set(one, points.map((_, k) => this.partialsAt(one, k)));
    this.slopes = this.forward();
    this.adjoints = adjointsOf(this.order, points.length, (one, k) => /** @type {number[][]} */ (this.partials.get(one))[k]);
  }

  /** @param {Node} one @param {number} k */
  value(one, k) {
    return /** @type {Float64Array} */ (this.values.get(one))[k];
  }

  /** @param {Node} one @param {number} k */
  slope(one, k) {
    return this.slopes.get(one)?.[k] ?? 0;
  }

  /** @param {Node} one @param {number} k */
  adjoint(one, k) {
    return this.adjoints.get(one)?.[k] ?? 0;
  }

  /** @param {Node} one @param {number} position @param {number} k */
  partial(one, position, k) {
    return /** @type {number[][]} */ (this.partials.get(one))[k][position];
  }

  /** @param {Node} one @param {number} k */
  partialsAt(one, k) {
    const found = partials(NUMBERS, one.op, this.value(one, k), one.args.map((arg) => this.value(arg, k)));
    return found.map((slope) => slope ?? 0);
  }

  forward() {
    /** @type {Map<Node, Float64Array>} */
    const slopes = new Map();
    for (const one of this.order) {
      if (!this.depends.has(one)) continue;
      const row = new Float64Array(this.points.length);
      for (let k = 0; k < row.length; k++) {
        if (one.op === "variable") row[k] = 1;
        one.args.forEach((arg, a) => {
          const inner = slopes.get(arg);
          if (inner) row[k] += this.partial(one, a, k) * inner[k];
        });
      }
      slopes.set(one, row);
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
    for (const one of this.order) {
      if (!this.depends.has(one)) continue;
      if (one.op === "variable") {
        slopes.set(one, 1);
        continue;
      }
      const inner = one.args.map((arg) => slopes.get(arg) ?? 0);
      const wrong = mistaken(one, inner);
      slopes.set(one, wrong ?? inner.reduce((sum, slope, a) => (slope ? sum + slope * this.partial(one, a, k) : sum), 0));
    }
    return slopes.get(this.root) ?? 0;
  }
}
