/**
 * What stands below the table: whether torch agrees, what must not be overlooked, and remarks.
 *
 * @typedef {object} Status
 * @property {string} point where the Jacobian stands
 * @property {string} verdict "agree", "disagree" or "not confirmed"
 * @property {boolean} closed whether there is a closed form
 * @property {string} agreement one line
 * @property {string[]} warnings
 * @property {string[]} remarks
 * @property {[number, number][]} marked entries that disagree or are not finite
 * @property {string} stale why the last good result still stands; "" if it does not
 * @property {number} serial grows with every answer of the kernel
 */

import { make } from "./chain.mjs";

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
    const source = JSON.stringify([status.agreement, status.warnings, status.remarks]);
    if (source === this.shown) return;
    this.shown = source;
    const mark = { agree: "✓", disagree: "⚠", "not confirmed": "·" }[status.verdict] ?? "";
    this.agreement.textContent = `${mark} ${status.agreement}`;
    this.agreement.dataset.verdict = status.verdict;
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
    this.agreement.dataset.verdict = "ahead";
    this.list.replaceChildren();
  }
}
