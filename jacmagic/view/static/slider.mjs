/**
 * The sliders of a view, and a chooser where they are many: each a name, a handle and a field; below them
 * the ends of its range and a button that plays it.
 *
 * The slider's model holds the number. A handle is drawn at the stop that is next to it and writes only
 * when it is moved, so that a number between two stops, or outside the range, stays what it is. One that
 * plays goes from stop to stop, and back at the ends.
 *
 * @typedef {object} Handle
 * @property {any} model of the slider
 * @property {number} start the component's first number
 * @property {import("./typed.mjs").Typed} [expression] the expression that was typed for it
 */

import { make, makeButton, makeSelect } from "./element.mjs";
import { showNumber } from "./format.mjs";
import { fromJson } from "./live.mjs";
import { addPart } from "./parts.mjs";
import { FIELD_DIGITS, fieldText, nearestStop, stepOf, stopsOf, typedNumber } from "./stops.mjs";

const MAX_LABEL_CHARACTERS = 12; // of a column of labels; longer ones are cut
const MAX_ROOMY = 6; // sliders that show the ends of their ranges; more stand closer
const SWEEP_MS = 6000; // from one end of a range to the other
const CALM_STEP_MS = 500; // between stops a tenth of the range apart, where motion is unwanted

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
    const name = String(model.get("description"));
    this.range = this.input("range", "jm-handle", name);
    this.field = this.input("text", "jm-number", `${name} as a number`);
    this.low = this.input("text", "jm-end", `least ${name} of the slider`);
    this.high = this.input("text", "jm-end jm-high", `greatest ${name} of the slider`);
    const inputs = [this.range, this.field, this.low, this.high];
    this.row = make("div", "jm-slider", [make("span", "jm-name", name), ...inputs, this.playButton(name)]);
    parent.append(this.row);
    this.listen();
    this.changed = () => this.show();
    model.on("change", this.changed);
    this.show();
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
   * @param {string} label
   */
  input(type, className, label) {
    const own = type === "range" ? { min: 0, step: 1 } : { autocomplete: "off", spellcheck: "false" };
    return make("input", className, "", {
      ...{ type, "aria-label": label, "data-lm-suppress-shortcuts": "true" },
      .../** @type {any} */ (own),
    });
  }

  /** @param {string} name of the component */
  playButton(name) {
    const attributes = { "aria-label": `Play ${name}`, "aria-pressed": "false" };
    const button = makeButton("jm-tool jm-play", "▶", () => this.player.toggle(), attributes);
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
    this.refuse(min < max ? "" : `“${typed}” is not a range: write two numbers, the smaller one first`);
    if (min < max) {
      this.model.set({ min, max, step: stepOf(min, max) });
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

/** The one handle that is playing; starting another ends it. */
let playing = /** @type {Player | null} */ (null);

export class Player {
  /**
   * @param {{stops: number[], value: number, write: (value: number) => void}} slider
   * @param {(on: boolean) => void} onChange
   */
  constructor(slider, onChange) {
    this.slider = slider;
    this.onChange = onChange;
  }

  toggle() {
    if (playing === this) this.stop();
    else this.start();
  }

  start() {
    playing?.stop();
    playing = this;
    this.onChange(true);
    const { stops, value } = this.slider;
    const [low, high] = [stops[0], stops[stops.length - 1]];
    this.phase = high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0;
    this.at = performance.now();
    this.next();
  }

  stop() {
    if (playing !== this) return;
    playing = null;
    cancelAnimationFrame(this.frame ?? 0);
    clearTimeout(this.timer);
    this.onChange(false);
  }

  next() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.timer = setTimeout(() => this.step(0.1), CALM_STEP_MS);
    } else {
      this.frame = requestAnimationFrame((now) => this.step((now - this.at) / SWEEP_MS, now));
    }
  }

  /**
   * @param {number} by a fraction of the range
   * @param {number} [now]
   */
  step(by, now = performance.now()) {
    this.at = now;
    this.phase = (this.phase + by) % 2; // the second half of a round goes back
    const share = this.phase <= 1 ? this.phase : 2 - this.phase;
    const { stops } = this.slider;
    this.slider.write(stops[nearestStop(stops, stops[0] + share * (stops[stops.length - 1] - stops[0]))]);
    if (playing === this) this.next();
  }
}

/** The rows of the sliders that belong to a view, and a chooser where they are many. */
class Controls {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "point");
    /** @type {SliderRow[]} */
    this.rows = [];
    /** @type {Handle[]} */
    this.handles = [];
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint({ handles, chooser }) {
    if (handles === this.handles) return;
    this.box.replaceChildren();
    this.handles = handles;
    const names = handles.map(({ model }) => String(model.get("description")));
    const widest = Math.max(1, ...names.map((name) => name.length));
    this.box.style.setProperty("--jm-label", `${Math.min(MAX_LABEL_CHARACTERS, widest)}ch`);
    if (chooser) this.box.append(this.choice(names));
    this.box.classList.toggle("jm-close", !chooser && handles.length > MAX_ROOMY);
    this.show(chooser ? handles.slice(0, 1) : handles);
  }

  /** @param {Handle[]} handles */
  show(handles) {
    for (const row of this.rows) row.remove();
    this.rows = handles.map((handle) => new SliderRow(this.box, handle));
  }

  /** @param {string[]} names */
  choice(names) {
    const select = makeSelect(names, (index) => this.show([this.handles[index]]));
    return make("label", "jm-chooser", ["component ", select]);
  }
}

addPart({
  name: "sliders",
  area: "rail",
  mount: (box) => new Controls(box),
});
