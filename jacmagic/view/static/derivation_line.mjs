/** A line of a derivation, in the panel of an entry and in that of a factor. */

import { make } from "./element.mjs";
import { readMathml } from "./mathml.mjs";

/**
 * One line of a derivation: an equation, and the rule.
 * @param {Document} document
 * @param {[number, string, string, string]} line
 */
export function derivationLine(document, [depth, source, rule, formula]) {
  const item = make(document, "li", "jm-step");
  item.style.setProperty("--jm-depth", String(depth));
  const equation = make(document, "span", "jm-equation");
  equation.append(readMathml(source, document));
  item.append(equation);
  if (rule) {
    const remark = make(document, "span", "jm-rule", formula ? `${rule}: ` : rule);
    if (formula) remark.append(readMathml(formula, document));
    item.append(remark);
  }
  return item;
}
