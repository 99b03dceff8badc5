/** A line of an answer: sides that are equal, each an expression. */

import { withoutLatex } from "./quiz_latex.mjs";
import { parse } from "./quiz_parse.mjs";

const ARROWS = /<?=>|[⇒⟹→⇔]/g;
const FULL_STOP = /[.;]\s*$/;

/** @typedef {import("./quiz_names.mjs").Names} Names */

/**
 * Read a line: expressions that are to be equal, apart by "=". A left-hand side such as ∂f/∂x is left out.
 * @param {string} source
 * @param {Names} names
 * @param {number} by
 */
export function parseLine(source, names, by) {
  const parts = withoutLatex(source).replace(ARROWS, "=").replace(FULL_STOP, "").split("=");
  if (parts.length > 1 && isHead(parts[0], names, by)) parts.shift();
  return parts.map((part) => parse(part, names, by));
}

/** @type {(part: string, names: Names, by: number) => boolean} whether a side only says what is derived: ∂f/∂x, f′(x), J₁₁ */
function isHead(part, names, by) {
  if (/^\s*($|[d∂]\s*[^/]*\/\s*[d∂][^()+*]*$|[\p{L}₀-₉]+\s*['′’][^+*]*$|[JH][₀-₉0-9_{},\s]*$)/u.test(part)) return true;
  if (names.output(part.trim())) return true; // f = … says what is derived
  try {
    return !parse(part, names, by);
  } catch {
    return !/[-+*^−·²³(]/.test(part);
  }
}
