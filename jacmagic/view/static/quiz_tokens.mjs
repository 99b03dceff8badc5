/**
 * The signs of an answer: numbers, words, operators, brackets.
 *
 * @typedef {object} Token
 * @property {"number" | "word" | "sign" | "power" | "derivative" | "differential" | "end"} kind
 * @property {string} text as typed; of a sign, the one that the parser knows
 * @property {number} start
 * @property {boolean} [isBrace] of a sign: {, as around the argument of a function in LaTeX
 * @property {number} [value] of a number, and of an exponent written above the line
 * @property {string} [by] of a derivative, the name that it is taken by
 * @property {boolean} [isOpen] of a derivative without a name: D(…)
 * @property {boolean} [isOf] of a derivative whose name follows: d(…)/dx
 */

export const MAX_LETTERS = 2000; // of an answer
export const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const SIGNS = new Map([
  ["−", "-"], ["–", "-"], ["—", "-"], ["·", "*"], ["×", "*"], ["⋅", "*"], ["∙", "*"], ["÷", "/"], ["∕", "/"], ["⁄", "/"], ["∗", "*"], ["•", "*"],
  ["{", "("], ["}", ")"], ["[", "("], ["]", ")"], ["’", "'"], ["′", "'"], ["‘", "'"],
]);
const KNOWN = new Set("+-*/^()|,'√=".split(""));

const NAME = String.raw`\p{L}[\p{L}\p{M}\p{Nd}₀-₉ₐ-ₜ_]*(?:_?\{[\p{L}\p{Nd},\s]+\})?(?:\[\s*\d+(?:\s*,\s*\d+)*\s*\])?`;
const PATTERNS = {
  blank: /\s+|\\[,;!]/uy,
  number: /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/uy,
  raised: /[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+/uy,
  derivative: new RegExp(String.raw`[d∂]\s*/\s*[d∂]\s*(${NAME})`, "uy"),
  open: /D(?:_\{?([\p{L}\p{Nd}_₀-₉]+)\}?)?(?=\s*[([{])/uy,
  of: /[d∂](?=\s*[([{])/uy,
  below: new RegExp(String.raw`\/\s*[d∂]\s*(${NAME})`, "uy"),
  stars: /\*\*/y,
  word: new RegExp(NAME, "uy"),
};

/** A sentence about what cannot be read. */
export class Unreadable extends Error {}

/**
 * @param {string} typed
 * @param {(word: string) => boolean} isName whether a word is one of the function's own names
 * @returns {Token[]} the last one is the end
 */
export function tokensOf(typed, isName) {
  const source = typed.replace(/(\d*)([¼-¾⅐-⅞])/gu, (_, whole, part) => `(${whole || 0}+${part.normalize("NFKC")})`); // 2½
  if (source.length > MAX_LETTERS) throw new Unreadable(`This is longer than ${MAX_LETTERS} letters.`);
  /** @type {Token[]} */
  const tokens = [];
  let at = 0;
  const match = (/** @type {RegExp} */ pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  while (at < source.length) {
    const blank = match(PATTERNS.blank);
    if (blank) {
      at += blank[0].length;
      continue;
    }
    const token = next(source, at, match, isName);
    tokens.push(token);
    at += token.text.length;
    if (token.text === "{") token.isBrace = true;
    if (token.kind === "sign") token.text = SIGNS.get(token.text) ?? token.text;
    if (token.kind === "sign" && token.text === "**") token.text = "^";
  }
  return [...tokens, { kind: "end", text: "", start: source.length }];
}

/**
 * @param {string} source
 * @param {number} start
 * @param {(pattern: RegExp) => RegExpExecArray | null} match
 * @param {(word: string) => boolean} isName
 * @returns {Token}
 */
function next(source, start, match, isName) {
  const number = match(PATTERNS.number);
  if (number) return { kind: "number", text: number[0], start, value: Number(number[0]) };
  const raised = match(PATTERNS.raised);
  if (raised) return { kind: "power", text: raised[0], start, value: lowered(raised[0]) };
  const derived = match(PATTERNS.derivative);
  if (derived && (isName(derived[1]) || !isName("d"))) return { kind: "derivative", text: derived[0], start, by: derived[1] };
  const open = match(PATTERNS.open);
  if (open && !isName(open[0])) return { kind: "derivative", text: open[0], start, by: open[1], isOpen: true };
  const of = match(PATTERNS.of);
  if (of && !isName("d")) return { kind: "derivative", text: of[0], start, isOf: true };
  const below = match(PATTERNS.below);
  if (below && !isName("d") && isName(below[1])) return { kind: "differential", text: below[0], start, by: below[1] };
  const stars = match(PATTERNS.stars);
  if (stars) return { kind: "sign", text: "**", start };
  const word = match(PATTERNS.word);
  if (word) return { kind: "word", text: wordOf(word[0], isName), start };
  const letter = String.fromCodePoint(/** @type {number} */ (source.codePointAt(start)));
  if (!KNOWN.has(SIGNS.get(letter) ?? letter)) throw new Unreadable(`The sign ${letter} cannot be read here.`);
  return { kind: "sign", text: letter, start };
}

/**
 * A word without the brackets after it where they are not an index: e[2] of a function without e.
 * @param {string} word
 * @param {(word: string) => boolean} isName
 */
function wordOf(word, isName) {
  const bracket = word.search(/[[{]/);
  return bracket > 0 && !isName(word) && word[bracket - 1] !== "_" ? word.slice(0, bracket) : word;
}

/** @param {string} text an exponent above the line */
function lowered(text) {
  const digits = [...text].filter((letter) => RAISED.includes(letter)).map((letter) => RAISED.indexOf(letter));
  return Number(digits.join("")) * (text.startsWith("⁻") ? -1 : 1);
}
