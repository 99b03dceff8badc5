/**
 * The host of an exported page: what a notebook gives the view, without a notebook.
 *
 * The page carries the view's traits and its sliders as data. Here they become models with the
 * interface that `view.mjs` knows, and a row of controls for each slider. Every text of the user's
 * goes through textContent.
 *
 * @typedef {object} Carried what the page holds as JSON
 * @property {Record<string, any>} state the view's traits
 * @property {[(string | number)[], string][]} buffers paths into them and the bytes, base64
 * @property {SliderValues[]} sliders one for each component, in the order of the columns
 * @property {boolean} chooser whether they are too many to be shown at once
 *
 * @typedef {{description: string, value: number, min: number, max: number, step: number}} SliderValues
 */

const SHOWN_DIGITS = 6; // significant digits of a value that was not typed

/** Named values, and listeners that hear of their changes: a widget's model as the view sees it. */
export class Model {
  /** @param {Record<string, any>} values */
  constructor(values) {
    this.values = { ...values };
    this.listeners = /** @type {Map<string, Function[]>} */ (new Map());
    this.comm_live = false;
    /** @type {{get_model: (id: string) => Promise<Model>} | undefined} */
    this.widget_manager = undefined;
  }

  /** @param {string} name */
  get(name) {
    return this.values[name];
  }

  /**
   * @param {string | Record<string, any>} name a name, or values by name
   * @param {any} [value]
   */
  set(name, value) {
    const given = typeof name === "string" ? { [name]: value } : name;
    const changed = Object.keys(given).filter((key) => !Object.is(given[key], this.values[key]));
    Object.assign(this.values, given);
    for (const key of changed) this.trigger(`change:${key}`, this, given[key], {});
    if (changed.length) this.trigger("change", this, {});
  }

  /** Nobody listens at the other end. */
  save_changes() {}

  /** Nobody listens at the other end. */
  send() {}

  /**
   * @param {string} names events, apart by blanks
   * @param {Function} hear
   */
  on(names, hear) {
    for (const name of names.split(" ")) {
      this.listeners.set(name, [...(this.listeners.get(name) ?? []), hear]);
    }
  }

  /**
   * @param {string} [names] all events by default
   * @param {Function} [hear] all listeners by default
   */
  off(names, hear) {
    for (const name of names?.split(" ") ?? [...this.listeners.keys()]) {
      const left = hear ? (this.listeners.get(name) ?? []).filter((one) => one !== hear) : [];
      this.listeners.set(name, left);
    }
  }

  /**
   * @param {string} name
   * @param {...any} details
   */
  trigger(name, ...details) {
    for (const hear of this.listeners.get(name) ?? []) hear(...details);
  }
}

/**
 * Traits with their bytes in place.
 * @param {Carried} carried
 */
export function traits({ state, buffers }) {
  for (const [path, text] of buffers) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const last = path[path.length - 1];
    let holder = state;
    for (const step of path.slice(0, -1)) holder = holder[step];
    holder[last] = new DataView(bytes.buffer);
  }
  return state;
}

/**
 * A slider's model; "NaN" and "Infinity" are numbers that JSON has no words for.
 * @param {SliderValues} values
 */
export function slider({ description, ...numbers }) {
  const read = Object.entries(numbers).map(([name, value]) => [name, Number(value)]);
  return new Model({ description, ...Object.fromEntries(read) });
}

/**
 * @param {Document} document
 * @param {string} tag
 * @param {string} className
 * @param {Record<string, any>} [properties]
 * @returns {any}
 */
function element(document, tag, className, properties = {}) {
  const made = document.createElement(tag);
  return Object.assign(made, { className, ...properties });
}

/** A label, a slider and a number, tied to one model. */
class Row {
  /**
   * @param {Document} document
   * @param {Model} model
   * @param {number} place
   */
  constructor(document, model, place) {
    this.model = model;
    const name = model.get("description");
    const label = element(document, "label", "jm-name", { textContent: name, htmlFor: `jm-range-${place}` });
    this.range = element(document, "input", "", { type: "range", id: label.htmlFor });
    this.number = element(document, "input", "", { type: "number", inputMode: "decimal" });
    this.number.setAttribute("aria-label", `${name} as a number`);
    this.row = element(document, "div", "jm-slider");
    this.row.append(label, this.range, this.number);
    this.range.addEventListener("input", () => model.set("value", this.range.valueAsNumber));
    this.number.addEventListener("input", () => this.typed());
    this.number.addEventListener("change", () => this.settle());
    model.on("change", () => this.show());
    this.show();
  }

