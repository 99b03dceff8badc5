/**
 * The matrix, the point and the closed form as text to copy: every digit for programs, those that are
 * shown for readers.
 *
 * @typedef {object} Table
 * @property {string[]} rows labels
 * @property {string[]} columns labels
 * @property {ArrayLike<number>} values row-major
 */

import { showNumber } from "./format.mjs";
import { typedAt } from "./typed.mjs";

const POINT = "this point"; // the format that is a magic's line

/**
 * @param {Table} table
 * @returns {number[][]}
 */
function lines({ rows, columns, values }) {
  const n = columns.length;
  return rows.map((_, i) => Array.from({ length: n }, (__, j) => values[i * n + j] + 0));
}

/**
 * A float as Python writes it.
 * @param {number} value
 * @param {string} prefix of the module that holds nan and inf
 */
export function pythonNumber(value, prefix) {
  if (Number.isNaN(value)) return `${prefix}nan`;
  if (!Number.isFinite(value)) return value > 0 ? `${prefix}inf` : `-${prefix}inf`;
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/**
 * @param {Table} table
 * @param {string} prefix
 */
function nested(table, prefix) {
  const rows = lines(table).map((line) => `[${line.map((v) => pythonNumber(v, prefix)).join(", ")}]`);
  return `[${rows.join(",\n ")}]`;
}

/** @param {string} text */
const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

/**
 * A number as the page shows it, in ASCII.
 * @param {number} value
 * @param {number} digits
 */
const shown = (value, digits) => showNumber(value, digits).replace(/−/g, "-");

/**
 * The same in LaTeX.
 * @param {number} value
 * @param {number} digits
 */
function latexNumber(value, digits) {
  const [mantissa, exponent] = shown(value, digits).split("e");
  if (!Number.isFinite(value)) return mantissa.replace("∞", "\\infty").replace("nan", "\\mathrm{nan}");
  return exponent ? `${mantissa} \\cdot 10^{${exponent}}`.replace(/^(-?)1 \\cdot /, "$1") : mantissa;
}

/** @type {Record<string, (table: Table, digits: number) => string>} */
export const FORMATS = {
  NumPy: (table) => `np.array(${nested(table, "np.")})`,
  torch: (table) => `torch.tensor(${nested(table, "torch.")}, dtype=torch.float64)`,
  Markdown: (table, digits) =>
    [
      ["", ...table.columns.map((label) => `∂${label}`)],
      ["---", ...table.columns.map(() => "---:")],
      ...lines(table).map((line, i) => [`∂${table.rows[i]}`, ...line.map((value) => shown(value, digits))]),
    ]
      .map((cells) => `| ${cells.map((cell) => cell.replace(/\|/g, "\\|")).join(" | ")} |`)
      .join("\n"),
  CSV: (table) =>
    [
      ["", ...table.columns],
      ...lines(table).map((line, i) => [table.rows[i], ...line.map(String)]),
    ]
      .map((cells) => cells.map(quoted).join(","))
      .join("\n"),
  "LaTeX of the numbers": (table, digits) =>
    `\\begin{bmatrix} ${lines(table)
      .map((line) => line.map((value) => latexNumber(value, digits)).join(" & "))
      .join(" \\\\ ")} \\end{bmatrix}`,
};

/**
 * The line that puts a cell at a point.
 * @param {[string, string]} command the magic with its target, and what follows the point
 * @param {{name: string, shape: number[]}[]} inputs
 * @param {ArrayLike<number>} point
 * @param {import("./typed.mjs").TypedNumbers} [typed] its components that are still as they were typed
 */
export function magicLine([magic, options], inputs, point, typed = {}) {
  let index = 0;
  /** @type {(shape: number[]) => string} */
  const value = (shape) => {
    if (!shape.length) {
      const number = point[index++];
      if (typed[index - 1]) return typed[index - 1].source;
      return Number.isFinite(number) ? String(number) : pythonNumber(number, "").replace(/(nan|inf)/, "float('$1')");
    }
    return `[${Array.from({ length: shape[0] }, () => value(shape.slice(1))).join(", ")}]`;
  };
  const values = inputs.map(({ name, shape }) => `${name}=${value(shape)}`);
  return [magic, ...values, ...(options ? [options] : [])].join(" ");
}

/**
 * What can be copied; a point that no line can name is not.
 * @param {import("./parts.mjs").Frame} frame
 */
export function copyFormats(frame) {
  const line = frame.spec.command ? [POINT] : [];
  return [...Object.keys(sources(frame)), ...Object.keys(FORMATS), ...line];
}

/**
 * @param {import("./parts.mjs").Frame} frame
 * @param {string} format one of `copyFormats`
 */
export function copyText(frame, format) {
  const { spec, layout, point, values, digits } = frame;
  if (format === POINT && spec.command) return magicLine(spec.command, spec.inputs, point, typedAt(spec.typed, point));
  const table = { ...layout.sides, values: layout.arrange(values) };
  return FORMATS[format]?.(table, digits) ?? sources(frame)[format][layout.exchanged ? 1 : 0];
}

/**
 * The closed form as source, with names or numbers as it is shown.
 * @param {import("./parts.mjs").Frame} frame
 */
function sources({ chain, plain }) {
  return ((plain && chain.plain) || chain).copies;
}
