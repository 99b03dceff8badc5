/**
 * The frame of an exercise: what is solved, the score line, and the sentence that is read out.
 */

import { make, setText } from "./element.mjs";

/** @typedef {"right" | "wrong" | "doubt" | "hint" | ""} Tone */

export const MARKS = { right: "✓", wrong: "✗", doubt: "?", hint: "→", "": "" };

/** Counts solved questions and announces sentences. */
export class Board {
  /**
   * @param {(answers: Record<string, {text: string, right: boolean}>) => void} keep called with every answer
   */
  constructor(keep) {
    this.keep = keep;
    this.score = make("span", "jm-quiz-score");
    this.status = make("p", "jm-hidden", "", { role: "status" });
    this.sentence = make("p", "jm-quiz-says");
    this.foot = make("div", "jm-quiz-foot");
    /** @type {Record<string, {text: string, right: boolean}>} */
    this.answers = {};
    this.begin(0);
  }

  /** @param {number} total number of questions */
  begin(total) {
    this.total = total;
    if (Object.keys(this.answers).length) this.keep({});
    this.answers = {};
    this.say("", "");
    this.count();
  }

  /**
   * Put tools and sentence where one works.
   * @param {HTMLElement} box
   */
  follow(box) {
    if (this.foot.parentElement !== box) box.append(this.foot);
  }

  /**
   * Show a sentence, and have it read out.
   * @param {string} text
   * @param {Tone} tone
   * @param {Element} [mathematics] that follows it
   */
  say(text, tone, mathematics) {
    this.sentence.dataset.tone = tone;
    setText(this.sentence, text && `${MARKS[tone]} ${text}`.trim());
    if (mathematics) this.sentence.append(" ", mathematics);
    setText(this.status, this.sentence.textContent ?? "");
  }

  /**
   * Take down an answer.
   * @param {string} id of the question
   * @param {string} text
   * @param {boolean} right
   */
  settle(id, text, right) {
    this.answers = { ...this.answers, [id]: { text, right } };
    this.keep(this.answers);
    this.count();
  }

  count() {
    const right = Object.values(this.answers).filter((answer) => answer.right).length;
    const all = right === this.total && right ? " · all done" : "";
    setText(this.score, this.total ? `${right} of ${this.total} right${all}` : "");
  }
}
