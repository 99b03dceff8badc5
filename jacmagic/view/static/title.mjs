/** What is shown, and at which point: the title, a notice where the numbers are others, the function's value. */

import { setText } from "./element.mjs";
import { showNumber } from "./format.mjs";
import { addPart } from "./parts.mjs";
import { showTyped, typedAt } from "./typed.mjs";

const MAX_OUTPUTS_SHOWN = 12;
const MAX_COMPONENTS_SHOWN = 12;

/**
 * The point, and the layout where it is not the usual one.
 * @param {{labels: string[], typed?: import("./typed.mjs").TypedNumbers}} spec
 * @param {ArrayLike<number>} point
 * @param {number} digits
 * @param {import("./layout.mjs").Layout} layout
 */
export function describePoint({ labels, typed }, point, digits, layout) {
  const expressions = typedAt(typed, point);
  const shown = labels
    .slice(0, MAX_COMPONENTS_SHOWN)
    .map((label, k) => `${label} = ${showTyped(point[k], digits, expressions[k])}`);
  const more = labels.length > MAX_COMPONENTS_SHOWN ? ", …" : "";
  const remark = layout.isDenominator ? " · denominator layout: ∂ of the columns by the rows" : "";
  const where = shown.length ? `at ${shown.join(", ")}${more}` : "";
  return `${where}${remark}`;
}

/**
 * Text whose lines end beside no sign of equality and before no sign of per cent.
 * @param {string} text
 */
export function unbroken(text) {
  return text.replace(/ (?=[=%])|(?<==) /g, "\u{A0}");
}

addPart({
  name: "title",
  area: "head",
  mount: (box) => ({
    paint: ({ spec, point, digits, layout }) =>
      setText(box, unbroken(`${spec.title} ${describePoint(spec, point, digits, layout)}`.trim())),
  }),
});

/**
 * @param {string} name of the function
 * @param {ArrayLike<number>} outputs its values
 * @param {number} digits
 */
export function describeValue(name, outputs, digits) {
  const numbers = Array.from(outputs).slice(0, MAX_OUTPUTS_SHOWN);
  const shown = numbers.map((value) => showNumber(value, digits));
  const more = outputs.length > MAX_OUTPUTS_SHOWN ? ", …" : "";
  return `${name} = ${outputs.length === 1 ? shown[0] : `(${shown.join(", ")}${more})`}`;
}

addPart({
  name: "stale-note",
  tag: "p",
  mount: (box) => {
    box.setAttribute("role", "alert");
    return { paint: ({ notice }) => setText(box, notice) };
  },
});
addPart({
  name: "value",
  tag: "p",
  mount: (box) => ({
    paint: ({ spec, outputs, digits }) =>
      setText(box, outputs.length ? describeValue(spec.function, outputs, digits) : ""),
  }),
});
