/**
 * The registry of the view's parts: title, derivation, table and so on.
 *
 * A part is one module that calls `addPart`. The list of modules in `explorer/assets.py` names it, and
 * the order there is the order on screen within an area, and of the tabs.
 *
 * @typedef {object} Part
 * @property {string} name of the part; its element has the class `jm-${name}`
 * @property {string} [tag] of its element; "div" by default
 * @property {import("./tabs.mjs").Area} [area] where it stands; "stage" by default
 * @property {string} [tab] name of the tab that holds it, instead of an area
 * @property {(frame: Frame) => boolean} [isEmpty] whether it has nothing to show; never by default
 * @property {(box: HTMLElement, actions: Actions) => Mounted} mount builds the part
 *
 * @typedef {object} Mounted
 * @property {(frame: Frame) => void} paint draws what has changed
 * @property {() => void} [stop] ends timers and listeners
 *
 * @typedef {object} Actions what a part can ask of the view
 * @property {(cell: import("./layout.mjs").Cell) => void} explain shows the derivation of an entry
 * @property {() => void} close hides it
 * @property {(traits: {drawing: import("./picture_fields.mjs").Drawing}) => void} keep how the picture is drawn
 * @property {(message: {kind: string} & Record<string, unknown>) => void} send asks the kernel for code, a picture, the chain, a derivation in it
 * @property {(style: Partial<Style>) => void} restyle
 * @property {import("./following.mjs").Follower} follower moves the sliders, back and forth too
 * @property {import("./announcer.mjs").Announcer} announcer tells a screen reader, when all is at rest
 *
 * @typedef {object} Style
 * @property {number} digits significant digits
 * @property {boolean} exchanged whether the model's rows are shown as columns
 * @property {boolean} plain whether constants appear as numbers
 *
 * @typedef {object} Choices what is open, and which sliders are drawn here
 * @property {string} tab name of the open tab
 * @property {import("./layout.mjs").Cell | null} open the model's entry that is explained
 * @property {import("./slider.mjs").Handle[]} handles of the sliders that are drawn here
 *
 * @typedef {Pick<import("./view.mjs").Traits, "spec" | "chain" | "entries" | "code" | "factors" | "status" |
 *   "colouring" | "picture" | "chooser" | "drawing">} Shared traits that are painted as they are
 *
 * @typedef {object} State everything else that is painted
 * @property {import("./layout.mjs").Layout} layout
 * @property {import("./slice.mjs").Evaluate | null} evaluate the function and J at any point, where the browser can
 * @property {Float64Array} outward entries as outputs by inputs, whatever the layout
 * @property {Uint8Array} zeros 1 where an entry is zero whatever the point
 * @property {Float64Array} slots the numbers that formulas show
 * @property {import("./typed.mjs").TypedNumbers} typed those of them that are shown as they were typed
 * @property {boolean} connected whether a kernel answers
 * @property {string} notice why the numbers are those of another point; "" if they are not
 * @property {string} pending what confirms the numbers; "" if that takes no noticeable time
 *
 * @typedef {Shared & State & Choices & Style & import("./following.mjs").Shown} Frame
 */

import { asBytes } from "./format.mjs";
import { Layout } from "./layout.mjs";
import { typedAt } from "./typed.mjs";

const MAX_CELLS_WITH_SLOTS = 10_000; // of a matrix that may be typeset, with a slot for each entry
const SHARED = "spec chain entries code factors status colouring picture chooser drawing".split(" ");

/** @type {Part[]} */
export const PARTS = [];

/** @param {Part} part */
export function addPart(part) {
  PARTS.push(part);
}

/**
 * Everything that a view paints: the model's traits, the numbers on screen, and how they are shown.
 * @param {any} model
 * @param {import("./following.mjs").Follower} follower
 * @param {Style & Choices} choices
 * @returns {Frame}
 */
export function readFrame(model, follower, choices) {
  const { shown, notice, pending, connected, evaluate } = follower;
  const shared = /** @type {Shared} */ (Object.fromEntries(SHARED.map((name) => [name, model.get(name)])));
  const { spec } = shared;
  const entries = shown.values.length <= MAX_CELLS_WITH_SLOTS ? shown.values : [];
  return {
    ...choices,
    ...shown,
    ...shared,
    ...{ notice, pending, connected, evaluate },
    layout: new Layout(spec, choices.exchanged),
    outward: spec.transposed ? new Layout(spec, true).arrange(shown.values) : shown.values,
    zeros: asBytes(model.get("zeros")),
    slots: Float64Array.from([...shown.numbers, ...entries]),
    typed: shown.numbers.length ? typedAt(spec.typed, shown.point) : {},
  };
}
