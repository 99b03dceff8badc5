/**
 * The view of an exercise: its function, its blanks, hints and the score.
 *
 * @typedef {object} Spec the trait `spec`
 * @property {string} title
 * @property {"entries" | "numbers" | "steps" | "rules"} kind
 * @property {string} task
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
 * @property {string[]} [choices] of a rule
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
import { Rules } from "./quiz_rules.mjs";
import { Derivations } from "./quiz_steps.mjs";
import { Numbers } from "./quiz_numbers.mjs";
import { hideStill } from "./still.mjs";

const KINDS = { entries: Entries, numbers: Numbers, steps: Derivations, rules: Rules };
const HELP = {
  entries: "Enter checks. Write 2x, x^2, sqrt(x), e^(−x), sin(x)², or LaTeX; names as in the function.",
  numbers: "Enter checks. Write 12, 3/4, −sqrt(2)/2, 2pi, or a decimal with three digits.",
  steps: "Enter checks a line. Write derivatives that are left as d/dx(…), D(…) or (…)′.",
  rules: "",
};

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
    const help = HELP[spec.kind];
    box.append(this.title, where);
    box.append(make(document, "p", "jm-quiz-task", spec.task));
    if (help) box.append(make(document, "p", "jm-quiet", help));
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
    this.shown = new KINDS[spec.kind](this.context, chosen);
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
