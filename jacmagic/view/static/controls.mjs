/**
 * A handle and a field for each component of the point.
 *
 * The slider's model holds the number. A handle stands at the stop that is next to it and writes only
 * when a person moves it, so that a number between two stops, or outside the range, stays what it is.
 */

import { make } from "./chain.mjs";
import { formatNumber, showNumber } from "./format.mjs";
import { fromJson } from "./live.mjs";

const SHOWN_DIGITS = 6; // significant digits of a number that was not typed
const FURTHER_DIGITS = 4; // of a stop beyond those of a step: 3.1, not 3.1000000000000005
const USUAL_STOPS = 200; // of a handle whose step is too fine for one
const MOST_STOPS = 2000;

/**
 * A step of 1, 2 or 5 times a power of ten, of which about 200 make up a range.
 * @param {number} low
 * @param {number} high
 */
export function roundStep(low, high) {
  const raw = high / USUAL_STOPS - low / USUAL_STOPS; // the width itself may overflow
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * (/** @type {number} */ ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999)));
}

/**
 * Where a handle can stand, in increasing order: the steps from `min`, or the multiples of a round
 * step where `step` is too fine; both ends of the range; and the start.
 * @param {{min: number, max: number, step: number}} range
 * @param {number} start
 * @returns {number[]}
 */
export function stopsOf({ min, max, step }, start) {
  if (!(min < max) || !Number.isFinite(max) || !Number.isFinite(min)) return [start];
  const coarse = step >= (max / MOST_STOPS - min / MOST_STOPS) * 0.999;
  const width = coarse ? step : roundStep(min, max);
  const [first, origin] = coarse ? [0, min] : [Math.ceil(min / width), 0];
  const digits = Math.log10(Math.max(Math.abs(min), Math.abs(max)) / width) + FURTHER_DIGITS;
  const exact = [min, ...(start > min && start < max ? [start] : []), max];
  const stops = [...exact];
  for (let k = first; k <= first + 2 * MOST_STOPS; k++) {
    const stop = Number(((origin / width + k) * width).toPrecision(Math.min(Math.ceil(digits), 17)));
    if (stop > max) break;
    const near = (/** @type {number} */ other) => Math.abs(other - stop) < 1e-6 * width;
    if (!exact.some(near)) stops.push(near(0) ? 0 : stop);
  }
  return stops.sort((a, b) => a - b);
}

/**
 * The place of the stop next to a number.
 * @param {number[]} stops
 * @param {number} value
 */
export function nearestStop(stops, value) {
  let nearest = 0;
  stops.forEach((stop, place) => {
    if (Math.abs(stop - value) < Math.abs(stops[nearest] - value)) nearest = place;
  });
  return nearest;
}

/** @type {Map<string, number>} */
const CONSTANTS = new Map(Object.entries({ pi: Math.PI, π: Math.PI, tau: 2 * Math.PI, τ: 2 * Math.PI, e: Math.E }));

/**
 * The number that a text means: a number or a constant, or a product or quotient of these, as in
 * "3*pi/4"; with a minus of either kind; NaN where it means none.
 * @param {string} text
 */
export function typedNumber(text) {
  const [first, ...rest] = text.replace(/−/g, "-").split(/([*/·])/);
  let number = factor(first);
  for (let k = 0; k < rest.length; k += 2) {
    number = rest[k] === "/" ? number / factor(rest[k + 1]) : number * factor(rest[k + 1]);
  }
  return Number.isFinite(number) ? number : NaN;
}

/** @param {string} text */
function factor(text) {
  const [, sign, name] = /^(-?)([^-\s].*)$/.exec(text.trim()) ?? ["", "", "NaN"];
  const number = CONSTANTS.get(name) ?? Number(name);
  return sign ? -number : number;
}

/**
 * @param {number} value
 * @returns {string} as it stands in a field: "0.523599", "1e-12", "" for what is no number
 */
export function fieldText(value) {
  return Number.isFinite(value) ? formatNumber(value, SHOWN_DIGITS) : "";
}

/** A label, a handle and a field, tied to one model. */
class Row {
  /**
   * @param {HTMLElement} parent
   * @param {any} model the slider's
   * @param {number} start where the component began
   */
  constructor(parent, model, start) {
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
    const place = nearestStop(this.stops, fromJson(this.model.get("value"))) + by;
    if (place in this.stops) this.write(this.stops[place]);
  }

  /** A number that is being typed is left as it is while it means the model's value. */
  show() {
    const [value, min, max, step] = ["value", "min", "max", "step"].map((name) => fromJson(this.model.get(name)));
    const range = JSON.stringify([min, max, step]);
    if (range !== this.known) {
      this.known = range;
      this.stops = stopsOf({ min, max, step }, this.start);
      this.range.max = String(this.stops.length - 1);
    }
    const name = String(this.model.get("description"));
    this.label.textContent = name;
    this.range.setAttribute("aria-label", name);
    this.field.setAttribute("aria-label", `${name} as a number`);
    this.range.value = String(nearestStop(this.stops, value));
    this.range.setAttribute("aria-valuetext", showNumber(value, SHOWN_DIGITS));
    this.field.title = Number.isFinite(value) ? String(value) : showNumber(value);
    if (typedNumber(this.field.value) !== value) this.field.value = fieldText(value);
  }

  remove() {
    this.model.off("change", this.changed);
    this.row.remove();
  }
}

/** The rows of the sliders that belong to a view, and a chooser where they are many. */
export class Controls {
  /**
   * @param {HTMLElement} box
   * @param {boolean} chooser whether one component at a time has a row
   */
  constructor(box, chooser) {
    this.box = box;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "point");
    this.chooser = chooser;
    /** @type {Row[]} */
    this.rows = [];
    /** @type {{model: any, start: number}[]} */
    this.sliders = [];
  }

  /** @param {{model: any, start: number}[]} sliders */
  fill(sliders) {
    this.clear();
    this.box.replaceChildren();
    this.sliders = sliders;
    const names = sliders.map(({ model }) => String(model.get("description")));
    const widest = Math.max(2, ...names.map((name) => name.length));
    this.box.style.setProperty("--jm-label", `${Math.min(12, widest)}ch`);
    if (this.chooser) this.box.append(this.choice(names));
    this.show(this.chooser ? sliders.slice(0, 1) : sliders);
  }

  /** @param {{model: any, start: number}[]} sliders */
  show(sliders) {
    this.clear();
    this.rows = sliders.map(({ model, start }) => new Row(this.box, model, start));
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
    names.forEach((name, place) => {
      select.append(Object.assign(make(document, "option", "", name), { value: String(place) }));
    });
    select.addEventListener("change", () => this.show([this.sliders[Number(select.value)]]));
    label.append(select);
    return label;
  }
}
