/** Lists of equations: lines of a derivation; below it what its names mean, and the same in matrix form. */

import { make, makeScrollable } from "./element.mjs";
import { readMathml } from "./mathml.mjs";
import { addPart } from "./parts.mjs";

/** @type {(word: string, equations: string[]) => (string | Node)[]} equations, of MathML, after a word: "with u = …" */
export const equationsAfter = (word, equations) =>
  equations.length ? [`${word} `, ...equations.map((one) => make("span", "", [readMathml(one)]))] : [];

/**
 * One line of a derivation, in the panel of an entry and in that of a factor: an equation, and the rule.
 * @param {[number, string, string, string]} line
 */
export function derivationLine([depth, source, rule, formula]) {
  const remark = rule ? [make("span", "jm-rule", formula ? [`${rule}: `, readMathml(formula)] : rule)] : [];
  const item = make("li", "jm-step", [make("span", "jm-equation", [readMathml(source)]), ...remark]);
  item.style.setProperty("--jm-depth", String(depth));
  return item;
}

/**
 * @param {string} name of the part
 * @param {string} word
 * @param {(frame: import("./parts.mjs").Frame) => string[]} read the equations
 */
function addEquations(name, word, read) {
  /** @param {HTMLElement} box */
  const mount = (box) => {
    box.classList.add("jm-where");
    /** @type {string[] | undefined} */
    let shown;
    const paint = (/** @type {import("./parts.mjs").Frame} */ frame) => {
      const equations = read(frame);
      if (equations === shown) return;
      shown = equations;
      box.replaceChildren(...equationsAfter(word, equations));
      requestAnimationFrame(() => makeScrollable(box));
    };
    return { paint };
  };
  addPart({ name, tab: "Derivation", mount });
}

addEquations("definitions", "with", ({ chain, plain }) => ((plain && chain.plain) || chain).where);
addEquations("matrix-form", "in matrix form", ({ chain }) => chain.matrix);
