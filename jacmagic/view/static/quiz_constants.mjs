/** Mistakes about what is constant: kept constants, held variables, uses of a variable left out. */

import { Analysis } from "./quiz_analysis.mjs";
import { fitsEverywhere, terms } from "./quiz_fit.mjs";

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {import("./quiz_fit.mjs").Search} Search
 * @typedef {import("./quiz_fit.mjs").Part} Part
 * @typedef {import("./quiz_fit.mjs").Mistake} Mistake
 */

/**
 * Whether the constant terms of a sum are kept.
 * @param {Search} search
 * @param {Part} part
 * @param {Node} node
 */
function keepsConstants(search, { of, weight }, node) {
  const fixed = terms(node).filter(([term]) => !of.depends.has(term));
  const value = (/** @type {number} */ k) => fixed.reduce((sum, [term, sign]) => sum + sign * of.value(term, k), 0);
  return fixed.length > 0 && fitsEverywhere(search, (k) => search.right[k] + weight[k] * of.adjoint(node, k) * value(k));
}

/** @param {Search} search @param {Part[]} parts @returns {Mistake | null} */
export function heldConstant(search, parts) {
  for (const part of parts) {
    const { of, weight } = part;
    const by = search.texts[of.by];
    for (const node of of.order) {
      if ((node.op === "add" || node.op === "sub") && of.depends.has(node) && keepsConstants(search, part, node)) {
        return { kind: "constant", text: `In ${search.name(node)} the constant terms are kept: their derivative is 0.` };
      }
      for (let a = 0; a < node.args.length; a++) {
        const arg = node.args[a];
        const path = (/** @type {number} */ k) => weight[k] * of.adjoint(node, k) * of.partial(node, a, k);
        const plus = (/** @type {(k: number) => number} */ slope) =>
          fitsEverywhere(search, (k) => search.right[k] + path(k) * slope(k));
        if (of.depends.has(arg)) {
          if (plus((k) => -of.slope(arg, k))) {
            return { kind: "held constant", text: `${search.name(arg)} is held constant in ${search.name(node)}: it depends on ${by}.` };
          }
          if (arg.op === "variable" && fitsEverywhere(search, path)) {
            return { kind: "path", text: `Only ${by} in ${search.name(node)} is counted: ${by} occurs elsewhere too.` };
          }
        } else if (!arg.args.length && (plus(() => 1) || plus((k) => of.value(arg, k)))) {
          return { kind: "constant", text: `${search.name(arg)} is a constant for the derivative by ${by}: its derivative is 0.` };
        }
      }
    }
  }
  return null;
}

/**
 * Other variables that are differentiated too: one of them, or all.
 * @param {Search} search
 * @returns {Mistake | null}
 */
export function totalDerivative(search) {
  const { outputs, row, column, points, texts } = search;
  const analysis = new Analysis(outputs[row], column, points);
  const others = analysis.order.filter(({ op, index }) => op === "variable" && index !== column);
  const plus = (/** @type {Node[]} */ leaves) =>
    fitsEverywhere(search, (k) => search.right[k] + leaves.reduce((sum, leaf) => sum + analysis.adjoint(leaf, k), 0));
  const moved = others.map((leaf) => [leaf]).find(plus) ?? (others.length > 1 && plus(others) ? others : null);
  const names = moved?.map(({ index }) => texts[Number(index)]).join(", ");
  return names ? { kind: "held constant", text: `Here ${names} is differentiated too: only ${texts[column]} varies.` } : null;
}
