/** The notice that the numbers are those of another point; the function's value: f = (7, 15, 64). */

import { setText } from "./element.mjs";
import { showNumber } from "./format.mjs";
import { addPart } from "./parts.mjs";

const MAX_OUTPUTS_SHOWN = 12;

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
