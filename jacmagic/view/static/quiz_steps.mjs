/** The kind "steps": entries that are derived line by line. */

import { make, makeScrollable } from "./element.mjs";
import { readMathml } from "./mathml.mjs";
import { makeBlank } from "./quiz_blank.mjs";
import { hintAfter } from "./quiz_hint.mjs";
import { mathOf } from "./quiz_text.mjs";

/**
 * @typedef {import("./quiz_view.mjs").Context} Context
 * @typedef {import("./quiz_view.mjs").Question} Question
 * @typedef {import("./quiz_tree.mjs").Node} Node
 */

/** The derivations of one variant. */
export class Derivations {
  /**
   * @param {Context} context
   * @param {import("./quiz_view.mjs").Variant} variant
   */
  constructor(context, { questions }) {
    this.context = context;
    this.all = questions.map((question) => new Derivation(context, question, (derivation) => this.choose(derivation)));
    this.current = this.all[0] ?? null;
    this.first = this.current?.box ?? null;
    this.box = make("div", "jm-quiz-list", this.all.map(({ box }) => box));
  }

  /** @param {Derivation} derivation */
  choose(derivation) {
    if (derivation === this.current) return;
    this.current = derivation;
    this.context.board.say("", "");
    this.context.board.follow(derivation.box);
  }

  check() {
    this.current?.check();
  }

  hint() {
    this.current?.hint();
  }
}

/** One derivation: the right lines, and the blank for the next one. */
class Derivation {
  /**
   * @param {Context} context
   * @param {Question} question
   * @param {(one: Derivation) => void} choose called when it gets the focus
   */
  constructor(context, question, choose) {
    this.context = context;
    this.question = question;
    const { judge } = context;
    /** @type {Node} the last right line */
    this.last = judge.question(question.row, question.column);
    /** @type {string[]} the right lines as they were typed */
    this.typed = [];
    const first = make("li", "jm-quiz-line", [readMathml(question.mathml), " = ", mathOf(this.last, judge)]);
    this.lines = make("ol", "jm-quiz-lines", [first]);
    makeScrollable(first);
    this.blank = makeBlank(judge, question.column, `next line of ${question.text}`, () => this.check());
    this.blank.input.addEventListener("focus", () => choose(this));
    this.row = make("div", "jm-quiz-next", ["= ", this.blank.box]);
    const attributes = { "aria-label": `Derivation of ${question.text}` };
    this.box = make("section", "jm-quiz-derivation", [this.lines, this.row], attributes);
  }

  check() {
    const { board, judge } = this.context;
    const { id, row, column, text } = this.question;
    const source = this.blank.input.value;
    const result = judge.judge(source, row, column, this.last);
    if (result.verdict !== "right") {
      const wrong = result.verdict === "wrong";
      this.blank.mark(wrong ? "wrong" : "doubt");
      if (wrong) board.settle(id, [...this.typed, source].join("\n"), false);
      board.say(`${text}: ${result.text || "this line is not equal to the one before."}`, wrong ? "wrong" : "doubt");
      return;
    }
    for (const line of result.lines) this.append(line);
    this.typed.push(source);
    board.settle(id, this.typed.join("\n"), !result.isOpen);
    this.blank.clear();
    if (result.isOpen) {
      board.say(`${text}: right so far.`, "right");
      return;
    }
    board.say(`${text}: derived.`, "right");
    this.row.hidden = true;
  }

  /** @param {Node} line */
  append(line) {
    const mark = make("span", "jm-quiz-ok", "✓", { "aria-label": "right", role: "img" });
    const item = make("li", "jm-quiz-line", ["= ", mathOf(line, this.context.judge), mark]);
    this.lines.append(item);
    makeScrollable(item);
    this.last = line;
  }

  hint() {
    const { board, judge } = this.context;
    const { text, line } = hintAfter(this.last, judge.texts);
    board.say(`${this.question.text}: ${text}`, "hint", line ? mathOf(line, judge) : undefined);
  }
}