  /** A number that is being typed moves the slider as soon as it is one of its range. */
  typed() {
    const typed = this.number.valueAsNumber;
    if (typed >= this.model.get("min") && typed <= this.model.get("max")) this.model.set("value", typed);
  }

  /** A number that was typed is brought into the range. */
  settle() {
    const typed = this.number.valueAsNumber;
    const [min, max] = [this.model.get("min"), this.model.get("max")];
    if (!Number.isNaN(typed)) this.model.set("value", Math.min(max, Math.max(min, typed)));
    this.show();
  }

  /** A number that is being typed is left as it is while it means the model's value. */
  show() {
    const { value, min, max, step } = this.model.values;
    const limits = { min: String(Math.min(min, value)), max: String(Math.max(max, value)), step: String(step) };
    Object.assign(this.range, limits, { value: String(value) });
    Object.assign(this.number, limits);
    if (this.number.valueAsNumber === value) return;
    this.number.value = Number.isFinite(value) ? String(Number(value.toPrecision(SHOWN_DIGITS))) : "";
  }
}

/** The rows of all sliders, and a chooser where they are many. */
class Controls {
  /**
   * @param {Document} document
   * @param {Model[]} models
   * @param {boolean} chooser
   */
  constructor(document, models, chooser) {
    this.document = document;
    this.models = models;
    /** @type {Map<number, Row>} */
    this.rows = new Map();
    this.box = element(document, "div", "jm-sliders");
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", "point");
    const widest = Math.max(2, ...models.map((model) => model.get("description").length));
    this.box.style.setProperty("--jm-label", `${Math.min(12, widest)}ch`);
    if (chooser) this.box.append(this.chooser());
    this.choose(chooser ? [0] : models.keys());
  }

  chooser() {
    const select = element(this.document, "select", "", { id: "jm-chooser" });
    this.models.forEach((model, place) => {
      const name = model.get("description");
      select.append(element(this.document, "option", "", { value: String(place), textContent: name }));
    });
    select.addEventListener("change", () => this.choose([Number(select.value)]));
    const label = element(this.document, "label", "jm-name", { textContent: "component", htmlFor: select.id });
    const line = element(this.document, "div", "jm-chooser");
    line.append(label, select);
    return line;
  }

  /** @param {Iterable<number>} places of the sliders to show; a row is made when first needed */
  choose(places) {
    for (const { row } of this.rows.values()) row.hidden = true;
    for (const place of places) {
      const known = this.rows.get(place) ?? new Row(this.document, this.models[place], place);
      this.rows.set(place, known);
      known.row.hidden = false;
      this.box.append(known.row);
    }
  }

  /**
   * The view takes moves back; beside it, its keys are passed on.
   * @param {HTMLElement} view
   */
  pass(view) {
    this.box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      const { key, ctrlKey, metaKey, shiftKey } = event;
      if (!(ctrlKey || metaKey) || key.toLowerCase() !== "z") return;
      event.preventDefault();
      view.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey, metaKey, shiftKey }));
    });
  }
}

/**
 * Bring a page to life; its still form stays where that fails.
 * @param {Document} document
 * @param {(context: {model: any, el: HTMLElement, signal: AbortSignal}) => void} render the view's
 */
export function start(document, render) {
  const page = /** @type {HTMLElement} */ (document.querySelector(".jm-page"));
  const data = /** @type {HTMLElement} */ (document.querySelector("#jm-data"));
  const carried = /** @type {Carried} */ (JSON.parse(data.textContent ?? ""));
  for (const used of document.querySelectorAll("script.jm-unpacked")) used.remove();
  const sliders = carried.sliders.map(slider);
  const view = new Model(traits(carried));
  view.widget_manager = {
    get_model: async (id) => {
      const found = sliders[Number(id.slice(1))];
      if (!found) throw new Error(`expected a slider of this page; found ${id}`);
      return found;
    },
  };
  const explorer = element(document, "div", "jm-explorer");
  const el = element(document, "div", "");
  const controls = new Controls(document, sliders, carried.chooser);
  controls.pass(el);
  explorer.append(controls.box, el);
  page.querySelector("footer")?.before(explorer);
  try {
    render({ model: view, el, signal: new AbortController().signal });
  } catch (error) {
    explorer.remove();
    throw error;
  }
  document.querySelector("#jm-still")?.remove();
  return { view, sliders };
}
