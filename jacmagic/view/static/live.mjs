/**
 * The sliders' point, the closed form's numbers there by the tape, and points before.
 *
 * @typedef {object} Live
 * @property {unknown} tape as `Tape.to_json` writes it
 * @property {number} conditions how many outputs say whether the formula holds
 * @property {number} clauses how many follow that are the numbers of named parts
 * @property {number} values how many values of the function follow the entries
 * @property {number} potentials 1 of a Hessian, where the function itself follows its gradient
 * @property {(number | string)[]} constants the numbers of named constants
 * @property {boolean} written whether there is a formula with numbers in it
 */

import { readTape } from "./tape.mjs";

const MAX_POINTS = 200; // to come back to

/**
 * @param {unknown} number
 * @returns {number}
 */
export function fromJson(number) {
  const names = /** @type {Record<string, number>} */ ({ inf: Infinity, "-inf": -Infinity });
  return typeof number === "number" ? number : (names[String(number)] ?? NaN);
}

/** The closed form of one branch, ready to run. */
export class Formula {
  /**
   * @param {Partial<Live>} live empty where there is no tape
   * @param {number} entries how many entries the matrix has
   * @param {number} inputs how many components a point has
   */
  constructor(live, entries, inputs) {
    const tape = live.tape ? readTape(live.tape) : null;
    this.conditions = Number(live.conditions ?? 0);
    this.clauses = Number(live.clauses ?? 0);
    this.entries = entries;
    this.constants = (live.constants ?? []).map(fromJson);
    this.written = live.written !== false;
    this.end = this.conditions + this.clauses + entries + Number(live.values ?? 0);
    const outputs = this.end + Number(live.potentials ?? 0);
    const fits = tape && tape.inputs === inputs && tape.outputs === outputs;
    this.tape = fits ? tape : null;
  }

  /**
   * Entries, the numbers of the formula's symbols, the function's values and, of a gradient, its function.
   * @param {Float64Array} point
   * @returns {{values: Float64Array, numbers: Float64Array, outputs: Float64Array, potential: number} | null}
   *   null where the formula does not hold
   */
  at(point) {
    if (!this.tape) return null;
    const outputs = this.tape.evaluate(point);
    for (let k = 0; k < this.conditions; k++) if (!outputs[k]) return null;
    const start = this.conditions + this.clauses;
    const named = outputs.subarray(this.conditions, start);
    const numbers = this.written ? [...point, ...this.constants, ...named] : [];
    return {
      values: outputs.subarray(start, start + this.entries),
      numbers: Float64Array.from(numbers),
      outputs: outputs.subarray(start + this.entries, this.end),
      potential: outputs[this.end] ?? NaN,
    };
  }
}

/**
 * Whether two points are the same: bit for bit, where nan is nan and 0 is −0.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
export function samePoint(a, b) {
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) {
    if (a[k] !== b[k] && !(Number.isNaN(a[k]) && Number.isNaN(b[k]))) return false;
  }
  return true;
}

/** The sliders' models, and their point. */
export class Sliders {
  /**
   * @param {any} model
   * @param {AbortSignal | undefined} signal
   * @param {() => void} onMove
   */
  constructor(model, signal, onMove) {
    this.model = model;
    this.signal = signal;
    this.onMove = onMove;
    /** @type {{component: number, slider: any}[]} */
    this.attached = [];
    /** @type {() => void} */
    this.detach = () => {};
  }

  /** Listen to the sliders that the model names; again whenever it names others. */
  async connect() {
    if (!this.model.widget_manager?.get_model) return; // a host that shows one widget alone
    const references = /** @type {string[]} */ (this.model.get("sliders"));
    const components = this.model.get("components");
    const models = await Promise.all(
      references.map((reference) =>
        this.model.widget_manager.get_model(reference.replace(/^IPY_MODEL_/, "")),
      ),
    );
    this.detach();
    this.attached = models.map((slider, k) => ({ component: components[k], slider }));
    for (const slider of models) slider.on("change:value", this.onMove);
    this.detach = () => models.forEach((slider) => slider.off("change:value", this.onMove));
    this.signal?.addEventListener("abort", this.detach);
  }

  /** Whether a kernel computes behind the page. */
  get connected() {
    return this.model.get("followed") && this.attached.some(({ slider }) => isLive(slider));
  }

  /**
   * Nan and infinities have no words in JSON, so that a slider may hold null for them.
   * @param {Float64Array} base components without a slider, or whose slider holds no number
   * @returns {Float64Array}
   */
  point(base) {
    const point = Float64Array.from(base);
    for (const { component, slider } of this.attached) {
      const value = fromJson(slider.get("value"));
      if (Number.isFinite(value) || Number.isFinite(point[component])) point[component] = value;
    }
    return point;
  }

  /**
   * Move the sliders; a kernel gets finite numbers only, as JSON has no words for others.
   * @param {ArrayLike<number>} point
   */
  move(point) {
    for (const { component, slider } of this.attached) {
      if (slider.get("value") === point[component]) continue;
      if (!Number.isFinite(point[component]) && isLive(slider)) continue;
      slider.set("value", point[component]);
      slider.save_changes();
    }
  }
}

/**
 * Whether a kernel answers; of one that was shut down JupyterLab disposes the comm, no more.
 * @param {any} slider
 */
const isLive = (slider) => slider.comm_live && !slider.comm?.jsServicesComm?.isDisposed;

/** Points to come back to, one for each rest of the sliders. */
export class History {
  /** @param {Float64Array} point */
  constructor(point) {
    this.points = [point];
    this.index = 0;
  }

  /** @param {Float64Array} point */
  visit(point) {
    if (samePoint(point, this.points[this.index])) return;
    this.points.splice(this.index + 1, Infinity, point);
    this.points.splice(0, this.points.length - MAX_POINTS);
    this.index = this.points.length - 1;
  }

  /**
   * @param {number} by −1 back, 1 forth
   * @returns {Float64Array | null}
   */
  go(by) {
    const index = this.index + by;
    if (index < 0 || index >= this.points.length) return null;
    this.index = index;
    return this.points[index];
  }
}
