/**
 * The selected entry: its derivation rule by rule, the numbers put in, and its value.
 *
 * @typedef {object} Entry
 * @property {[number, string, string, string][]} lines depth, MathML with slots, rule, MathML of it
 * @property {string} note why there are no lines, where that is known
 */

import { make } from "./chain.mjs";
import { showNumber } from "./format.mjs";
import { readMathml } from "./mathml.mjs";
import { Slots } from "./slots.mjs";

export class EntryPanel {
  /**
   * @param {HTMLElement} parent
   * @param {() => void} onClose
   */
  constructor(parent, onClose) {
    const document = parent.ownerDocument;
    this.document = document;
    this.box = make(document, "section", "jm-entry");
    this.box.hidden = true;
    this.title = make(document, "span", "jm-entry-title");
    this.value = make(document, "output", "jm-entry-value");
    const close = make(document, "button", "jm-tool", "×");
    close.setAttribute("aria-label", "Close the derivation");
    close.addEventListener("click", onClose);
    const top = make(document, "div", "jm-entry-top");
    top.append(this.title, this.value, close);
    this.lines = make(document, "ol", "jm-steps");
    this.note = make(document, "p", "jm-quiet");
    this.box.append(top, this.lines, this.note);
    this.box.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") onClose();
    });
    parent.append(this.box);
    /** @type {Slots[]} */
    this.slots = [];
    /** @type {Entry | undefined} */
    this.shown = undefined;
  }

  close() {
    this.box.hidden = true;
  }

  /**
   * Show an entry; nothing is typeset again if it stands there already.
   * @param {string} name such as "∂f₁/∂x₂"
   * @param {Entry | undefined} entry its derivation, if it is known
   * @param {string} otherwise what to say where there is none
   */
  open(name, entry, otherwise) {
    this.box.hidden = false;
    this.box.setAttribute("aria-label", `Derivation of ${name}`);
    this.title.textContent = name;
    this.note.textContent = entry?.lines.length ? "" : entry?.note || otherwise;
    if (entry && entry === this.shown) return;
    this.shown = entry;
    const made = (entry?.lines ?? []).map((line) => this.line(line));
    this.lines.replaceChildren(...made);
    this.slots = made.map((line) => new Slots(line)).filter((slots) => slots.found.length);
  }

  /** @param {[number, string, string, string]} line */
  line([depth, source, rule, formula]) {
    const item = make(this.document, "li", "jm-step");
    item.style.setProperty("--jm-depth", String(depth));
    const equation = make(this.document, "span", "jm-equation");
    equation.append(readMathml(source, this.document));
    item.append(equation);
    if (rule) {
      const remark = make(this.document, "span", "jm-rule", formula ? `${rule}: ` : rule);
      if (formula) remark.append(readMathml(formula, this.document));
      item.append(remark);
    }
    return item;
  }

  /**
   * @param {number} value of the entry
   * @param {ArrayLike<number>} numbers for the slots
   * @param {number} digits
   */
  paint(value, numbers, digits) {
    if (this.box.hidden) return;
    const text = `= ${showNumber(value, digits)}`;
    if (this.value.textContent !== text) this.value.textContent = text;
    for (const slots of this.slots) slots.paint(numbers, digits);
  }
}
