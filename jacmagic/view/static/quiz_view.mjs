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
 * @property {number} seed
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
 * @property {string} [digest]
 *
 * @typedef {object} Context
 * @property {Document} document
 * @property {Spec} spec
 * @property {import("./quiz_exercise.mjs").Judge} judge
 * @property {Board} board
 */

import { make, makeScrollable, setText } from "./element.mjs";
import { readMathml } from "./mathml.mjs";
import { Board } from "./quiz_board.mjs";
import { Entries } from "./quiz_entries.mjs";
import { Judge } from "./quiz_exercise.mjs";
import { Choices } from "./quiz_choices.mjs";
import { Derivations } from "./quiz_steps.mjs";
import { Numbers } from "./quiz_numbers.mjs";
import { hideStill } from "./still.mjs";

/** @type {Record<string, any>} */
const FRONTS = { entries: Entries, numbers: Numbers, steps: Derivations, choices: Choices };

/** One view of an exercise. */
class QuizView {
  /** @param {{model: any, el: HTMLElement}} context */
  constructor({ model, el }) {
    const document = el.ownerDocument;
    /** @type {Spec} */
    const spec = model.get("spec");
    this.model = model;
    const board = new Board(document, (answers) => {
      model.set("answers", answers);
      model.save_changes();
    });
    this.context = { document, spec, board, judge: new Judge(model.get("exercise")) };
    this.title = make(document, "div", "jm-title");
    this.stage = make(document, "div", "jm-quiz-stage");
    el.classList.add("jm-root", "jm-quiz");
    board.foot.append(this.tools(), board.sentence);
    el.append(this.header(), this.stage, board.status);
    this.begin(0);
  }

  header() {
    const { document, spec } = this.context;
    const box = make(document, "div", "jm-quiz-header");
    const where = make(document, "div", "jm-where");
    where.append(...spec.definitions.map((one) => readMathml(one, document)));
    makeScrollable(where);
    box.append(this.title, where);
    box.append(make(document, "p", "jm-quiz-task", spec.task));
    if (spec.typing) box.append(make(document, "p", "jm-quiet", spec.typing));
    if (spec.variants.length > 1) box.append(this.chooser());
    return box;
  }

  chooser() {
    const { document, spec } = this.context;
    const label = make(document, "label", "jm-quiz-variant", "Variant ");
    const select = /** @type {HTMLSelectElement} */ (make(document, "select", "jm-tool"));
    spec.variants.forEach((_, k) => {
      const option = /** @type {HTMLOptionElement} */ (make(document, "option", "", String(k + 1)));
      option.value = String(k);
      select.append(option);
    });
    select.addEventListener("change", () => this.begin(Number(select.value)));
    label.append(select);
    return label;
  }

  tools() {
    const { document } = this.context;
    const box = make(document, "div", "jm-tools jm-quiz-tools");
    const button = (/** @type {string} */ text, /** @type {() => void} */ act) => {
      const one = /** @type {HTMLButtonElement} */ (make(document, "button", "jm-tool", text));
      one.type = "button";
      one.addEventListener("click", act);
      return one;
    };
    box.append(
      button("Check", () => this.shown.check()),
      button("Hint", () => this.shown.hint()),
      button("Start again", () => this.begin(this.variant)),
      this.context.board.score,
    );
    return box;
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
  hideStill(el.ownerDocument, model.get("beside"), signal);
}

export default { render };
