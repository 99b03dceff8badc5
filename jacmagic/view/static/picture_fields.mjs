/** What is drawn in a picture and how close, chosen in fields above it. */

import { make, makeSelect } from "./element.mjs";

const ZOOM = /** @type {const} */ ([-10, 60]); // of the slider; each tenth step divides the radius by about 5
const TURN = /** @type {const} */ ([-180, 180]); // degrees
const TILT = /** @type {const} */ ([-90, 90]);
const FIRST_CAMERA = { turn: 60, tilt: 25 }; // degrees
const DEGREES_A_WIDTH = 180; // that a drag across the panel turns the camera

/**
 * How a picture is drawn, as a notebook or an address keeps it; what is left out is as it begins.
 * @typedef {object} Drawing
 * @property {string} [picture] a `Kind`
 * @property {number | string} [zoom]
 * @property {string} [of] indices of the inputs, and of the outputs
 * @property {string} [to]
 * @property {number | string} [turn] the camera, in degrees
 * @property {number | string} [tilt]
 * @property {string} [step] dv, and the cotangent w, as shares of the panel
 * @property {string} [weight]
 */

/** @typedef {"map" | "graph" | "levels" | "field" | "space" | "matrix" | "colouring"} Kind */

/** @type {Record<Kind, string>} */
const KINDS = {
  map: "image of a square",
  field: "vector field ẋ = f(x)",
  levels: "level lines",
  graph: "graph",
  space: "image in space",
  matrix: "matrix and singular values",
  colouring: "pattern and its colouring",
};

export class PictureFields {
  /**
   * @param {HTMLElement} box
   * @param {import("./parts.mjs").Frame} frame
   * @param {() => void} onChange
   */
  constructor(box, { spec, colouring, drawing }, onChange) {
    this.axesOf = new Map(spec.pictures.map(([kind, inputs, outputs]) => [kind, { inputs: [...inputs], outputs: [...outputs] }]));
    if (colouring.grids) this.axesOf.set("colouring", { inputs: [], outputs: [] });
    const kinds = [...this.axesOf.keys()];
    this.spec = spec;
    this.onChange = onChange;
    this.kind = kinds.find((kind) => kind === drawing.picture) ?? kinds[0];
    replaceAxes(this.chosen.inputs, drawing.of, spec.labels.length);
    replaceAxes(this.chosen.outputs, drawing.to, spec.outputs.length);
    this.zoom = numberFrom(drawing.zoom, ZOOM, 0);
    this.camera = {
      turn: numberFrom(drawing.turn, TURN, FIRST_CAMERA.turn),
      tilt: numberFrom(drawing.tilt, TILT, FIRST_CAMERA.tilt),
    };
    this.axes = make("span", "jm-axes");
    this.turns = make("span", "jm-axes");
    this.turn = this.rangeField("turn", [...TURN, this.camera.turn], (value) => (this.camera.turn = value));
    this.tilt = this.rangeField("tilt", [...TILT, this.camera.tilt], (value) => (this.camera.tilt = value));
    this.turns.append(this.turn.label, this.tilt.label);
    this.zoomField = this.rangeField("zoom", [...ZOOM, this.zoom], (value) => (this.zoom = value)).label;
    const names = kinds.map((kind) => KINDS[kind]);
    if (kinds.length > 1) box.append(this.select("Picture", names, kinds.indexOf(this.kind), (k) => (this.kind = kinds[k])));
    box.append(this.axes, this.zoomField, this.turns);
    this.show();
  }

  /**
   * What is chosen, for a notebook or an address to keep.
   * @returns {Drawing}
   */
  get drawing() {
    const { inputs, outputs } = this.chosen;
    const axes = this.axes.childElementCount ? { of: String(inputs), to: String(outputs) } : {};
    return { picture: this.kind, zoom: this.zoom, ...axes, ...(this.kind === "space" ? this.camera : {}) };
  }

  /** Components that are drawn in a picture of this kind. */
  get chosen() {
    return /** @type {{inputs: number[], outputs: number[]}} */ (this.axesOf.get(this.kind));
  }

  /** Show the fields that this kind of picture has. */
  show() {
    const { spec, kind } = this;
    this.axes.replaceChildren(
      ...this.axisFields("of", spec.labels, this.chosen.inputs),
      ...this.axisFields("to", spec.outputs, this.chosen.outputs),
    );
    this.zoomField.hidden = kind === "matrix" || kind === "colouring";
    this.turns.hidden = kind !== "space";
  }

  /**
   * Fields for the components of one side, where there are more than the picture has.
   * @param {string} word before the first
   * @param {string[]} labels
   * @param {number[]} chosen is changed; one that is chosen twice takes the other's place
   */
  axisFields(word, labels, chosen) {
    if (labels.length <= chosen.length) return [];
    return chosen.map((index, k) =>
      this.select(k ? "and" : word, labels, index, (other) => {
        const twice = chosen.indexOf(other);
        if (twice >= 0) chosen[twice] = chosen[k];
        chosen[k] = other;
      }),
    );
  }

  /**
   * @param {string} name
   * @param {string[]} options
   * @param {number} chosen
   * @param {(index: number) => void} choose
   */
  select(name, options, chosen, choose) {
    const select = makeSelect(options, (index) => {
      const position = [...this.axes.querySelectorAll("select")].indexOf(select);
      choose(index);
      this.show();
      if (position >= 0) this.axes.querySelectorAll("select")[position].focus();
      this.onChange();
    });
    select.selectedIndex = chosen;
    return make("label", "jm-tool-label", [`${name} `, select]);
  }

  /**
   * @param {string} name
   * @param {[number, number, number]} numbers least, greatest, first
   * @param {(value: number) => void} choose
   */
  rangeField(name, [min, max, value], choose) {
    const input = make("input", "", "", { type: "range", min, max, value, "data-lm-suppress-shortcuts": "true" });
    input.addEventListener("input", () => {
      choose(Number(input.value));
      this.onChange();
    });
    return { label: make("label", "jm-tool-label jm-zoom", [`${name} `, input]), input };
  }

  /**
   * Turn the camera, as a drag does.
   * @param {number} across a share of the panel's width
   * @param {number} down
   */
  turnBy(across, down) {
    const around = this.camera.turn - DEGREES_A_WIDTH * across;
    const turn = around - 360 * Math.round(around / 360);
    const tilt = Math.min(Math.max(this.camera.tilt + DEGREES_A_WIDTH * down, -90), 90);
    this.camera = { turn, tilt };
    this.turn.input.value = String(turn);
    this.tilt.input.value = String(tilt);
    this.onChange();
  }
}

/**
 * A kept number; another where it is none within bounds, as an address may say anything.
 * @param {unknown} stored
 * @param {readonly [number, number]} bounds
 * @param {number} otherwise
 */
function numberFrom(stored, [least, greatest], otherwise) {
  const number = Number(stored ?? NaN);
  return number >= least && number <= greatest ? number : otherwise;
}

/**
 * Draw the components that were kept, if they are as many different ones as a picture has.
 * @param {number[]} chosen is changed
 * @param {unknown} stored their indices
 * @param {number} count of all components
 */
function replaceAxes(chosen, stored, count) {
  const indices = new Set(String(stored ?? "").split(",").map(Number));
  const areThere = [...indices].every((k) => Number.isInteger(k) && k >= 0 && k < count);
  if (stored && areThere && indices.size === chosen.length) chosen.splice(0, chosen.length, ...indices);
}
