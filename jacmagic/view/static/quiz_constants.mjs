/** Mistakes about what is constant: kept constants, held variables, uses of a variable left out. */

import { fitsEverywhere } from "./quiz_fit.mjs";
import { terms } from "./quiz_shape.mjs";

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
 * @param {Node} one
 */
function keepsConstants(search, { of, weight }, one) {
  const fixed = terms(one).filter(([term]) => !of.depends.has(term));
  const value = (/** @type {number} */ k) => fixed.reduce((sum, [term, sign]) => sum + sign * of.value(term, k), 0);
  return fixed.length > 0 && fitsEverywhere(search, (k) => search.right[k] + weight[k] * of.adjoint(one, k) * value(k));
}

/** @param {Search} search @param {Part[]} parts @returns {Mistake | null} */
export function heldConstant(search, parts) {
  for (const part of parts) {
    const { of, weight } = part;
    const by = search.texts[of.by];
    for (const one of of.order) {
      if ((one.op === "add" || one.op === "sub") && of.depends.has(one) && keepsConstants(search, part, one)) {
        return { kind: "constant", text: `In ${search.name(one)} the constant terms are kept: their derivative is 0.` };
      }
      for (let a = 0; a < one.args.length; a++) {
        const arg = one.args[a];
        const path = (/** @type {number} */ k) => weight[k] * of.adjoint(one, k) * of.partial(one, a, k);
        const plus = (/** @type {(k: number) => number} */ slope) =>
          fitsEverywhere(search, (k) => search.right[k] + path(k) * slope(k));
        if (of.depends.has(arg)) {
          if (plus((k) => -of.slope(arg, k))) {
            return { kind: "held constant", text: `${search.name(arg)} is held constant in ${search.name(one)}: it depends on ${by}.` };
          }
          if (arg.op === "variable" && fitsEverywhere(search, path)) {
            return { kind: "path", text: `Only ${by} in ${search.name(one)} is counted: ${by} occurs elsewhere too.` };
          }
        } else if (!arg.args.length && (plus(() => 1) || plus((k) => of.value(arg, k)))) {
          return { kind: "constant", text: `${search.name(arg)} is a constant for the derivative by ${by}: its derivative is 0.` };
        }
      }
    }
  }
  return null;
}
