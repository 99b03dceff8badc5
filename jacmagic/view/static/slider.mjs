/**
 * One slider: its name, a handle and a field; below them the ends of its range and a button that plays it.
 *
 * The slider's model holds the number. A handle is drawn at the stop that is next to it and writes only
 * when it is moved, so that a number between two stops, or outside the range, stays what it is.
 *
 * @typedef {object} Handle
 * @property {any} model of the slider
 * @property {number} start the component's first number
 * @property {import("./typed.mjs").Typed} [expression] the expression that was typed for it
 */

import { make, makeButton } from "./element.mjs";
import { showNumber } from "./format.mjs";
import { fromJson } from "./live.mjs";
import { Player } from "./play.mjs";
import { FIELD_DIGITS, fieldText, nearestStop, roundStep, stopsOf, typedNumber } from "./stops.mjs";

export class SliderRow {
  /**
   * @param {HTMLElement} parent
   * @param {Handle} handle
   */
  constructor(parent, { model, start, expression }) {
    this.model = model;
    this.start = start;
    this.refusal = /** @type {HTMLElement | undefined} */ (undefined);
    this.expression = expression;
    this.label = make("span", "jm-name");
    this.range = this.input("range", "jm-handle");
    this.field = this.input("text", "jm-number");
    this.low = this.input("text", "jm-end");
    this.high = this.input("text", "jm-end jm-high");
    this.button = this.playButton();
    this.row = make("div", "jm-slider", [this.label, this.range, this.field, this.low, this.high, this.button]);
    parent.append(this.row);
    this.name(String(model.get("description")));
    this.listen();
    this.changed = () => this.show();
    model.on("change", this.changed);
    this.show();
  }

  /** @param {string} name of the component */
  name(name) {
    this.label.textContent = name;
    this.range.setAttribute("aria-label", name);
    this.field.setAttribute("aria-label", `${name} as a number`);
    this.low.setAttribute("aria-label", `least ${name} of the slider`);
    this.high.setAttribute("aria-label", `greatest ${name} of the slider`);
    this.button.setAttribute("aria-label", `Play ${name}`);
  }

  listen() {
    this.range.addEventListener("input", () => this.choose(this.stops[this.range.valueAsNumber]));
    this.field.addEventListener("input", () => this.typing());
    this.field.addEventListener("change", () => this.typed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    for (const end of [this.low, this.high]) end.addEventListener("change", () => this.stretch());
  }

  /**
   * @param {string} type
   * @param {string} className
   */
  input(type, className) {
    const own = type === "range" ? { min: 0, step: 1 } : { autocomplete: "off", spellcheck: "false" };
    return make("input", className, "", { type, "data-lm-suppress-shortcuts": "true", .../** @type {any} */ (own) });
  }

  playButton() {
    const button = makeButton("jm-tool jm-play", "▶", () => this.player.toggle(), { "aria-pressed": "false" });
    this.player = new Player(this, (on) => {
      button.textContent = on ? "⏸" : "▶";
      button.setAttribute("aria-pressed", String(on));
    });
    return button;
  }

  get value() {
    return fromJson(this.model.get("value"));
  }

  /** @param {number} value */
  write(value) {
    this.model.set("value", value);
    this.model.save_changes();
  }

  /**
   * The user's number, which ends an animation.
   * @param {number} value
   */
  choose(value) {
    this.refuse("");
    this.player.stop();
    this.write(value);
  }

  /** A number that is being typed counts at once if the range holds it. */
  typing() {
    this.refuse("");
    const typed = typedNumber(this.field.value);
    if (typed >= this.stops[0] && typed <= this.stops[this.stops.length - 1]) this.choose(typed);
  }

  /** Any number that was typed counts; what is none is named, and the number shown again. */
  typed() {
    const [text, typed] = [this.field.value.trim(), typedNumber(this.field.value)];
    if (!Number.isNaN(typed)) this.choose(typed);
    else this.refuse(text && `“${text}” is not read as a number: write 0.5, 2e-3, 3π/4, √2 or 1/3`);
    this.show();
  }

  /** @param {string} reason why what was typed does not count; "" for none */
  refuse(reason) {
    this.refusal?.remove();
    if (!reason) return;
    this.refusal = make("span", "jm-refusal", reason, { role: "alert" });
    this.row.append(this.refusal);
  }

  /** Take the ends that were typed, if they make a range. */
  stretch() {
    const [min, max] = [typedNumber(this.low.value), typedNumber(this.high.value)];
    const typed = `${this.low.value} to ${this.high.value}`;
    this.refuse(min < max ? "" : `“${typed}” is no range: write two numbers, the smaller one first`);
    if (min < max) {
      this.model.set({ min, max, step: roundStep(min, max) });
      this.model.save_changes();
    }
    this.drawn = "";
    this.show();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const index = nearestStop(this.stops, this.value) + by;
    if (index in this.stops) this.choose(this.stops[index]);
  }

  /** A number that is being typed is left as it is while it means the model's value. */
  show() {
    this.drawRange();
    const { value } = this;
    this.range.value = String(nearestStop(this.stops, value));
    this.range.setAttribute("aria-valuetext", showNumber(value, FIELD_DIGITS));
    this.field.title = Number.isFinite(value) ? String(value) : showNumber(value);
    if (typedNumber(this.field.value) !== value) this.field.value = fieldText(value, this.expression);
  }

  drawRange() {
    const [min, max, step] = ["min", "max", "step"].map((name) => fromJson(this.model.get(name)));
    const range = JSON.stringify([min, max, step]);
    if (range === this.drawn) return;
    this.drawn = range;
    this.stops = stopsOf({ min, max, step }, this.start);
    this.range.max = String(this.stops.length - 1);
    [this.low.value, this.high.value] = [fieldText(min), fieldText(max)];
  }

  remove() {
    this.player.stop();
    this.model.off("change", this.changed);
    this.row.remove();
  }
}
