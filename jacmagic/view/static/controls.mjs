/**
 * The sliders: a handle and a field for each component of the point.
 *
 * The slider's model holds the number. A handle is drawn at the stop that is next to it and writes only
 * when it is moved, so that a number between two stops, or outside the range, stays what it is.
 *
 * @typedef {object} Handle
 * @property {any} model of the slider
 * @property {number} start the component's first number
 */

import { make } from "./element.mjs";
import { showNumber } from "./format.mjs";
import { fromJson } from "./live.mjs";
import { addPart } from "./parts.mjs";
import { FIELD_DIGITS, fieldText, nearestStop, stopsOf, typedNumber } from "./stops.mjs";

const MAX_LABEL_CHARACTERS = 12; // of a column of labels; longer ones are cut

/** A label, a handle and a field, tied to one model. */
class Row {
  /**
   * @param {HTMLElement} parent
   * @param {Handle} handle
   */
  constructor(parent, { model, start }) {
    this.model = model;
    this.start = start;
    this.row = make(parent.ownerDocument, "div", "jm-slider");
    this.label = make(parent.ownerDocument, "span", "jm-name");
    this.range = this.input("range", { min: "0", step: "1" });
    this.field = this.input("text", { autocomplete: "off", spellcheck: false });
    this.row.append(this.label, this.range, this.field);
    parent.append(this.row);
    this.range.addEventListener("input", () => this.write(this.stops[this.range.valueAsNumber]));
    this.field.addEventListener("input", () => this.typing());
    this.field.addEventListener("change", () => this.typed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.changed = () => this.show();
    model.on("change", this.changed);
    this.show();
  }

  /**
   * @param {string} type
   * @param {Partial<HTMLInputElement>} properties
   */
  input(type, properties) {
    const input = /** @type {HTMLInputElement} */ (make(this.row.ownerDocument, "input", ""));
    input.setAttribute("data-lm-suppress-shortcuts", "true");
    return Object.assign(input, { type, ...properties });
  }

  /** @param {number} value */
  write(value) {
    this.model.set("value", value);
    this.model.save_changes();
  }

  /** A number that is being typed counts at once if the range holds it. */
  typing() {
    const typed = typedNumber(this.field.value);
    if (typed >= this.stops[0] && typed <= this.stops[this.stops.length - 1]) this.write(typed);
  }

  /** Any number that was typed counts; what is none is put right. */
  typed() {
    const typed = typedNumber(this.field.value);
    if (!Number.isNaN(typed)) this.write(typed);
    this.show();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const index = nearestStop(this.stops, fromJson(this.model.get("value"))) + by;
    if (index in this.stops) this.write(this.stops[index]);
  }

  /** A number that is being typed is left as it is while it means the model's value. */
  show() {
    const [value, min, max, step] = ["value", "min", "max", "step"].map((name) => fromJson(this.model.get(name)));
    const range = JSON.stringify([min, max, step]);
    if (range !== this.drawn) {
      this.drawn = range;
      this.stops = stopsOf({ min, max, step }, this.start);
      this.range.max = String(this.stops.length - 1);
    }
    const name = String(this.model.get("description"));
    this.label.textContent = name;
    this.range.setAttribute("aria-label", name);
    this.field.setAttribute("aria-label", `${name} as a number`);
    this.range.value = String(nearestStop(this.stops, value));
    this.range.setAttribute("aria-valuetext", showNumber(value, FIELD_DIGITS));
    this.field.title = Number.isFinite(value) ? String(value) : showNumber(value);
    if (typedNumber(this.field.value) !== value) this.field.value = fieldText(value);
  }

  remove() {
    this.model.off("change", this.changed);
    this.row.remove();
  }
}

/** The rows of the sliders that belong to a view, and a chooser where they are many. */
class Controls {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "point");
    /** @type {Row[]} */
    this.rows = [];
    /** @type {Handle[]} */
    this.handles = [];
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint({ handles, chooser }) {
    if (handles === this.handles) return;
    this.clear();
    this.box.replaceChildren();
    this.handles = handles;
    const names = handles.map(({ model }) => String(model.get("description")));
    const widest = Math.max(2, ...names.map((name) => name.length));
    this.box.style.setProperty("--jm-label", `${Math.min(MAX_LABEL_CHARACTERS, widest)}ch`);
    if (chooser) this.box.append(this.choice(names));
    this.show(chooser ? handles.slice(0, 1) : handles);
  }

  /** @param {Handle[]} handles */
  show(handles) {
    this.clear();
    this.rows = handles.map((handle) => new Row(this.box, handle));
  }

  clear() {
    for (const row of this.rows) row.remove();
    this.rows = [];
  }

  /** @param {string[]} names */
  choice(names) {
    const document = this.box.ownerDocument;
    const label = make(document, "label", "jm-chooser", "component ");
    const select = /** @type {HTMLSelectElement} */ (make(document, "select", "jm-tool"));
    names.forEach((name, index) => {
      select.append(Object.assign(make(document, "option", "", name), { value: String(index) }));
    });
    select.addEventListener("change", () => this.show([this.handles[Number(select.value)]]));
    label.append(select);
    return label;
  }
}

addPart({
  name: "sliders",
  mount: (box) => new Controls(box),
  paint: (controls, frame) => controls.paint(frame),
  unmount: (controls) => controls.clear(),
});
