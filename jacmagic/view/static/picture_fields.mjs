/** What is drawn in a picture and how close, chosen in fields above it. */

import { make } from "./element.mjs";

const ZOOM_STEPS = 60; // of the slider; each tenth step divides the radius by about 5
const FIRST_CAMERA = { turn: 60, tilt: 25 }; // degrees
const DEGREES_A_WIDTH = 180; // that a drag across the panel turns the camera

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
  constructor(box, { spec, colouring }, onChange) {
    this.axesOf = new Map(spec.pictures.map(([kind, inputs, outputs]) => [kind, { inputs: [...inputs], outputs: [...outputs] }]));
    if (colouring.groups) this.axesOf.set("colouring", { inputs: [], outputs: [] });
    const kinds = [...this.axesOf.keys()];
    this.document = box.ownerDocument;
    this.spec = spec;
    this.onChange = onChange;
    this.kind = kinds[0];
    this.zoom = 0;
    this.camera = { ...FIRST_CAMERA };
    this.axes = make(this.document, "span", "jm-axes");
    this.turns = make(this.document, "span", "jm-axes");
    this.turn = this.rangeField("turn", [-180, 180, this.camera.turn], (value) => (this.camera.turn = value));
    this.tilt = this.rangeField("tilt", [-90, 90, this.camera.tilt], (value) => (this.camera.tilt = value));
    this.turns.append(this.turn.label, this.tilt.label);
    this.zoomField = this.rangeField("zoom", [-10, ZOOM_STEPS, 0], (value) => (this.zoom = value)).label;
    const names = kinds.map((kind) => KINDS[kind]);
    if (kinds.length > 1) box.append(this.select("Picture", names, 0, (k) => (this.kind = kinds[k])));
    box.append(this.axes, this.zoomField, this.turns);
    this.show();
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
    const label = make(this.document, "label", "jm-tool-label", `${name} `);
    const select = /** @type {HTMLSelectElement} */ (make(this.document, "select", "jm-tool"));
    options.forEach((text, k) => {
      select.append(Object.assign(make(this.document, "option", "", text), { value: String(k) }));
    });
    select.selectedIndex = chosen;
    select.addEventListener("change", () => {
      const place = [...this.axes.querySelectorAll("select")].indexOf(select);
      choose(select.selectedIndex);
      this.show();
      if (place >= 0) this.axes.querySelectorAll("select")[place].focus();
      this.onChange();
    });
    label.append(select);
    return label;
  }

  /**
   * @param {string} name
   * @param {[number, number, number]} numbers least, greatest, first
   * @param {(value: number) => void} choose
   */
  rangeField(name, [min, max, value], choose) {
    const label = make(this.document, "label", "jm-tool-label jm-zoom", `${name} `);
    const input = /** @type {HTMLInputElement} */ (make(this.document, "input", ""));
    Object.assign(input, { type: "range", min: String(min), max: String(max), value: String(value) });
    input.setAttribute("data-lm-suppress-shortcuts", "true");
    input.addEventListener("input", () => {
      choose(Number(input.value));
      this.onChange();
    });
    label.append(input);
    return { label, input };
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
