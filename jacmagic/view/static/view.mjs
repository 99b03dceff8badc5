/**
 * The view of one Jacobian: its parts, painted from the model and from the numbers of the tape.
 *
 * @typedef {object} Traits the model's traits, equal to those of `JacobianView` in explorer/traits.py
 * @property {Spec} spec what never changes
 * @property {DataView} values float64 numbers, row-major
 * @property {DataView} zeros one byte an entry, 1 where it is zero whatever the point
 * @property {Partial<import("./squares.mjs").Colouring>} colouring which product gives each entry; {} where none is saved
 * @property {Partial<import("./sampled.mjs").Sampled>} picture that the kernel has computed
 * @property {DataView} outputs float64 values of the function
 * @property {DataView} numbers float64 numbers of the formula's symbols
 * @property {DataView} at float64 numbers of the sliders that these answer
 * @property {import("./chain.mjs").Chain} chain the derivation
 * @property {Partial<import("./live.mjs").Live>} live the tape, where there is one
 * @property {Record<string, import("./panel.mjs").Entry>} entries derivations by "row,column"
 * @property {import("./factors.mjs").Factors} factors the chain of local Jacobians
 * @property {import("./notes.mjs").Status} status the text below the table
 * @property {number[]} components the component that each slider moves
 * @property {string[]} sliders references to the sliders' models
 * @property {number[]} handles components whose sliders are drawn here
 * @property {boolean} chooser whether one of them is drawn at a time
 * @property {boolean} followed whether a kernel, where there is one, still answers
 * @property {import("./code.mjs").Code} code value and Jacobian as source
 * @property {string} beside identity of the still form in the output before; "" for none
 * @property {string} tab name of the open tab; "" for the first
 * @property {import("./picture_fields.mjs").Drawing} drawing how the picture is drawn
 *
 * @typedef {import("./layout.mjs").Labelled & Labels} Spec
 *
 * @typedef {object} Labels
 * @property {string} title of the view, such as "Jacobian of f"
 * @property {number} digits significant digits
 * @property {string} entry name of an entry, around "{output}" and "{input}"
 * @property {[import("./picture_fields.mjs").Kind, number[], number[]][]} pictures kinds, the usual one first, with inputs and outputs
 * @property {string} function its name
 * @property {string} potential name of the function whose gradient it is; "" for none
 * @property {string[]} outputs labels of its components
 * @property {string[]} labels of a point's components
 * @property {{name: string, shape: number[]}[]} inputs
 * @property {[string, string] | null} command the magic's line before and after its point
 * @property {(number | string)[]} start the first point
 * @property {import("./typed.mjs").TypedNumbers} typed what of the point was typed as an expression
 */

import { Announcer } from "./announcer.mjs";
import { Areas, Tabs } from "./tabs.mjs";
import { hideStill, make } from "./element.mjs";
import { Follower } from "./following.mjs";
import { asBytes } from "./format.mjs";
import { PARTS, readFrame } from "./parts.mjs";
import { Layout } from "./layout.mjs";
import { fromJson } from "./live.mjs";
import { describePoint } from "./title.mjs";

const MAX_CELLS_PAINTED_AT_ONCE = 100; // more wait for the browser's next frame
const ENTRY_TAB = "Entry"; // the tab of panel.mjs

/** One view of a model; the methods of `Actions` are for its parts. */
class JacobianView {
  /** @param {{model: any, el: HTMLElement, signal?: AbortSignal}} context */
  constructor({ model, el, signal }) {
    this.model = model;
    this.el = el;
    /** @type {Spec} */
    this.spec = model.get("spec");
    /** @type {import("./parts.mjs").Style} */
    this.style = { digits: this.spec.digits, exchanged: false, plain: false };
    /** @type {import("./layout.mjs").Cell | null} */
    this.open = null;
    /** @type {import("./slider.mjs").Handle[]} */
    this.handles = [];
    this.follower = new Follower(model, signal, {
      paint: () => this.paint(),
      describe: (point) => describePoint(this.spec, point, this.style.digits, this.layout),
    });
    el.classList.add("jm-root");
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", this.spec.title);
    this.announcer = new Announcer(el);
    this.areas = new Areas(el, this.spec);
    this.tabs = new Tabs(make("div", "jm-tabs"), (tab) => this.keep({ tab }));
    this.parts = PARTS.map((part) => this.mount(part));
    this.areas.boxes.stage.append(this.tabs.box);
    this.listenToKeys();
    this.draw();
    signal?.addEventListener("abort", () => this.stop());
  }

