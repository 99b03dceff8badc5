/** The title: what is shown, and at which point. */

import { setText } from "./element.mjs";
import { addPart } from "./parts.mjs";
import { showTyped, typedAt } from "./typed.mjs";

const MAX_COMPONENTS_SHOWN = 12;

/**
 * The point, and the layout where it is not the usual one.
 * @param {{labels: string[], typed?: import("./typed.mjs").TypedNumbers}} spec
 * @param {ArrayLike<number>} point
 * @param {number} digits
 * @param {import("./layout.mjs").Layout} layout
 */
export function describePoint({ labels, typed }, point, digits, layout) {
  const here = typedAt(typed, point);
  const shown = labels
    .slice(0, MAX_COMPONENTS_SHOWN)
    .map((label, k) => `${label} = ${showTyped(point[k], digits, here[k])}`);
  const more = labels.length > MAX_COMPONENTS_SHOWN ? ", …" : "";
  const remark = layout.isDenominator ? " · denominator layout: ∂ of the columns by the rows" : "";
  return `at ${shown.join(", ")}${more}${remark}`;
}

/**
 * Text whose lines end beside no sign of equality.
 * @param {string} text
 */
function unbroken(text) {
  return text.replace(/ = /g, "\u{A0}=\u{A0}");
}

addPart({
  name: "title",
  area: "head",
  mount: (box) => ({
    paint: ({ spec, point, digits, layout }) =>
      setText(box, unbroken(`${spec.title} ${describePoint(spec, point, digits, layout)}`)),
  }),
});
