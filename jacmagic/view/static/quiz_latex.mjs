/**
 * LaTeX as the parser reads mathematics: \frac{x}{y} as ((x)/(y)), \cos\theta as cos theta.
 *
 * Commands are exchanged for what one types instead of them; everything else stays as it is.
 */

import { FUNCTIONS, isGreek } from "./quiz_names.mjs";
import { MAX_LETTERS, Unreadable } from "./quiz_tokens.mjs";

const ACCENT_MARKS = new Map(Object.entries({ dot: "\u0307", ddot: "\u0308", hat: "\u0302", bar: "\u0304", tilde: "\u0303", vec: "\u20d7" }));
const LATEX_SIGNS = new Map(Object.entries({
  cdot: "*", times: "*", ast: "*", div: "/", partial: "∂", lvert: "|", rvert: "|", vert: "|", mid: "|", lbrace: "(", rbrace: ")",
  lbrack: "(", rbrack: ")", lparen: "(", rparen: ")", ell: "ℓ", Rightarrow: "=", implies: "=", to: "=", prime: "′", "{": "(", "}": ")", "|": "|", "(": "", ")": "", "[": "", "]": "",
}));
const SILENT = new Set(
  ("left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle textstyle limits nolimits " +
    "quad qquad nonumber thinspace , ; : ! > \\").split(" "),
);
const WRAPPERS = new Set("mathrm mathit mathbf mathsf text textrm textit boldsymbol bm mbox operatorname".split(" "));
const FRACTIONS = new Set("frac dfrac tfrac cfrac".split(" "));
const DIFFERENTIAL = /^\s*[d∂]\s*(.*)$/su;

/**
 * @param {string} source
 * @returns {string} without LaTeX's commands
 * @throws {Unreadable} where one of them is not mathematics of answers
 */
export function withoutLatex(source) {
  if (source.length > MAX_LETTERS || !/[\\$]/.test(source)) return source;
  return new LatexReader(source.replace(/[$&]|\.\s*\$*\s*$/g, " ")).all();
}

class LatexReader {
  /** @param {string} source */
  constructor(source) {
    this.source = source;
    this.at = 0;
  }

  all() {
    let text = "";
    while (this.at < this.source.length) text += this.piece();
    return text;
  }

  /** @returns {string} the next letter or command, as it is typed */
  piece() {
    const letter = String.fromCodePoint(Number(this.source.codePointAt(this.at)));
    this.at += letter.length;
    if (letter === "~") return " ";
    return letter === "\\" ? this.command() : letter;
  }

  command() {
    const name = /^(?:[a-zA-Z]+\*?|.)/su.exec(this.source.slice(this.at))?.[0] ?? "";
    this.at += name.length;
    if (SILENT.has(name)) return this.silent(name);
    const sign = LATEX_SIGNS.get(name);
    if (sign !== undefined) return `${sign} `;
    if (FRACTIONS.has(name)) return quotient(this.argument(), this.argument());
    if (name === "sqrt") return this.root();
    if (WRAPPERS.has(name.replace("*", ""))) return this.word(this.argument());
    const accent = ACCENT_MARKS.get(name);
    if (accent) return this.word(`${this.argument().trim()}${accent}`);
    if (FUNCTIONS.has(name) || isGreek(name)) return this.word(name);
    throw new Unreadable(`\\${name} cannot be read here.`);
  }

  /** @param {string} name of a command that only places or sizes what follows */
  silent(name) {
    if (/^(left|right)$/.test(name) && this.source[this.at] === ".") this.at++; // an invisible bracket
    return " ";
  }

  /** @param {string} word apart from letters and digits beside it, not from its index */
  word(word) {
    return ` ${word}${/^[\p{L}\p{N}]/u.test(this.source.slice(this.at)) ? " " : ""}`;
  }

  /** @returns {string} what braces hold, or one letter or command */
  argument() {
    this.at += (/^\s*/.exec(this.source.slice(this.at)) ?? [""])[0].length;
    if (this.at >= this.source.length) throw new Unreadable("A command of LaTeX lacks its argument: write \\frac{a}{b}.");
    return this.source[this.at] === "{" ? this.closed("{", "}") : this.piece();
  }

  /** @param {string} open @param {string} close @returns {string} what stands between brackets that begin here */
  closed(open, close) {
    const start = this.at + 1;
    let depth = 0;
    for (; this.at < this.source.length; this.at++) {
      if (this.source[this.at - 1] === "\\") continue;
      depth += Number(this.source[this.at] === open) - Number(this.source[this.at] === close);
      if (!depth) return new LatexReader(this.source.slice(start, this.at++)).all();
    }
    throw new Unreadable(`The bracket ${open} is not closed.`);
  }

  root() {
    const degree = this.source[this.at] === "[" ? this.closed("[", "]") : "";
    const inside = this.argument();
    return degree ? ` ((${inside})^(1/(${degree})))` : ` sqrt(${inside})`;
  }
}

/**
 * A fraction; one of differentials is a derivative.
 * @param {string} above
 * @param {string} below
 */
function quotient(above, below) {
  const [of, by] = [DIFFERENTIAL.exec(above), DIFFERENTIAL.exec(below)];
  if (of && by?.[1]) return /^\(.*\)\s*$/su.test(of[1]) || !of[1] ? ` d/d${by[1].trim()} ${of[1]}` : ` ${above}/${below}`;
  return ` ((${above})/(${below}))`;
}
