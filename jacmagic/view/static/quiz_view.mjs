/**
 * The view of an exercise: its function, its blanks, hints and the score.
 *
 * @typedef {object} Spec the trait `spec`
 * @property {string} title
 * @property {string} front which blanks are drawn, a key of `FRONTS`
 * @property {string} task
 * @property {string} typing how answers are typed; "" if that is obvious
 * @property {string} head MathML of the matrix's name
 * @property {string[]} definitions MathML of the function
 * @property {Variant[]} variants
 *
 * @typedef {object} Variant
 * @property {string} where the point as text
 * @property {(number | string)[]} point
 * @property {(number | string)[][]} cells of the matrix: the number of a question, or a text
 * @property {Question[]} questions
 *
 * @typedef {object} Question
 * @property {string} id
 * @property {number} row
 * @property {number} column
 * @property {number} number
 * @property {string} text
 * @property {string} mathml
 * @property {string[]} [choices]
 * @property {string} [asked] what is chosen: "rule"
 * @property {string} [item] what it is about: "step"
 * @property {string} [advice] of a wrong choice
 * @property {string} [salt]
 * @property {number} [digest]
 *
 * @typedef {object} Context
 * @property {Spec} spec
 * @property {import("./quiz_exercise.mjs").Judge} judge
 * @property {Board} board
 */

import { hideStill, make, makeButton, makeScrollable, makeSelect, setText } from "./element.mjs";
import { readMathml } from "./mathml.mjs";
import { Board } from "./quiz_board.mjs";
import { Entries } from "./quiz_entries.mjs";
import { Judge } from "./quiz_exercise.mjs";
import { Choices } from "./quiz_choices.mjs";
import { Derivations } from "./quiz_steps.mjs";
import { Numbers } from "./quiz_numbers.mjs";

/** @type {Record<string, any>} */
const FRONTS = { entries: Entries, numbers: Numbers, steps: Derivations, choices: Choices };

/** One view of an exercise. */
class QuizView {
  /** @param {{model: any, el: HTMLElement}} context */
  constructor({ model, el }) {
    /** @type {Spec} */
    const spec = model.get("spec");
    this.model = model;
    const board = new Board((answers) => {
      model.set("answers", answers);
      model.save_changes();
    });
    this.context = { spec, board, judge: new Judge(model.get("exercise")) };
    this.title = make("div", "jm-title");
    this.stage = make("div", "jm-quiz-stage");
    el.classList.add("jm-root", "jm-quiz");
    board.foot.append(this.tools(), board.sentence);
    el.append(this.header(), this.stage, board.status);
    this.begin(0);
  }

  header() {
    const { spec } = this.context;
    const where = make("div", "jm-where", spec.definitions.map(readMathml));
    makeScrollable(where);
    const box = make("div", "jm-quiz-header", [this.title, where, make("p", "jm-quiz-task", spec.task)]);
    if (spec.typing) box.append(make("p", "jm-quiet", spec.typing));
    if (spec.variants.length > 1) {
      const numbers = spec.variants.map((_, k) => String(k + 1));
      box.append(make("label", "jm-quiz-variant", ["Variant ", makeSelect(numbers, (k) => this.begin(k))]));
    }
    return box;
  }

  tools() {
    return make("div", "jm-tools jm-quiz-tools", [
      makeButton("jm-tool", "Check", () => this.shown.check()),
      makeButton("jm-tool", "Hint", () => this.shown.hint()),
      makeButton("jm-tool", "Start again", () => this.begin(this.variant)),
      this.context.board.score,
    ]);
  }

  /** @param {number} variant */
  begin(variant) {
    const { spec, board } = this.context;
    this.variant = variant;
    const chosen = spec.variants[variant];
    setText(this.title, `${spec.title} at ${chosen.where}`);
    this.shown = new FRONTS[spec.front](this.context, chosen);
    this.stage.replaceChildren(this.shown.box);
    board.follow(this.shown.first ?? this.stage);
    board.begin(chosen.questions.length);
  }
}

/** @param {{model: any, el: HTMLElement, signal?: AbortSignal}} context */
function render({ model, el, signal }) {
  new QuizView({ model, el });
  hideStill(model.get("beside"), signal);
}

export default { render };
