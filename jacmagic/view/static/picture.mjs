/**
 * The picture of the function around the point, drawn in the browser: of which kind depends on how many
 * inputs and outputs there are; of many, those that are drawn are chosen.
 */

import { make, setText } from "./element.mjs";
import { addPart } from "./parts.mjs";
import { Plane, sample } from "./plane.mjs";
import { fieldScene } from "./scene_field.mjs";
import { graphScene } from "./scene_graph.mjs";
import { levelScene } from "./scene_levels.mjs";
import { IMAGE_SHARE, mapScene, SQUARE_SHARE } from "./scene_map.mjs";
import { heightMap, lineMap, planeMap, replaced } from "./slice.mjs";
import { Squares } from "./squares.mjs";

const ZOOM_STEPS = 60; // of the slider; each tenth step divides the radius by about 5
const ZOOM_BASE = 1.17;
const FIRST_SHARE = 0.25; // of the shorter slider's range: half the square's side

/** @typedef {"map" | "graph" | "levels" | "field" | "matrix"} Kind */

/** @type {Record<Kind, string>} */
const KINDS = {
  map: "image of a square",
  field: "vector field ẋ = f(x)",
  levels: "level lines",
  graph: "graph",
  matrix: "matrix and singular values",
};

class Picture {
  /**
   * @param {HTMLElement} box
   * @param {import("./parts.mjs").Actions} actions
   */
  constructor(box, actions) {
    this.document = box.ownerDocument;
    this.actions = actions;
    this.tools = make(this.document, "div", "jm-picture-tools");
    this.stage = make(this.document, "div", "jm-planes");
    this.legend = make(this.document, "p", "jm-legend");
    this.words = make(this.document, "p", "jm-words");
    this.words.setAttribute("aria-live", "polite");
    box.append(this.tools, this.stage, this.legend, this.words);
    /** @type {Plane[]} */
    this.planes = [];
    this.step = /** @type {[number, number]} */ ([0.6, 0.35]);
    this.weight = /** @type {[number, number]} */ ([-0.5, 0.5]);
    this.squares = new Squares(this.stage);
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint(frame) {
    this.frame = frame;
    if (frame.tab !== "Picture") return; // nothing is computed for a tab that is closed
    if (!this.choice) this.build(frame);
    this.draw();
  }

  // ── choices ────────────────────────────────────────────────────────────────────────────────

  /** @param {import("./parts.mjs").Frame} frame */
  build({ spec }) {
    const [m, n] = [spec.outputs.length, spec.labels.length];
    const kinds = spec.is_map ? kindsOf(m, n) : /** @type {Kind[]} */ (["matrix"]);
    this.choice = { kind: kinds[0], inputs: [0, Math.min(1, n - 1)], outputs: [0, Math.min(1, m - 1)], zoom: 0 };
    const { choice } = this;
    const fields = [];
    if (kinds.length > 1) fields.push(this.select("Picture", kinds.map((kind) => KINDS[kind]), 0, (k) => (choice.kind = kinds[k])));
    if (n > 2) for (const k of [0, 1]) fields.push(this.select(k ? "and" : "of", spec.labels, k, (j) => (choice.inputs[k] = j)));
    if (m > 2) for (const k of [0, 1]) fields.push(this.select(k ? "and" : "to", spec.outputs, k, (i) => (choice.outputs[k] = i)));
    this.zoom = this.zoomField();
    this.tools.append(...fields, this.zoom);
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
      choose(select.selectedIndex);
      this.draw();
    });
    label.append(select);
    return label;
  }

  zoomField() {
    const label = make(this.document, "label", "jm-tool-label jm-zoom", "zoom ");
    const input = /** @type {HTMLInputElement} */ (make(this.document, "input", ""));
    Object.assign(input, { type: "range", min: "-10", max: String(ZOOM_STEPS), value: "0" });
    input.setAttribute("data-lm-suppress-shortcuts", "true");
    input.addEventListener("input", () => {
      if (this.choice) this.choice.zoom = Number(input.value);
      this.draw();
    });
    label.append(input);
    return label;
  }

  // ── drawing ────────────────────────────────────────────────────────────────────────────────

  draw() {
    const { frame, choice } = this;
    if (!frame || !choice) return;
    const isMatrix = choice.kind === "matrix";
    this.squares.box.hidden = !isMatrix;
    if (this.zoom) this.zoom.hidden = isMatrix;
    /** @type {import("./scene.mjs").Scene} */
    const scene = isMatrix ? { panels: [], words: this.squares.paint(frame) } : this.scene(frame);
    while (this.planes.length < scene.panels.length) {
      this.planes.push(new Plane(this.stage, (grip, to) => this.drag(grip, to)));
    }
    this.planes.forEach((plane, k) => {
      plane.box.hidden = k >= scene.panels.length;
      if (scene.panels[k]) plane.paint(scene.panels[k]);
    });
    this.paintLegend(scene.legend ?? []);
    const missing = frame.evaluate || isMatrix ? [] : ["The browser has no closed form of this function: only its linear part is drawn."];
    setText(this.words, [...scene.words, ...missing].join(" "));
  }

  /** @param {[string, string][]} meanings */
  paintLegend(meanings) {
    if (String(meanings) === this.explained) return;
    this.explained = String(meanings);
    this.legend.replaceChildren(
      ...meanings.map(([look, meaning]) => {
        const item = make(this.document, "span", "");
        item.append(sample(this.document, look), meaning);
        return item;
      }),
    );
  }

  /** @param {import("./parts.mjs").Frame} frame */
  scene(frame) {
    const { kind, inputs, outputs } = /** @type {NonNullable<Picture["choice"]>} */ (this.choice);
    const around = {
      ...{ evaluate: frame.evaluate, point: frame.point, values: frame.outward, outputs: frame.outputs },
      ...{ labels: frame.spec.labels, rows: frame.spec.outputs, name: frame.spec.function },
    };
    const shown = { radius: this.radius(frame), digits: frame.digits, step: this.step, weight: this.weight };
    if (kind === "graph") return graphScene(lineMap(around, inputs[0], distinct(outputs)), shown);
    if (kind === "levels") return levelScene(heightMap(around, inputs, outputs[0]), shown);
    return kind === "field" ? fieldScene(planeMap(around, inputs, outputs), shown) : mapScene(planeMap(around, inputs, outputs), shown);
  }

  /**
   * Half the square's side: a share of the shorter range of the sliders, divided by the zoom.
   * @param {import("./parts.mjs").Frame} frame
   */
  radius({ handles, spec }) {
    const { inputs, zoom } = /** @type {NonNullable<Picture["choice"]>} */ (this.choice);
    const widths = inputs.map((k) => {
      const model = handles.find(({ model: one }) => one.get("description") === spec.labels[k])?.model;
      return model ? Number(model.get("max")) - Number(model.get("min")) : 4;
    });
    return (FIRST_SHARE * Math.min(...widths)) / ZOOM_BASE ** zoom;
  }

  // ── dragging ───────────────────────────────────────────────────────────────────────────────

  /**
   * @param {string} grip
   * @param {import("./scene.mjs").Point} to
   */
  drag(grip, to) {
    const { frame, choice } = this;
    if (!frame || !choice) return;
    if (grip === "point") {
      const columns = choice.kind === "graph" ? [choice.inputs[0]] : choice.inputs;
      this.actions.move(replaced(frame.point, columns, to));
      return;
    }
    const around = grip === "step" ? choice.inputs.map((k) => frame.point[k]) : choice.outputs.map((k) => frame.outputs[k]);
    const panel = this.planes[grip === "step" ? 0 : 1].frame;
    const half = panel ? (panel.x[1] - panel.x[0]) / 2 : 1;
    const share = grip === "step" ? SQUARE_SHARE : IMAGE_SHARE;
    const vector = /** @type {[number, number]} */ (to.map((one, k) => (one - around[k]) / (half * share)));
    if (grip === "step") this.step = vector;
    else this.weight = vector;
    this.draw();
  }
}

/**
 * @param {number} m outputs
 * @param {number} n inputs
 * @returns {Kind[]}
 */
function kindsOf(m, n) {
  if (n === 1) return m > 2 ? ["graph", "matrix"] : ["graph"];
  if (m === 1) return ["levels", "graph"];
  return m === n ? ["map", "field", "matrix"] : ["map", "matrix"];
}

/** @param {number[]} indices */
function distinct(indices) {
  return [...new Set(indices)];
}

addPart({
  name: "picture",
  tab: "Picture",
  mount: (box, actions) => new Picture(box, actions),
  paint: (picture, frame) => picture.paint(frame),
  isEmpty: ({ spec, outputs }) => !spec.labels.length || !outputs.length,
});
