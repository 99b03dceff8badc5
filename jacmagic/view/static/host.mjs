/**
 * The host of an exported page: what a notebook gives the view, without a notebook.
 *
 * The page carries the view's traits and its sliders as data. Here they become models with the
 * interface that `view.mjs` knows.
 *
 * @typedef {object} PageData the page's JSON
 * @property {Record<string, any>} state the view's traits
 * @property {[(string | number)[], string][]} buffers paths into them and the bytes, base64
 * @property {SliderValues[]} sliders one for each component, in the order of the columns
 *
 * @typedef {{description: string, value: number, min: number, max: number, step: number}} SliderValues
 */

const REST_MS = 300; // without a change, after which the address tells the point
const DRAWING = ["picture", "zoom", "of", "to", "turn", "tilt", "step", "weight"]; // that the address keeps
const OWN = { writable: true, enumerable: true, configurable: true };

/** Named values, and listeners that hear of their changes: a widget's model as the view sees it. */
export class Model {
  /** @param {Record<string, any>} values */
  constructor(values) {
    /** @type {Record<string, any>} */
    this.values = { __proto__: null, ...values }; // so that no name is a property of all objects
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
    const fresh = typeof name === "string" ? { [name]: value } : name;
    const changed = Object.keys(fresh).filter((key) => !Object.is(fresh[key], this.values[key]));
    Object.assign(this.values, fresh);
    for (const key of changed) this.trigger(`change:${key}`, this, fresh[key], {});
    if (changed.length) this.trigger("change", this, {});
  }

  /** Does nothing: there is no kernel. */
  save_changes() {}

  /** Does nothing: there is no kernel. */
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
   * @param {string} name
   * @param {Function} hear
   */
  off(name, hear) {
    this.listeners.set(name, (this.listeners.get(name) ?? []).filter((listener) => listener !== hear));
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
 * Traits with their bytes. A path leads through the page's own data: a step that is not a property of its
 * own, such as `__proto__`, belongs to all objects and is refused.
 * @param {PageData} data
 */
export function traits({ state, buffers }) {
  for (const [path, text] of buffers) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const last = path[path.length - 1];
    let holder = state;
    for (const step of path.slice(0, -1)) {
      if (!Object.hasOwn(holder, step)) throw new Error(`expected a path into the page's state; found ${path}`);
      holder = holder[step];
    }
    Object.defineProperty(holder, last, { value: new DataView(bytes.buffer), ...OWN });
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
 * Keep the point and the open tab in the page's address, so that a link leads back to them.
 * @param {Window} window
 * @param {Model} view
 * @param {Model[]} sliders
 * @param {string} [key] of this view in the address, where a page has several; by default the whole is its own
 */
export function keepInAddress(window, view, sliders, key = "") {
  const parts = () => window.location.hash.slice(1).split("&").filter(Boolean);
  const isOwn = (/** @type {string} */ part) => part.startsWith(`${key}=`);
  const part = parts().find(isOwn) ?? "";
  const stored = new URLSearchParams(key ? decodeURIComponent(part.slice(key.length + 1)) : parts().join("&"));
  const named = (/** @type {string} */ name) => sliders.some((slider) => slider.get("description") === name);
  // A component may have the name of one of the view's own keys, which follow the components.
  const own = (/** @type {string} */ key) => stored.getAll(key)[named(key) ? 1 : 0];
  const first = sliders.map(rangeOf);
  for (const slider of sliders) readSlider(slider, stored);
  const drawing = Object.fromEntries(DRAWING.flatMap((key) => (own(key) ? [[key, own(key)]] : [])));
  view.set({ tab: own("tab") ?? view.get("tab"), drawing: { ...view.get("drawing"), ...drawing } });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const write = () => {
    if (window.location.protocol === "about:") return; // a frame's srcdoc has no address of its own
    const point = sliders.map((slider) => [slider.get("description"), String(slider.get("value"))]);
    const ranges = sliders.flatMap((slider, k) => (rangeOf(slider) === first[k] ? [] : [[rangeKey(slider), rangeOf(slider)]]));
    const drawn = DRAWING.filter((key) => key in view.get("drawing")).map((key) => [key, String(view.get("drawing")[key])]);
    const state = new URLSearchParams([...point, ["tab", view.get("tab")], ...drawn, ...ranges]);
    const others = key ? parts().filter((part) => !isOwn(part)) : [];
    const own = key ? `${key}=${encodeURIComponent(String(state))}` : state;
    window.history.replaceState(null, "", `#${[...others, own].join("&")}`);
  };
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(write, REST_MS);
  };
  for (const slider of sliders) slider.on("change:value change:min change:max", later);
  view.on("change:tab change:drawing", later);
}

/** @param {Model} slider */
const rangeKey = (slider) => `range of ${slider.get("description")}`;

/** @param {Model} slider */
const rangeOf = (slider) => ["min", "max", "step"].map((end) => slider.get(end)).join(":");

/**
 * Put a slider where the address says, within the range that it says; what is not a number is left out.
 * @param {Model} slider
 * @param {URLSearchParams} stored
 */
function readSlider(slider, stored) {
  const value = Number(stored.get(slider.get("description")) ?? NaN);
  if (!Number.isNaN(value)) slider.set("value", value);
  const [min, max, step] = (stored.get(rangeKey(slider)) ?? "").split(":").map(Number);
  if (min < max && step > 0) slider.set({ min, max, step });
}

/**
 * Mount a view of a page's data.
 * @param {PageData} data
 * @param {HTMLElement} explorer where it is mounted
 * @param {(context: {model: any, el: HTMLElement, signal: AbortSignal}) => void} render the view's
 * @param {(view: Model, sliders: Model[]) => void} [prepare] the models before the view reads them
 */
export function mount(data, explorer, render, prepare) {
  const sliders = data.sliders.map(slider);
  const view = new Model(traits(data));
  view.widget_manager = {
    get_model: async (id) => {
      const model = sliders[Number(id.slice(1))];
      if (!model) throw new Error(`expected a slider of this page; found ${id}`);
      return model;
    },
  };
  prepare?.(view, sliders);
  const el = explorer.ownerDocument.createElement("div");
  explorer.classList.add("jm-explorer");
  explorer.append(el);
  try {
    render({ model: view, el, signal: new AbortController().signal });
  } catch (error) {
    el.remove();
    throw error;
  }
  return { view, sliders };
}

/**
 * Start the views of a kind that are parts of a page; the still form of one that fails stays. Those of a
 * page with several share the address: `#e1=…&e2=…`.
 * @param {Document} document
 * @param {(context: {model: any, el: HTMLElement, signal: AbortSignal}) => void} render the view's
 * @param {string} kind letters; "page" for the one view of a page of its own
 */
export function start(document, render, kind) {
  const boxes = document.querySelectorAll(`.jm-embedded[data-jm-kind=${kind}]`);
  for (const [k, box] of /** @type {NodeListOf<HTMLElement>} */ (boxes).entries()) {
    const data = box.querySelector("script");
    if (!data) continue; // it has started
    mount(JSON.parse(data.textContent ?? ""), box, render, (view, sliders) => {
      if (view.get("drawing")) keepInAddress(window, view, sliders, kind === "page" ? "" : `e${k + 1}`);
    });
    box.querySelector(".jm-embedded-still")?.remove();
    data.remove();
  }
  for (const used of document.querySelectorAll("script.jm-unpacked")) used.remove();
}
