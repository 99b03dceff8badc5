/**
 * The mistake behind a wrong answer: the first single one that gives the answer at all points.
 *
 * Each hypothesis is a derivative with one rule broken, evaluated at the points where the answer was
 * judged. None of them is stored: they come from the function, or from the student's line before.
 */

import { adjointsOf, Analysis } from "./quiz_analysis.mjs";
import { heldConstant, totalDerivative } from "./quiz_constants.mjs";
import { argumentsOf, bracketsOf, editOf, editsOf } from "./quiz_edits.mjs";
import { byShape, fitsEverywhere, HALF_THE_DIGITS, scaled } from "./quiz_fit.mjs";
import { carriedOut, NUMBERS, partials } from "./quiz_partials.mjs";
import { wrongRules } from "./quiz_slips.mjs";
import { shortText } from "./quiz_text.mjs";
import { orderOf } from "./quiz_tree.mjs";
import { tabulated } from "./quiz_values.mjs";

const TESTS = 5; // points at which a hypothesis is tried
const TYPED_DIGITS = 5e-3; // relative: a number that is typed to two or three digits
const MAX_SWEPT = 120; // parts of a function in which one mistake is looked for everywhere
const MAX_ENTRIES = 400; // of a matrix whose other entries are compared
export const SEARCH_MS = 40; // after which no further hypothesis is tried

const MISSING = "missing term";
const SUMS = new Set(["add", "sub"]);
const ADVICE = /** @type {Record<string, string>} */ ({
  "product rule": "Product rule: (u·v)′ = u′·v + u·v′.",
  "quotient rule": "Quotient rule: (u/v)′ = (u′·v − u·v′)/v².",
  denominator: "Quotient rule: (u/v)′ = (u′·v − u·v′)/v².",
  power: "Check the exponent and the factor before it.",
  sign: "Check the signs.",
  constant: "The derivative of a constant is 0; a constant factor stays.",
});

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 * @typedef {import("./quiz_fit.mjs").Case} Case
 * @typedef {import("./quiz_fit.mjs").Fits} Fits
 * @typedef {import("./quiz_fit.mjs").Search} Search
 * @typedef {import("./quiz_fit.mjs").Mistake} Mistake
 */

/**
 * Name the mistake of a wrong line; null where no single one is found.
 * @param {Case} given
 * @param {number} [limit] milliseconds of search
 * @returns {Mistake | null}
 */
export function mistakeOf(given, limit = SEARCH_MS) {
  const points = given.points.slice(0, TESTS);
  const answer = carriedOut(given.answer);
  const order = orderOf([answer]);
  const typed = /** @type {Float64Array} */ (tabulated(order, points).get(answer));
  const parts = partsOf(given.before, points);
  const truth = carriedOut(given.before);
  const right = /** @type {Float64Array} */ (tabulated(orderOf([truth]), points).get(truth));
  /** @type {Fits} */
  const fits = (candidate, k) => {
    const size = Math.max(Math.abs(candidate), Math.abs(typed[k]));
    return Math.abs(candidate - typed[k]) <= HALF_THE_DIGITS * size;
  };
  const name = (/** @type {Node} */ node) => shortText(node, given.texts);
  const end = performance.now() + limit;
  const isLate = () => performance.now() > end;
  const search = { ...given, points, typed, right, truth, answer, fits, name, isLate };
  return (
    editOf(search, bracketsOf) ??
    wholeEntry(search) ??
    brokenRule(search, parts, (op, kind, isWhole) => isWhole && SUMS.has(op) && kind === MISSING) ??
    brokenRule(search, parts, (op) => !SUMS.has(op)) ??
    brokenRule(search, parts, (op) => SUMS.has(op)) ??
    heldConstant(search, parts) ??
    totalDerivative(search) ??
    brokenEverywhere(search, parts) ??
    byShape(search) ??
    editOf(search, editsOf) ??
    editOf(search, argumentsOf) ??
    scaled({ ...search, isLate: () => false })
  );
}

/** @typedef {import("./quiz_fit.mjs").Part} Part */

