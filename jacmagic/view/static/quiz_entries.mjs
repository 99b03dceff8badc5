/** The kind "entries": the matrix with a blank for each entry that is asked for. */

import { make, makeScrollable } from "./element.mjs";
import { readMathml } from "./mathml.mjs";
import { makeBlank } from "./quiz_blank.mjs";
import { hintAfter } from "./quiz_hint.mjs";
import { mathOf } from "./quiz_text.mjs";

const UNFINISHED = "This is equal, but a derivative in it is still to be carried out.";

/**
 * @typedef {import("./quiz_view.mjs").Context} Context
 * @typedef {import("./quiz_view.mjs").Question} Question
 */

/** The matrix of one variant. */
export class Entries {
  /**
   * @param {Context} context
   * @param {import("./quiz_view.mjs").Variant} variant
   */
  constructor(context, { cells, questions }) {
    this.context = context;
    /** @type {Map<string, {text: string, tone: import("./quiz_board.mjs").Tone, math?: Element}>} the last sentence about each blank */
    this.said = new Map();
    /** @type {[Question, import("./quiz_blank.mjs").Blank][]} */
    this.blanks = [];
    const { spec } = context;
    const head = make("div", "jm-quiz-head", [readMathml(spec.head), " ="]);
    const drawn = cells.flat().map((cell) => this.cell(cell, questions));
    const attributes = { role: "group", "aria-label": `${spec.title}, ${cells.length} rows` };
    const matrix = make("div", "jm-quiz-matrix jm-brackets", drawn, attributes);
    matrix.style.setProperty("--jm-columns", String(cells[0]?.length ?? 1));
    this.box = make("div", "jm-quiz-equation", [head, matrix]);
    makeScrollable(this.box);
    this.current = this.blanks[0]?.[0] ?? null;
    /** @type {HTMLElement | null} the tools stand below the matrix */
    this.first = null;
  }

  /**
   * @param {number | string} cell the number of a question, or MathML of an entry that is given
   * @param {Question[]} questions
   */
  cell(cell, questions) {
    const question = questions.find(({ number }) => number === cell);
    if (!question) return make("div", "jm-quiz-cell jm-quiz-fixed", [readMathml(String(cell))]);
    const label = make("span", "jm-quiz-label", [readMathml(question.mathml), " ="], { "aria-hidden": "true" });
    const blank = makeBlank(this.context.judge, question.column, question.text, () => this.check());
    blank.input.addEventListener("focus", () => this.choose(question));
    blank.input.addEventListener("input", () => this.said.delete(question.id));
    this.blanks.push([question, blank]);
    return make("div", "jm-quiz-cell", [label, blank.box]);
  }

  /** @param {Question} question */
  choose(question) {
    if (this.current === question) return;
    this.current = question;
    const judgement = this.said.get(question.id);
    this.context.board.say(judgement?.text ?? "", judgement?.tone ?? "", judgement?.math);
  }

  /**
   * @param {Question} question
   * @param {string} text
   * @param {import("./quiz_board.mjs").Tone} tone
   * @param {Element} [math]
   */
  say(question, text, tone, math) {
    const full = `${question.text}: ${text}`;
    this.said.set(question.id, { text: full, tone, math });
    this.context.board.say(full, tone, math);
  }

  /** @param {string} source @param {Question} question */
  judged(source, question) {
    return this.context.judge.judge(source, question.row, question.column);
  }

  /** Judge the blank that was chosen last; a right one leads to the next that is not. */
  check() {
    const pair = this.blanks.find(([question]) => question === this.current);
    if (!pair) return;
    const [question, blank] = pair;
    const { board } = this.context;
    const result = this.judged(blank.input.value, question);
    const isRight = result.verdict === "right" && !result.isOpen;
    const tone = isRight ? "right" : result.verdict === "wrong" ? "wrong" : "doubt";
    blank.mark(tone);
    board.settle(question.id, blank.input.value, isRight);
    if (isRight) this.say(question, "right.", tone);
    else if (result.isOpen) this.say(question, UNFINISHED, tone);
    else this.say(question, result.text || "this is not the derivative.", tone);
  }

  hint() {
    const question = this.current;
    if (!question) return;
    const { judge } = this.context;
    const { text, line } = hintAfter(judge.question(question.row, question.column), judge.texts);
    this.say(question, text, "hint", line ? mathOf(line, judge) : undefined);
  }
}
