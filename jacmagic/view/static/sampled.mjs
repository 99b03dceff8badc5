/**
 * Pictures of functions that the browser cannot compute: the kernel samples them, once the reader rests.
 *
 * @typedef {object} Request
 * @property {string} picture its kind
 * @property {number[]} inputs components
 * @property {number[]} outputs components
 * @property {number} radius half the square's side
 * @property {number} turn of the camera
 * @property {number} tilt of the camera
 *
 * @typedef {object} Answer
 * @property {number[]} at the point
 * @property {Omit<import("./scene.mjs").Panel, "name" | "grips">[]} panels
 * @property {string[]} words
 *
 * @typedef {Request & Answer} Sampled
 */

const ASK_AFTER_MS = 200; // without another change
const SAME = 1e-9; // relative, of numbers that have been through JSON

export class Samples {
  /** @param {(asked: Request) => void} ask */
  constructor(ask) {
    this.ask = ask;
    this.asked = "";
  }

  /**
   * The scene with the kernel's shapes, where they are those of this request and point; else it is asked.
   * @param {import("./scene.mjs").Scene} scene the linear part, computed here
   * @param {Request} request
   * @param {{picture: Partial<Sampled>, point: Float64Array, connected: boolean}} frame
   * @returns {import("./scene.mjs").Scene}
   */
  complete(scene, request, { picture, point, connected }) {
    if (isAnswer(picture, request, point)) return merged(scene, /** @type {Sampled} */ (picture));
    const key = JSON.stringify([request, Array.from(point)]);
    if (connected && key !== this.asked) {
      this.asked = key;
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.ask(request), ASK_AFTER_MS);
    }
    const missing = connected ? "The kernel is asked for the function's values." : "The browser cannot compute this function: only its linear part is drawn.";
    return { ...scene, words: [...scene.words, missing] };
  }
}

/**
 * @param {Partial<Sampled>} picture
 * @param {Request} request
 * @param {Float64Array} point
 */
export function isAnswer(picture, request, point) {
  if (!picture.panels || !picture.at) return false;
  const turned = request.picture === "space" ? [[picture.turn, request.turn], [picture.tilt, request.tilt]] : [];
  const pairs = [[picture.radius, request.radius], ...turned, ...picture.at.map((component, k) => [component, point[k]])];
  const close = (/** @type {any} */ a, /** @type {any} */ b) => Math.abs(a - b) <= SAME * Math.max(Math.abs(a), Math.abs(b));
  const words = (/** @type {any} */ { picture: kind, inputs, outputs }) => JSON.stringify([kind, inputs, outputs]);
  return words(picture) === words(request) && pairs.every(([a, b]) => close(a, b));
}

/**
 * The kernel's panels with what is dragged here.
 * @param {import("./scene.mjs").Scene} scene
 * @param {Sampled} sampled
 */
function merged(scene, { panels, words }) {
  const filled = scene.panels.map((panel, k) => {
    const dragged = panel.shapes.filter(({ look }) => look === "step");
    const grips = panel.grips.filter(({ name }) => name !== "weight");
    return { ...panel, ...panels[k], shapes: [...panels[k].shapes, ...dragged], grips };
  });
  const legend = scene.legend?.filter(([look]) => look !== "cotangent");
  return { ...scene, panels: filled, legend, words };
}