/**
 * @param {Node} line
 * @param {number[][]} points
 * @returns {Part[]}
 */
function partsOf(line, points) {
  const order = orderOf([line]);
  const values = lineValues(order, points);
  const weights = adjointsOf(order, points.length, (node, k) => {
    const at = (/** @type {Node} */ arg) => /** @type {Float64Array} */ (values.get(arg))[k];
    return partials(NUMBERS, node.op, at(node), node.args.map(at));
  });
  return order.reverse().flatMap((node) => {
    const weight = node.op === "derivative" && weights.get(node);
    return weight ? [{ of: new Analysis(node.args[0], Number(node.by), points), weight }] : [];
  });
}

/**
 * Values of the parts of a line, its derivatives carried out.
 * @param {Node[]} order
 * @param {number[][]} points
 */
function lineValues(order, points) {
  const plain = new Map(order.map((node) => [node, carriedOut(node)]));
  const table = tabulated(orderOf([...plain.values()]), points);
  return new Map(order.map((node) => [node, /** @type {Float64Array} */ (table.get(/** @type {Node} */ (plain.get(node))))]));
}

// ── another entry ───────────────────────────────────────────────────────────────────────────────

/** @param {Search} search @returns {Mistake | null} */
function wholeEntry(search) {
  const { outputs, rows, entries, texts, points, row, column, typed } = search;
  if (typed.every((value) => value === 0)) {
    return { kind: "zero", text: `${rows[row]} depends on ${texts[column]}: its derivative is not 0.` };
  }
  if (isNumberThere(search)) {
    return { kind: "number at the point", text: `This is the number at the point: write it as a function of ${texts[column]}.` };
  }
  const own = tabulated(orderOf([outputs[row]]), points).get(outputs[row]);
  if (fitsEverywhere(search, (k) => Number(own?.[k]))) {
    return { kind: "function itself", text: `This is ${rows[row]} itself, not its derivative.` };
  }
  if (outputs.length * texts.length > MAX_ENTRIES) return null;
  /** @type {[number, number, string, string][]} */
  const others = texts.map((text, j) => [row, j, "variable", `This is the derivative by ${text}, not by ${texts[column]}.`]);
  if (column < rows.length && row < texts.length) {
    others.push([column, row, "transposed", `This is ${entries[column][row]}: row and column are exchanged.`]);
  }
  rows.forEach((_, i) => others.push([i, column, "index", `This is ${entries[i][column]}, of another row.`]));
  rows.forEach((_, i) => texts.forEach((_, j) => others.push([i, j, "index", `This is ${entries[i][j]}, another entry.`])));
  return otherEntry(search, others);
}

/** @param {Search} search @returns {boolean} whether the answer is a number, that of the entry at the point */
function isNumberThere({ answer, truth, centre }) {
  const isFixed = (/** @type {Node} */ tree) => !orderOf([tree]).some(({ op }) => op === "variable");
  if (!isFixed(answer) || isFixed(truth)) return false;
  const table = tabulated(orderOf([answer, truth]), [centre]);
  const [one, other] = [answer, truth].map((tree) => Number(table.get(tree)?.[0]));
  return Math.abs(one - other) <= TYPED_DIGITS * Math.abs(other);
}

/**
 * @param {Search} search
 * @param {[number, number, string, string][]} others row, column, kind, text
 */
function otherEntry(search, others) {
  const { outputs, points, row, column } = search;
  /** @type {Map<number, Analysis>} */
  const analysed = new Map();
  const leaves = (/** @type {Analysis} */ analysis) => new Map(analysis.order.filter((o) => o.op === "variable").map((o) => [o.index, o]));
  for (const [i, j, kind, text] of others) {
    if (search.isLate() || (i === row && j === column)) continue;
    const analysis = analysed.get(i) ?? new Analysis(outputs[i], column, points);
    analysed.set(i, analysis);
    const leaf = leaves(analysis).get(j);
    if (leaf && fitsEverywhere(search, (k) => analysis.adjoint(leaf, k))) return { kind, text };
  }
  return null;
}