  /** @param {import("./parts.mjs").Part} part */
  mount(part) {
    const box = make(/** @type {"div"} */ (part.tag ?? "div"), `jm-${part.name}`);
    const parent = part.tab ? this.tabs.panel(part.tab) : this.areas.boxes[part.area ?? "stage"];
    parent.append(box);
    return { ...part, mounted: part.mount(box, this) };
  }

  listenToKeys() {
    this.el.addEventListener("keydown", (event) => this.key(event));
    // Notebook 7 handles its keys before they get here, unless the element with the focus says so.
    this.el.addEventListener("focusin", ({ target }) => {
      if (target instanceof Element) target.setAttribute("data-lm-suppress-shortcuts", "true");
    });
  }

  /**
   * Ctrl+Z takes moves back; no other key of a handle or a field is the notebook's.
   * @param {KeyboardEvent} event
   */
  key(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      event.stopPropagation();
      this.follower.undo(event.shiftKey ? 1 : -1);
    } else if (event.target instanceof Element && event.target.closest(".jm-rail")) {
      event.stopPropagation();
    }
  }

  /** Connect the sliders, and follow them where they already stand elsewhere than the numbers do. */
  async connect() {
    const { sliders } = this.follower;
    await sliders.connect();
    const { start, typed } = this.spec;
    this.handles = sliders.attached
      .filter(({ component }) => this.model.get("handles").includes(component))
      .map(({ component: k, slider }) => ({ model: slider, start: fromJson(start[k]), expression: typed?.[k] }));
    this.draw();
    this.follower.moved();
  }

  stop() {
    this.follower.stop();
    this.announcer.stop();
    if (this.frame) cancelAnimationFrame(this.frame);
    for (const part of this.parts) part.mounted.stop?.();
  }

  // ── painting ───────────────────────────────────────────────────────────────────────────────

  /** Draw at once, or with the browser's next frame where that takes long. */
  paint() {
    if (this.follower.shown.values.length <= MAX_CELLS_PAINTED_AT_ONCE) this.draw();
    else this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const before = this.state();
    this.tabs.paint(this.model.get("tab"), this.emptyTabs(before));
    const state = { ...before, tab: this.tabs.open };
    this.el.classList.toggle("jm-ahead", !state.confirmed);
    this.el.classList.toggle("jm-stale", Boolean(state.notice));
    this.areas.arrange(state.handles.length);
    for (const part of this.parts) part.mounted.paint(state);
  }

  /**
   * Names of the tabs whose parts have nothing to show.
   * @param {import("./parts.mjs").Frame} frame
   */
  emptyTabs(frame) {
    const filled = this.parts.filter(({ isEmpty }) => !isEmpty?.(frame)).map(({ tab }) => tab);
    return new Set(this.tabs.names.filter((name) => !filled.includes(name)));
  }

  get layout() {
    return new Layout(this.spec, this.style.exchanged);
  }

  /** @returns {import("./parts.mjs").Frame} */
  state() {
    const { style, open, handles, tabs } = this;
    return readFrame(this.model, this.follower, { ...style, open, handles, tab: tabs.open });
  }

  // ── actions ────────────────────────────────────────────────────────────────────────────────

  /** @param {import("./layout.mjs").Cell} cell of the model */
  explain(cell) {
    this.open = cell;
    const zero = asBytes(this.model.get("zeros"))[this.layout.index(cell)];
    if (!zero && !this.model.get("entries")[String(cell)] && this.follower.connected) {
      this.model.send({ kind: "steps", row: cell[0], column: cell[1] });
    }
    if (this.model.get("tab") !== ENTRY_TAB) this.before = this.model.get("tab");
    this.keep({ tab: ENTRY_TAB });
  }

  /** @param {{kind: string} & Record<string, unknown>} message */
  send(message) {
    this.model.send(message);
  }

  /** Hide the derivation of an entry, and open the tab that was open before. */
  close() {
    this.open = null;
    this.keep({ tab: this.before ?? "" });
  }

  /** @param {{tab?: string, drawing?: import("./picture_fields.mjs").Drawing}} traits */
  keep(traits) {
    this.model.set(traits);
    this.model.save_changes();
    this.draw();
  }

  /** @param {Partial<import("./parts.mjs").Style>} style */
  restyle(style) {
    Object.assign(this.style, style);
    this.draw();
  }

}

/** @param {{model: any, el: HTMLElement, signal?: AbortSignal}} context */
function render(context) {
  const { model, signal } = context;
  const view = new JacobianView(context);
  hideStill(model.get("beside") ?? "", signal);
  const changed = () => view.follower.changed();
  const connect = () => view.connect();
  model.on("change", changed);
  model.on("change:sliders", connect);
  signal?.addEventListener("abort", () => {
    model.off("change", changed);
    model.off("change:sliders", connect);
  });
  connect();
}

export default { render };
