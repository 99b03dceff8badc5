/**
 * What stands below the table: whether torch agrees, what must not be overlooked, and remarks.
 *
 * @typedef {object} Status
 * @property {string} point where the Jacobian stands
 * @property {string} verdict "agree", "disagree", "not confirmed", or who stands alone
 * @property {boolean} closed whether there is a closed form
 * @property {string} agreement one line
 * @property {string[]} warnings
 * @property {string[]} remarks
 * @property {[number, number][]} marked entries that disagree or are not finite
 * @property {string} stale why the last good result still stands; "" if it does not
 * @property {number} serial grows with every answer of the kernel
 */

import { make } from "./chain.mjs";

// The mark before the line of agreement; only "agree" is vouched for.
const MARKS = /** @type {Record<string, string>} */ ({
  agree: "✓",
  disagree: "⚠",
  "torch is alone": "⚠",
  "the closed form is alone": "⚠",
});

/**
 * How the line of agreement looks: good, warned where there is more to know, bad or neutral.
 * @param {string} verdict
 * @param {boolean} warned whether warnings stand below it
 * @returns {{mark: string, tone: string}}
 */
export function toneOf(verdict, warned) {
  const mark = Object.hasOwn(MARKS, verdict) ? MARKS[verdict] : "·";
  if (mark === "✓") return { mark, tone: warned ? "warned" : "good" };
  return { mark, tone: mark === "⚠" ? "bad" : "neutral" };
}

export class Notes {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.document = parent.ownerDocument;
    this.agreement = make(this.document, "p", "jm-agreement");
    this.list = make(this.document, "ul", "jm-notes");
    parent.append(this.agreement, this.list);
  }

  /** @param {Status} status */
  paint(status) {
    const source = JSON.stringify([status.verdict, status.agreement, status.warnings, status.remarks]);
    if (source === this.shown) return;
    this.shown = source;
    const { mark, tone } = toneOf(status.verdict, status.warnings.length > 0);
    this.agreement.textContent = `${mark} ${status.agreement}`;
    this.agreement.dataset.tone = tone;
    const warnings = status.warnings.map((text) => make(this.document, "li", "jm-warning", `⚠ ${text}`));
    const remarks = status.remarks.map((text) => make(this.document, "li", "", text));
    this.list.replaceChildren(...warnings, ...remarks);
  }

  /**
   * Say whose numbers these are while torch has not confirmed them.
   * @param {string} text
   */
  ahead(text) {
    this.shown = "";
    this.agreement.textContent = text;
    this.agreement.dataset.tone = "neutral";
    this.list.replaceChildren();
  }
}
