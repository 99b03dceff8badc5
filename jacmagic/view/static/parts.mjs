/**
 * The registry of the view's parts: title, derivation, table and so on.
 *
 * A part is one module that calls `addPart`. The list of modules in `explorer/assets.py` names it, and
 * the order there is the order on screen within an area, and of the tabs.
 *
 * @typedef {object} Part
 * @property {string} name of the part; its element has the class `jm-${name}`
 * @property {string} [tag] of its element; "div" by default
 * @property {import("./areas.mjs").Area} [area] where it stands; "stage" by default
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
 * @property {(message: {kind: string} & Record<string, unknown>) => void} send asks the kernel for code, a picture, the chain
 * @property {(factor: number, row: number, column: number) => void} explainFactor asks for the
 *   derivation of an entry of one of its factors
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
 * @typedef {object} State everything else that is painted
 * @property {import("./view.mjs").Spec} spec
 * @property {import("./layout.mjs").Layout} layout
 * @property {import("./slice.mjs").Evaluate | null} evaluate the function and J at any point, where the browser can
 * @property {Float64Array} outward entries as outputs by inputs, whatever the layout
 * @property {import("./chain.mjs").Chain} chain
 * @property {Record<string, import("./panel.mjs").Entry>} entries derivations by "row,column"
 * @property {import("./code.mjs").Code} code value and Jacobian as source
 * @property {import("./factors.mjs").Factors} factors the chain of local Jacobians
 * @property {import("./notes.mjs").Status} status the kernel's remarks on its last result
 * @property {Uint8Array} zeros 1 where an entry is zero whatever the point
 * @property {Partial<import("./scene_colouring.mjs").Colouring>} colouring which product gives each entry; {} where none is saved
 * @property {Partial<import("./sampled.mjs").Sampled>} picture that the kernel has computed
 * @property {Float64Array} slots the numbers that formulas show
 * @property {import("./typed.mjs").TypedNumbers} typed those of them that are shown as they were typed
 * @property {boolean} chooser whether one of them is drawn at a time
 * @property {boolean} connected whether a kernel answers
 * @property {import("./picture_fields.mjs").Drawing} drawing how the picture was drawn when it was left
 * @property {string} notice why the numbers are those of another point; "" if they are not
 * @property {string} pending what confirms the numbers; "" if that takes no noticeable time
 *
 * @typedef {State & Choices & Style & import("./following.mjs").Shown} Frame
 */

/** @type {Part[]} */
export const PARTS = [];

/** @param {Part} part */
export function addPart(part) {
  PARTS.push(part);
}
