/** The sliders of a view, and a chooser where they are many. */

import { make, makeSelect } from "./element.mjs";
import { addPart } from "./parts.mjs";
import { SliderRow } from "./slider.mjs";

const MAX_LABEL_CHARACTERS = 12; // of a column of labels; longer ones are cut
const MAX_ROOMY = 6; // sliders that show the ends of their ranges; more stand closer

/** The rows of the sliders that belong to a view, and a chooser where they are many. */
class Controls {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "point");
    /** @type {SliderRow[]} */
    this.rows = [];
    /** @type {import("./slider.mjs").Handle[]} */
    this.handles = [];
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint({ handles, chooser }) {
    if (handles === this.handles) return;
    this.stop();
    this.box.replaceChildren();
    this.handles = handles;
    const names = handles.map(({ model }) => String(model.get("description")));
    const widest = Math.max(3, ...names.map((name) => name.length));
    this.box.style.setProperty("--jm-label", `${Math.min(MAX_LABEL_CHARACTERS, widest)}ch`);
    if (chooser) this.box.append(this.choice(names));
    this.box.classList.toggle("jm-close", !chooser && handles.length > MAX_ROOMY);
    this.show(chooser ? handles.slice(0, 1) : handles);
  }

  /** @param {import("./slider.mjs").Handle[]} handles */
  show(handles) {
    this.stop();
    this.rows = handles.map((handle) => new SliderRow(this.box, handle));
  }

  stop() {
    for (const row of this.rows) row.remove();
    this.rows = [];
  }

  /** @param {string[]} names */
  choice(names) {
    const select = makeSelect(names, (index) => this.show([this.handles[index]]));
    return make("label", "jm-chooser", ["component ", select]);
  }
}

addPart({
  name: "sliders",
  area: "rail",
  mount: (box) => new Controls(box),
});