// ── a rule broken once, or everywhere ───────────────────────────────────────────────────────────

/** @type {(of: Analysis, one: Node, k: number, slopes?: number[]) => import("./quiz_slips.mjs").Line[]} */
const linesAt = (of, node, k, slopes) =>
  wrongRules(
    node.op,
    of.value(node, k),
    node.args.map((arg) => of.value(arg, k)),
    slopes ?? node.args.map((arg) => of.slope(arg, k)),
    node.args.map((_, a) => of.partial(node, a, k)),
  );

/**
 * @param {Search} search
 * @param {Part[]} parts
 * @param {(op: string, kind: string, isWhole: boolean) => boolean} isLooked which operations and kinds
 *   are looked at: missing terms of the whole sum first, other sums last
 * @returns {Mistake | null}
 */
function brokenRule(search, parts, isLooked) {
  for (const { of, weight } of parts) {
    for (const node of [...of.order].reverse()) {
      if (search.isLate()) return null;
      const isWhole = Math.abs(of.adjoint(node, 0)) === 1; // a sum whose terms are those of the output
      if (!of.depends.has(node) || !node.args.length || !isLooked(node.op, MISSING, isWhole)) continue;
      const lines = linesAt(of, node, 0);
      const changed = (/** @type {number} */ value, /** @type {number} */ k) =>
        search.right[k] + weight[k] * of.adjoint(node, k) * (value - of.slope(node, k));
      for (let at = 0; at < lines.length; at++) {
        const [kind, clause, value] = lines[at];
        if (!isLooked(node.op, kind, isWhole)) continue;
        if (!search.fits(changed(value, 0), 0)) continue;
        if (fitsEverywhere(search, (k) => changed(linesAt(of, node, k)[at]?.[2] ?? NaN, k))) {
          return { kind, text: sentence(search, node, kind, clause) };
        }
      }
    }
  }
  return null;
}

/**
 * @param {Search} search
 * @param {Node} node
 * @param {string} kind
 * @param {string} clause
 */
function sentence(search, node, kind, clause) {
  if (kind === MISSING) return `The derivative of ${search.name(node.args[clause.includes("first") ? 0 : 1])} is missing.`;
  const inner = node.args.find((arg) => arg.op !== "number");
  const advice =
    kind === "inner derivative" && inner
      ? `Chain rule: multiply by the derivative of ${search.name(inner)}.`
      : (ADVICE[kind] ?? "");
  return `${search.name(node)} is differentiated ${clause}. ${advice}`.trim();
}

/** @param {Search} search @param {Part[]} parts @returns {Mistake | null} */
function brokenEverywhere(search, parts) {
  for (const part of parts) {
    const { of } = part;
    if (of.order.length > MAX_SWEPT) continue;
    const seen = new Map();
    for (const node of of.order) {
      if (!of.depends.has(node) || !node.args.length) continue;
      for (const [kind, clause] of linesAt(of, node, 0)) {
        const key = `${kind}: ${clause}`;
        const mistake = seen.get(key) ?? { kind, clause, count: 0 };
        seen.set(key, { ...mistake, count: mistake.count + 1 });
      }
    }
    for (const { kind, clause, count } of seen.values()) {
      if (count > 1 && isSwept(search, part, kind, clause)) {
        return { kind, text: `Here is differentiated ${clause} more than once. ${ADVICE[kind] ?? ""}`.trim() };
      }
    }
  }
  return null;
}

/**
 * @param {Search} search
 * @param {Part} part
 * @param {string} kind
 * @param {string} clause
 */
function isSwept(search, { of, weight }, kind, clause) {
  const derivative = (/** @type {number} */ k) =>
    of.swept((node, slopes) => {
      const line = linesAt(of, node, k, slopes).find(([own, other]) => own === kind && other === clause);
      return line ? line[2] : null;
    }, k);
  return fitsEverywhere(search, (k) => search.right[k] + weight[k] * (derivative(k) - of.slope(of.root, k)));
}
