/**
 * The point where the sliders stand, and the numbers there as soon as the tape gives them.
 *
 * @typedef {object} Live
 * @property {unknown} tape as `Tape.to_json` writes it
 * @property {number} conditions how many outputs say whether the formula holds
 * @property {number} clauses how many follow that are the numbers of named parts
 * @property {(number | string)[]} constants the numbers of named constants
 */

import { readTape } from "./tape.mjs";

/**
 * @param {unknown} number
 * @returns {number}
 */
export function fromJson(number) {
  const words = /** @type {Record<string, number>} */ ({ inf: Infinity, "-inf": -Infinity });
  return typeof number === "number" ? number : (words[String(number)] ?? NaN);
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
    this.constants = (live.constants ?? []).map(fromJson);
    const fits =
      tape && tape.inputs === inputs && tape.outputs === this.conditions + this.clauses + entries;
    this.tape = fits ? tape : null;
  }

  /**
   * @param {Float64Array} point
   * @returns {{values: Float64Array, numbers: Float64Array} | null} entries, and what the formula's
   *   symbols stand for; null where the formula does not hold
   */
  at(point) {
    if (!this.tape) return null;
    const found = this.tape.evaluate(point);
    for (let k = 0; k < this.conditions; k++) if (!found[k]) return null;
    const start = this.conditions + this.clauses;
    const named = found.subarray(this.conditions, start);
    return {
      values: found.subarray(start),
      numbers: Float64Array.from([...point, ...this.constants, ...named]),
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

/** The sliders' models, and the point where they stand. */
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
    /** @type {{place: number, slider: any}[]} */
    this.known = [];
    /** @type {() => void} */
    this.forget = () => {};
  }

  /** Find the sliders that the model names; again whenever it names others. */
  async watch() {
    if (!this.model.widget_manager?.get_model) return; // a host that shows one widget alone
    const references = /** @type {string[]} */ (this.model.get("sliders"));
    const places = this.model.get("places");
    const found = await Promise.all(
      references.map((reference) =>
        this.model.widget_manager.get_model(reference.replace(/^IPY_MODEL_/, "")),
      ),
    );
    this.forget();
    this.known = found.map((slider, k) => ({ place: places[k], slider }));
    for (const slider of found) slider.on("change:value", this.onMove);
    this.forget = () => found.forEach((slider) => slider.off("change:value", this.onMove));
    this.signal?.addEventListener("abort", this.forget);
  }

  /** Whether somebody computes behind the page. */
  get connected() {
    return this.model.get("followed") && this.known.some(({ slider }) => slider.comm_live);
  }

  /**
   * A number that is none has no words in JSON, so that the way to a slider may have lost it.
   * @param {Float64Array} base components without a slider, or whose slider holds no number
   * @returns {Float64Array}
   */
  point(base) {
    const point = Float64Array.from(base);
    for (const { place, slider } of this.known) {
      const value = fromJson(slider.get("value"));
      if (Number.isFinite(value) || Number.isFinite(point[place])) point[place] = value;
    }
    return point;
  }

  /**
   * Put the sliders somewhere; a kernel is told of numbers only, which JSON has words for.
   * @param {ArrayLike<number>} point
   */
  move(point) {
    for (const { place, slider } of this.known) {
      if (slider.get("value") === point[place]) continue;
      if (!Number.isFinite(point[place]) && slider.comm_live) continue;
      slider.set("value", point[place]);
      slider.save_changes();
    }
  }
}

/** Points that were visited, one for each pause of the hand. */
export class History {
  /** @param {Float64Array} point */
  constructor(point) {
    this.points = [point];
    this.place = 0;
  }

  /** @param {Float64Array} point */
  visit(point) {
    if (samePoint(point, this.points[this.place])) return;
    this.points.splice(this.place + 1, Infinity, point);
    this.points.splice(0, this.points.length - 200);
    this.place = this.points.length - 1;
  }

  /**
   * @param {number} by −1 back, 1 forth
   * @returns {Float64Array | null}
   */
  go(by) {
    const place = this.place + by;
    if (place < 0 || place >= this.points.length) return null;
    this.place = place;
    return this.points[place];
  }
}
