/**
 * The picture of the function around the point, drawn in the browser: of which kind depends on how many
 * inputs and outputs there are; of many, those that are drawn are chosen.
 */

import { ColourGrids, Squares } from "./squares.mjs";
import { make, setText } from "./element.mjs";
import { addPart } from "./parts.mjs";
import { PictureFields } from "./picture_fields.mjs";
import { SQUARE_SHARE } from "./lattice.mjs";
import { Plane, sample } from "./plane.mjs";
import { Samples } from "./sampled.mjs";
import { fieldScene } from "./scene_field.mjs";
import { graphScene } from "./scene_graph.mjs";
import { levelScene } from "./scene_levels.mjs";
import { IMAGE_SHARE, mapScene } from "./scene_map.mjs";
import { cameraOf, cubeUnit, spaceScene } from "./scene_space.mjs";
import { blockWords, replaced, sliceOf } from "./slice.mjs";
import { unbroken } from "./title.mjs";
import { typedAt } from "./typed.mjs";
import { changes, differ, divided, multiplied, powers, scaledMap } from "./units.mjs";

const ZOOM_BASE = 1.17; // by which a step of the zoom divides the radius
const KEPT_AFTER_MS = 250; // without a change
const FIRST_SHARE = 0.5; // of half the shorter slider's range: half the square's side

class Picture {
  /**
   * @param {HTMLElement} box
   * @param {import("./parts.mjs").Actions} actions
   */
  constructor(box, actions) {
    this.actions = actions;
    this.tools = make("div", "jm-picture-tools");
    this.stage = make("div", "jm-planes");
    this.legend = make("p", "jm-legend");
    this.words = make("p", "jm-words");
    box.append(this.tools, this.stage, this.legend, this.words);
    /** @type {Plane[]} */
    this.planes = [];
    this.step = /** @type {[number, number]} */ ([0.6, 0.35]);
    this.weight = /** @type {[number, number]} */ ([-0.5, 0.5]);
    this.units = this.ofOutputs = /** @type {number[]} */ ([]); // of what is drawn
    this.squares = new Squares(this.stage);
    this.grids = new ColourGrids(this.stage);
    this.samples = new Samples((asked) => actions.send({ kind: "picture", ...asked }));
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint(frame) {
    this.frame = frame;
    if (frame.tab !== "Picture") return; // nothing is computed for a tab that is closed
    this.fields ??= this.firstFields(frame);
    this.draw();
  }

  /**
   * The fields, and the vectors that were dragged, as the picture was left.
   * @param {import("./parts.mjs").Frame} frame
   */
  firstFields(frame) {
    this.step = vectorFrom(frame.drawing.step, this.step);
    this.weight = vectorFrom(frame.drawing.weight, this.weight);
    return new PictureFields(this.tools, frame, () => {
      this.draw();
      this.keepLater();
    });
  }

  /** Keep how the picture is drawn, when nothing has changed for a while. */
  keepLater() {
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => {
      const [step, weight] = [this.step, this.weight].map((vector) => vector.map((component) => component.toFixed(3)).join());
      this.actions.keep({ drawing: { ...this.fields?.drawing, step, weight } });
    }, KEPT_AFTER_MS);
  }

  stop() {
    clearTimeout(this.keeping);
  }

  // ── drawing ────────────────────────────────────────────────────────────────────────────────

  draw() {
    const { frame, fields } = this;
    if (!frame || !fields) return;
    const whole = { matrix: this.squares, colouring: this.grids }[/** @type {string} */ (fields.kind)];
    for (const drawing of [this.squares, this.grids]) drawing.box.hidden = drawing !== whole;
    /** @type {import("./scene.mjs").Scene} */
    const scene = whole ? { panels: [], words: whole.paint(frame) } : this.scene(frame, fields);
    while (this.planes.length < scene.panels.length) {
      const turn = (/** @type {number} */ across, /** @type {number} */ down) => fields.turnBy(across, down);
      this.planes.push(new Plane(this.stage, (grip, to) => this.drag(grip, to), turn));
    }
    this.planes.forEach((plane, k) => {
      plane.box.hidden = k >= scene.panels.length;
      if (scene.panels[k]) plane.paint(scene.panels[k]);
    });
    this.paintLegend(scene.legend ?? []);
    const words = unbroken(scene.words.join(" "));
    if (setText(this.words, words)) this.actions.announcer.announce("picture", words);
  }

  /** @param {[string, string][]} meanings */
  paintLegend(meanings) {
    if (String(meanings) === this.explained) return;
    this.explained = String(meanings);
    this.legend.replaceChildren(...meanings.map(([look, meaning]) => make("span", "", [sample(look), meaning])));
  }

  /**
   * @param {import("./parts.mjs").Frame} frame
   * @param {PictureFields} fields
   */
  scene(frame, fields) {
    const { inputs, outputs } = fields.chosen;
    const { words, ...drawn } = this.computed(frame, fields);
    const scene = { ...drawn, words: [...words, ...blockWords(frame.spec, fields.kind, inputs, outputs)] };
    if (frame.evaluate) return scene;
    const request = { picture: fields.kind, inputs, outputs, radius: this.size(frame, inputs).radius, ...fields.camera };
    return this.samples.complete(scene, request, frame);
  }

