/** The toolbar: reset and undo, digits, layout, names or numbers, copying. */

import { copyFormats, copyText } from "./copy.mjs";
import { make, makeButton, makeSelect } from "./element.mjs";
import { addPart } from "./parts.mjs";

const REPORT_MS = 3000; // for which the outcome of copying is shown

class Tools {
  /**
   * @param {HTMLElement} box
   * @param {import("./parts.mjs").Actions} actions
   */
  constructor(box, actions) {
    this.actions = actions;
    box.setAttribute("role", "toolbar");
    box.setAttribute("aria-label", "Explorer");
    this.report = make("span", "jm-report", "", { role: "status" });
    this.digits = this.digitsField();
    this.menu = this.copyMenu();
    const plain = "Constants as numbers instead of names";
    this.names = this.toggle("Numbers", plain, (on) => actions.restyle({ plain: on }));
    box.append(
      this.button("Reset", "Back to the first point", () => actions.follower.reset()),
      this.button("↶", "Undo: back to the point before", () => actions.follower.undo(-1)),
      this.button("↷", "Redo: forth to the next point", () => actions.follower.undo(1)),
      make("label", "jm-tool-label", ["digits ", this.digits]),
      this.toggle("Transpose", "Rows for inputs, columns for outputs", (on) => actions.restyle({ exchanged: on })),
      this.names,
      this.menu,
      this.report,
    );
    // The notebook's own keys must not act on what is typed here.
    box.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint(frame) {
    const isFirst = !this.frame;
    this.frame = frame;
    this.names.hidden = !frame.chain.plain;
    if (!isFirst) return;
    this.digits.value = String(frame.digits);
    this.fillMenu();
  }

  /**
   * @param {string} text
   * @param {string} meaning
   * @param {() => void} act
   */
  button(text, meaning, act) {
    const label = text.length === 1 ? { "aria-label": meaning } : {};
    return makeButton("jm-tool", text, act, { title: meaning, ...label });
  }

  /**
   * @param {string} text
   * @param {string} meaning
   * @param {(on: boolean) => void} act
   */
  toggle(text, meaning, act) {
    const button = this.button(text, meaning, () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      act(on);
    });
    button.setAttribute("aria-pressed", "false");
    return button;
  }

  digitsField() {
    const input = make("input", "jm-tool", "", { type: "number", min: 1, max: 17, "data-lm-suppress-shortcuts": "true" });
    input.addEventListener("input", () => {
      const digits = Math.round(Number(input.value));
      if (digits >= 1 && digits <= 17) this.actions.restyle({ digits });
    });
    return input;
  }

  copyMenu() {
    const choose = async () => {
      const format = select.value;
      select.selectedIndex = 0;
      if (!this.frame) return;
      this.show(await copied(copyText(this.frame, format), format));
    };
    const select = makeSelect([], choose, { "aria-label": "Copy as" });
    select.addEventListener("focus", () => this.fillMenu());
    return select;
  }

  fillMenu() {
    const names = ["Copy as …", ...(this.frame ? copyFormats(this.frame) : [])];
    this.menu.replaceChildren(...names.map((name) => make("option", "", name)));
  }

  /** @param {string} outcome */
  show(outcome) {
    this.report.textContent = outcome;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.report.textContent = ""), REPORT_MS);
  }
}

/**
 * Copy a text, by way of a selected field where the clipboard is not accessible.
 * @param {string} text
 * @param {string} name what it is
 * @returns {Promise<string>} the outcome in words
 */
export async function copied(text, name) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    if (!isCopied) return "The browser refused to copy";
  }
  return `Copied: ${name}`;
}

addPart({
  name: "tools",
  area: "rail",
  mount: (box, actions) => new Tools(box, actions),
});
