/**
 * The text below the table: the verdict, warnings and remarks.
 *
 * @typedef {object} Status
 * @property {string} verdict "agree", "disagree", "not confirmed", or which source is alone
 * @property {boolean} closed whether there is a closed form
 * @property {string} agreement one line
 * @property {string[]} warnings
 * @property {string[]} remarks
 * @property {[number, number][]} marked entries that disagree or are not finite
 * @property {string} stale why the last good result is still shown; "" if it is not
 * @property {number} serial grows with every answer of the kernel
 */

import { make, setText } from "./element.mjs";
import { addPart } from "./parts.mjs";

// The mark before the verdict; only "agree" has a tick.
const MARKS = /** @type {Record<string, string>} */ ({
  agree: "✓",
  disagree: "⚠",
  "torch is alone": "⚠",
  "the closed form is alone": "⚠",
});

/**
 * The look of the verdict: good, warned where there are warnings too, bad or neutral.
 * @param {string} verdict
 * @param {boolean} warned whether warnings follow below it
 * @returns {{mark: string, tone: string}}
 */
export function toneOf(verdict, warned) {
  const mark = Object.hasOwn(MARKS, verdict) ? MARKS[verdict] : "·";
  if (mark === "✓") return { mark, tone: warned ? "warned" : "good" };
  return { mark, tone: mark === "⚠" ? "bad" : "neutral" };
}

class Notes {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.box = parent;
    this.agreement = make("p", "jm-agreement");
    this.list = make("ul", "jm-notes");
    parent.append(this.agreement, this.list);
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint({ status, confirmed, pending }) {
    if (pending) this.paintPending(pending);
    else if (confirmed) this.paintStatus(status);
  }

  /** @param {Status} status */
  paintStatus(status) {
    const source = JSON.stringify([status.verdict, status.agreement, status.warnings, status.remarks]);
    if (source === this.shown) return;
    this.shown = source;
    this.box.style.minHeight = "";
    const { mark, tone } = toneOf(status.verdict, status.warnings.length > 0);
    this.agreement.textContent = `${mark} ${status.agreement}`;
    this.agreement.dataset.tone = tone;
    const warnings = status.warnings.map((text) => make("li", "jm-warning", `⚠ ${text}`));
    const remarks = status.remarks.map((text) => make("li", "", text));
    this.list.replaceChildren(...warnings, ...remarks);
  }

  /**
   * Say whose numbers these are while torch has not confirmed them.
   * @param {string} text
   */
  paintPending(text) {
    // What stands below must not move while a slider does.
    if (this.shown) this.box.style.minHeight = `${this.box.getBoundingClientRect().height}px`;
    this.shown = "";
    setText(this.agreement, text);
    this.agreement.dataset.tone = "neutral";
    this.list.replaceChildren();
  }
}

addPart({
  name: "below",
  mount: (box) => new Notes(box),
});
