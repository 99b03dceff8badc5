/** The kind "numbers": entries of the matrix as numbers at the point of a variant. */

import { showNumber } from "./format.mjs";
import { Entries } from "./quiz_entries.mjs";
import { DOUBTS, isCoincidence, typedConstants } from "./quiz_judge.mjs";
import { parseLine } from "./quiz_line.mjs";
import { carriedOut } from "./quiz_partials.mjs";
import { orderOf } from "./quiz_tree.mjs";
import { bounded } from "./quiz_values.mjs";

const MAX_COMPONENTS = 8; // of a point whose numbers are exchanged, two by two
const THREE_DIGITS = 5e-3; // relative: a number that is rounded to three digits is within it

/** @typedef {import("./quiz_exercise.mjs").Judge} Judge */

/** The matrix of one variant, whose blanks take numbers. */
export class Numbers extends Entries {
  /**
   * @param {import("./quiz_view.mjs").Context} context
   * @param {import("./quiz_view.mjs").Variant} variant
   */
  constructor(context, variant) {
    super(context, variant);
    this.point = variant.point.map(Number);
  }

  /** @param {string} source @param {import("./quiz_view.mjs").Question} question */
  judged(source, { row, column }) {
    return judgedNumber(this.context.judge, source, row, column, this.point);
  }
}

/**
 * @param {Judge} judge
 * @param {string} source
 * @param {number} row
 * @param {number} column
 * @param {number[]} point
 * @returns {import("./quiz_exercise.mjs").Result}
 */
export function judgedNumber(judge, source, row, column, point) {
  const result = { kind: "", isOpen: false };
  let lines;
  try {
    lines = parseLine(source, judge.names, column);
  } catch (error) {
    return { ...result, verdict: "unread", text: /** @type {Error} */ (error).message, lines: [] };
  }
  const doubt = (/** @type {string} */ text) => /** @type {const} */ ({ ...result, verdict: "doubt", text, lines });
  const answer = lines[lines.length - 1];
  const parts = orderOf([answer]);
  if (parts.some(({ op }) => op === "derivative")) return { ...result, verdict: "right", text: "", lines, isOpen: true };
  if (parts.some(({ op }) => op === "variable")) return doubt("A number is asked for: substitute the point.");
  const { value } = bounded([answer], point).found[0];
  if (!Number.isFinite(value)) return doubt(DOUBTS.undefined);
  if (isNear(value, entryAt(judge, row, column, point))) {
    const named = typedConstants(answer, judge.constants, judge.outputs);
    if (isCoincidence(answer, carriedOut(judge.truth(row, column)), [point], named)) return doubt(DOUBTS.coincidence);
    return { ...result, verdict: "right", text: "", lines };
  }
  return { ...result, verdict: "wrong", lines, ...mistakenNumber(judge, value, row, column, point) };
}

/** @type {(value: number, right: number) => boolean} */
const isNear = (value, right) => Math.abs(value - right) <= THREE_DIGITS * Math.abs(right);

/** @type {(judge: Judge, row: number, column: number, point: number[]) => number} */
const entryAt = (judge, row, column, point) => bounded([carriedOut(judge.truth(row, column))], point).found[0].value;

/** @type {(judge: Judge, value: number, row: number, column: number, point: number[]) => {kind: string, text: string}} */
function mistakenNumber(judge, value, row, column, point) {
  const { texts, rows } = judge;
  const is = (/** @type {number} */ i, /** @type {number} */ j) => isNear(value, entryAt(judge, i, j, point));
  if (!value) return { kind: "zero", text: "It is not 0 here." };
  if (isNear(-value, entryAt(judge, row, column, point))) return { kind: "sign", text: "It has the other sign." };
  const other = texts.findIndex((_, j) => is(row, j));
  if (other >= 0) return { kind: "variable", text: `This is the derivative by ${texts[other]}, not by ${texts[column]}.` };
  const another = rows.findIndex((_, i) => is(i, column));
  if (another >= 0) return { kind: "index", text: `This is the derivative of ${rows[another]}.` };
  if (isNear(value, bounded([judge.outputs[row]], point).found[0].value)) {
    return { kind: "function itself", text: `This is ${rows[row]} itself, not its derivative.` };
  }
  const elsewhere = otherPoints(point, texts).find((candidate) => isNear(value, entryAt(judge, row, column, candidate.point)));
  return { kind: elsewhere?.kind ?? "", text: elsewhere?.text ?? "" };
}

/**
 * Points that are taken for an exercise's: a sign changed, two numbers exchanged, angles in degrees.
 * @param {number[]} point
 * @param {string[]} texts
 */
function otherPoints(point, texts) {
  const some = point.slice(0, MAX_COMPONENTS);
  const changed = (/** @type {[number, number][]} */ ...pairs) => Object.assign([...point], Object.fromEntries(pairs));
  const flipped = some.map((value, k) => {
    return { kind: "point", text: `This is its value at ${texts[k]} = ${showNumber(-value, 6)}.`, point: changed([k, -value]) };
  });
  const exchanged = some.flatMap((value, k) =>
    some.slice(0, k).map((other, l) => {
      const text = `This is its value with ${texts[l]} and ${texts[k]} exchanged.`;
      return { kind: "point", text, point: changed([k, other], [l, value]) };
    }),
  );
  const inDegrees = [Math.PI / 180, 180 / Math.PI].map((unit) => {
    const text = "This is its value with angles in degrees: they are in radians.";
    return { kind: "degrees", text, point: point.map((value) => value * unit) };
  });
  return [...flipped, ...exchanged, ...inDegrees];
}
