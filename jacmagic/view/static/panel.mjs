/**
 * The selected entry: its derivation rule by rule, the numbers put in, and its value.
 *
 * @typedef {object} Entry
 * @property {[number, string, string, string][]} lines depth, MathML with slots, rule, MathML of it
 * @property {string} note why there are no lines, where that is known
 */

import { make, makeButton, makeScrollable, setText } from "./element.mjs";
import { awaited, derivationLine } from "./chain.mjs";
import { showNumber } from "./format.mjs";
import { addPart } from "./parts.mjs";
import { Slots } from "./slots.mjs";

const HINT = "Click an entry of the table, or press Enter on it, to see how it is derived.";

class EntryPanel {
  /**
   * @param {HTMLElement} box
   * @param {import("./parts.mjs").Actions} actions
   */
  constructor(box, actions) {
    const onClose = () => actions.close();
    this.actions = actions;
    this.box = box;
    this.hint = make("p", "jm-quiet", HINT);
    this.title = make("span", "jm-entry-title");
    this.value = make("span", "jm-entry-value");
    const close = makeButton("jm-tool", "×", onClose, { "aria-label": "Close the derivation" });
    this.top = make("div", "jm-entry-top", [this.title, this.value, close]);
    this.lines = make("ol", "jm-steps");
    this.note = make("p", "jm-quiet");
    this.box.append(this.hint, this.top, this.lines, this.note);
    this.box.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") onClose();
    });
    /** @type {Slots[]} */
    this.slots = [];
    /** @type {Entry | undefined} */
    this.shown = undefined;
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint(frame) {
    this.hint.hidden = Boolean(frame.open);
    for (const part of [this.top, this.lines, this.note]) part.hidden = !frame.open;
    if (!frame.open) return;
    const { spec, layout, digits } = frame;
    const entry = frame.entries[String(frame.open)];
    const { output, input } = layout.labels(frame.open);
    const name = spec.entry.replace("{output}", () => output).replace("{input}", () => input);
    this.box.setAttribute("aria-label", `Derivation of ${name}`);
    setText(this.title, name);
    const value = `= ${showNumber(frame.values[layout.index(frame.open)], digits)}`;
    if (setText(this.value, value) || entry !== this.shown) this.actions.announcer.announce("entry", `${name} ${value}`);
    setText(this.note, entry?.lines.length ? "" : entry?.note || whyNoLines(frame));
    this.typeset(entry);
    for (const slots of this.slots) slots.paint(frame.slots, digits, frame.typed);
  }

  /**
   * Typeset a derivation, unless it is on screen already.
   * @param {Entry | undefined} entry
   */
  typeset(entry) {
    if (entry && entry === this.shown) return;
    this.shown = entry;
    const lines = (entry?.lines ?? []).map(derivationLine);
    this.lines.replaceChildren(...lines);
    requestAnimationFrame(() => makeScrollable(this.lines));
    this.slots = lines.map((line) => new Slots(line)).filter((slots) => slots.numerals.length);
  }
}

/**
 * Why an entry has no derivation.
 * @param {import("./parts.mjs").Frame} frame
 */
function whyNoLines({ open, zeros, layout, status, connected }) {
  if (open && zeros[layout.index(open)]) return "zero everywhere: this output does not depend on this input";
  if (!status.closed) return "there is no formula to derive";
  return awaited(connected);
}

addPart({
  name: "entry",
  tab: "Entry",
  tag: "section",
  mount: (box, actions) => new EntryPanel(box, actions),
});
