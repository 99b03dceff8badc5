/** Answers that are chosen from a list, such as the rule of a step. Right ones are known by hashes only. */

import { make, makeScrollable, makeSelect } from "./element.mjs";
import { readMathml } from "./mathml.mjs";
import { MARKS } from "./quiz_board.mjs";

const LEFT_BY_HINT = 2; // choices that a hint leaves

/**
 * @typedef {import("./quiz_view.mjs").Context} Context
 * @typedef {import("./quiz_view.mjs").Question} Question
 */

/** The questions of one variant. */
export class Choices {
  /**
   * @param {Context} context
   * @param {import("./quiz_view.mjs").Variant} variant
   */
  constructor(context, { questions }) {
    this.context = context;
    this.box = make("div", "jm-quiz-list");
    /** @type {Map<string, HTMLSelectElement>} */
    this.selects = new Map();
    this.current = questions[0] ?? null;
    for (const question of questions) this.box.append(this.item(question));
    this.first = /** @type {HTMLElement | null} */ (this.box.firstElementChild);
  }

  /** @param {Question} question */
  item(question) {
    const number = make("span", "jm-quiz-number", `${question.number}`);
    const shown = make("div", "jm-quiz-line", [number, readMathml(question.mathml)]);
    makeScrollable(shown);
    const label = `${question.asked} of ${question.item} ${question.number}: ${question.text}`;
    const texts = [`choose a ${question.asked}`, ...(question.choices ?? [])];
    const select = makeSelect(texts, () => this.judge(question, select, item, mark), { "aria-label": label });
    select.options[0].value = "";
    const mark = make("span", "jm-blank-mark", "", { "aria-hidden": "true" });
    const item = make("div", "jm-quiz-rule", [shown, select, mark]);
    select.addEventListener("focus", () => this.choose(question, item));
    this.selects.set(question.id, select);
    return item;
  }

  /**
   * @param {Question} question
   * @param {HTMLSelectElement} select
   * @param {HTMLElement} item
   * @param {HTMLElement} mark
   */
  judge(question, select, item, mark) {
    const { board } = this.context;
    this.choose(question, item);
    const isRight = isAnswer(question, select.value);
    const tone = select.value === "" ? "" : isRight ? "right" : "wrong";
    item.dataset.tone = tone;
    mark.textContent = MARKS[tone];
    board.settle(question.id, select.value, isRight);
    if (tone === "right") board.say(`${named(question)}, ${select.value}: right.`, tone);
    else if (tone) board.say(`${named(question)}: not ${select.value}. ${question.advice}`, tone);
  }

  /**
   * @param {Question} question
   * @param {HTMLElement} item
   */
  choose(question, item) {
    if (question === this.current) return;
    this.current = question;
    this.context.board.say("", "");
    this.context.board.follow(item);
  }

  check() {
    const select = this.current && this.selects.get(this.current.id);
    select?.dispatchEvent(new Event("change"));
  }

  /** Leave two of the choices. */
  hint() {
    const question = this.current;
    const select = question && this.selects.get(question.id);
    if (!question || !select) return;
    const wrong = [...select.options].filter(({ value }) => value && !isAnswer(question, value));
    for (const option of wrong.slice(LEFT_BY_HINT - 1)) option.disabled = true;
    const left = [...select.options].filter(({ value, disabled }) => value && !disabled).map(({ value }) => value);
    this.context.board.say(`${named(question)} is one of these: ${left.join(" · ")}.`, "hint");
  }
}

/** @param {Question} question @param {string} choice */
function isAnswer({ salt, digest }, choice) {
  return hashOf(`${salt}:${choice}`) === digest;
}

/** @param {string} text its hash of 32 bits, FNV-1a as `view/exercise/traits.py` computes it */
function hashOf(text) {
  return new TextEncoder().encode(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5) >>> 0;
}

/** What a question is about, at the beginning of a sentence. @param {Question} question */
function named({ item = "", number }) {
  return `${item.charAt(0).toUpperCase()}${item.slice(1)} ${number}`;
}
