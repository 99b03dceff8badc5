/** The row of tools above the table: back and forth, digits, layout, names or numbers, copying. */

import { make } from "./chain.mjs";

/**
 * @typedef {object} Actions
 * @property {() => void} reset
 * @property {(by: number) => void} undo −1 back, 1 forth
 * @property {(digits: number) => void} digits
 * @property {(on: boolean) => void} turn
 * @property {((on: boolean) => void) | null} numbers null where nothing has a name
 * @property {() => string[]} formats what can be copied
 * @property {(format: string) => string} text
 */

export class Tools {
  /**
   * @param {HTMLElement} parent
   * @param {number} digits
   * @param {Actions} actions
   */
  constructor(parent, digits, actions) {
    this.document = parent.ownerDocument;
    this.actions = actions;
    this.box = make(this.document, "div", "jm-tools");
    this.box.setAttribute("role", "toolbar");
    this.box.setAttribute("aria-label", "Explorer");
    this.said = make(this.document, "span", "jm-said");
    this.said.setAttribute("role", "status");
    this.names = this.toggle("Numbers", "Constants as numbers instead of names", (on) => actions.numbers?.(on));
    this.names.hidden = !actions.numbers;
    this.box.append(
      this.button("Reset", "Back to the first point", actions.reset),
      this.button("↶", "Undo: back to the point before", () => actions.undo(-1)),
      this.button("↷", "Redo: forth to the next point", () => actions.undo(1)),
      this.digits(digits),
      this.toggle("Transpose", "Rows for inputs, columns for outputs", actions.turn),
      this.names,
      this.copy(),
      this.said,
    );
    // The notebook's own keys must not answer what is typed here.
    this.box.addEventListener("keydown", (event) => event.stopPropagation());
    parent.append(this.box);
  }

  /**
   * @param {string} text
   * @param {string} meaning
   * @param {() => void} act
   */
  button(text, meaning, act) {
    const button = /** @type {HTMLButtonElement} */ (make(this.document, "button", "jm-tool", text));
    button.type = "button";
    button.title = meaning;
    if (text.length === 1) button.setAttribute("aria-label", meaning);
    button.addEventListener("click", act);
    return button;
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

  /** @param {number} value */
  digits(value) {
    const label = make(this.document, "label", "jm-tool-label", "digits ");
    const input = /** @type {HTMLInputElement} */ (make(this.document, "input", "jm-tool"));
    Object.assign(input, { type: "number", min: "1", max: "17", value: String(value) });
    input.setAttribute("data-lm-suppress-shortcuts", "true");
    input.addEventListener("input", () => {
      const digits = Math.round(Number(input.value));
      if (digits >= 1 && digits <= 17) this.actions.digits(digits);
    });
    label.append(input);
    return label;
  }

  copy() {
    const select = /** @type {HTMLSelectElement} */ (make(this.document, "select", "jm-tool"));
    select.setAttribute("aria-label", "Copy as");
    const fill = () => {
      const chosen = ["Copy as …", ...this.actions.formats()];
      select.replaceChildren(...chosen.map((name) => make(this.document, "option", "", name)));
    };
    fill();
    select.addEventListener("focus", fill);
    select.addEventListener("change", async () => {
      const format = select.value;
      select.selectedIndex = 0;
      const done = await write(this.document, this.actions.text(format));
      this.say(done ? `Copied: ${format}` : "The browser refused to copy");
    });
    return select;
  }

  /** @param {string} text */
  say(text) {
    this.said.textContent = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.said.textContent = ""), 3000);
  }
}

/**
 * Text to the clipboard, where needed by way of a selected field.
 * @param {Document} document
 * @param {string} text
 * @returns {Promise<boolean>}
 */
async function write(document, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