  /**
   * @param {import("./parts.mjs").Frame} frame
   * @param {PictureFields} fields
   * @returns {import("./scene.mjs").Scene}
   */
  computed(frame, { kind, chosen: { inputs, outputs }, camera }) {
    const around = {
      ...{ evaluate: frame.evaluate, point: frame.point, values: frame.outward, outputs: frame.outputs },
      ...{ labels: frame.spec.labels, rows: frame.spec.outputs, name: frame.spec.function },
      ...{ potential: frame.spec.potential, typed: typedAt(frame.spec.typed, frame.point) },
    };
    const map = sliceOf(around, inputs, outputs);
    const { units, radius } = this.size(frame, inputs, kind === "map" ? map.jacobian : []);
    const shown = { radius, digits: frame.digits, step: this.step, weight: this.weight, ...camera };
    this.units = units;
    const sizes = changes(map.jacobian, multiplied(units, units.map(() => radius)));
    this.ofOutputs = kind === "field" ? units : map.outputs.map(() => 1);
    if (kind === "map" && frame.evaluate && differ(sizes)) this.ofOutputs = powers(sizes);
    const scenes = { graph: graphScene, levels: levelScene, space: spaceScene, field: fieldScene, map: mapScene };
    const scene = scenes[/** @type {keyof scenes} */ (kind)](scaledMap(map, units, this.ofOutputs), shown);
    return inTheseUnits(scene, [...units, ...this.ofOutputs]);
  }

  /**
   * Units of the inputs, and half the square's side in these: a share of the shorter range of the sliders,
   * divided by the zoom. The kernel's pictures have no units.
   * @param {import("./parts.mjs").Frame} frame
   * @param {number[]} inputs
   * @param {number[][]} [jacobian] of a picture whose outputs have units
   */
  size({ handles, spec, evaluate }, inputs, jacobian = []) {
    const reach = inputs.map((k) => {
      const model = handles.find(({ model: one }) => one.get("description") === spec.labels[k])?.model;
      return model ? (Number(model.get("max")) - Number(model.get("min"))) / 2 : 2;
    });
    const alike = reach.map(() => Math.min(...reach));
    const needed = evaluate && (differ(reach) || differ(changes(jacobian, alike)));
    const units = needed ? powers(reach) : reach.map(() => 1);
    return { units, radius: (FIRST_SHARE * Math.min(...divided(reach, units))) / ZOOM_BASE ** (this.fields?.zoom ?? 0) };
  }

  // ── dragging ───────────────────────────────────────────────────────────────────────────────

  /**
   * @param {string} grip
   * @param {import("./scene.mjs").Point} to
   */
  drag(grip, to) {
    const { frame, fields } = this;
    if (!frame || !fields) return;
    const { inputs, outputs } = fields.chosen;
    if (grip === "point") {
      const moved = inputs.length === 3 ? this.inSpace(frame, inputs, to, fields.camera) : to;
      this.actions.follower.sliders.move(replaced(frame.point, inputs, inputs.length === 3 ? moved : multiplied(moved, this.units)));
      return;
    }
    const at = grip === "step" ? inputs.map((k) => frame.point[k]) : outputs.map((k) => frame.outputs[k]);
    const around = divided(at, grip === "step" ? this.units : this.ofOutputs);
    const panel = this.planes[grip === "step" ? 0 : 1].frame;
    const half = panel ? (panel.x[1] - panel.x[0]) / 2 : 1;
    const share = grip === "step" ? SQUARE_SHARE : IMAGE_SHARE;
    const vector = /** @type {[number, number]} */ (to.map((component, k) => (component - around[k]) / (half * share)));
    if (grip === "step") this.step = vector;
    else this.weight = vector;
    this.draw();
    this.keepLater();
  }

  /**
   * Three inputs moved parallel to the screen.
   * @param {import("./parts.mjs").Frame} frame
   * @param {number[]} inputs
   * @param {import("./scene.mjs").Point} to from the point, on the screen
   * @param {{turn: number, tilt: number}} camera
   */
  inSpace(frame, inputs, [across, up], { turn, tilt }) {
    const camera = cameraOf(turn, tilt);
    const { units, radius } = this.size(frame, inputs);
    const unit = cubeUnit(radius);
    return inputs.map((column, k) => frame.point[column] + units[k] * unit * (across * camera.right[k] + up * camera.up[k]));
  }
}

/**
 * A kept vector; another where it is none.
 * @param {unknown} stored
 * @param {[number, number]} otherwise
 */
function vectorFrom(stored, otherwise) {
  const vector = String(stored ?? "").split(",").map(Number);
  return vector.length === 2 && vector.every(Number.isFinite) ? /** @type {[number, number]} */ (vector) : otherwise;
}

/**
 * @param {import("./scene.mjs").Scene} scene
 * @param {number[]} units
 * @returns {import("./scene.mjs").Scene}
 */
function inTheseUnits(scene, units) {
  return units.every((unit) => unit === 1) ? scene : { ...scene, words: [...scene.words, "All numbers are in the units of the axes."] };
}

addPart({
  name: "picture",
  tab: "Picture",
  mount: (box, actions) => new Picture(box, actions),
  isEmpty: ({ spec, outputs }) => !spec.labels.length || !outputs.length,
});
