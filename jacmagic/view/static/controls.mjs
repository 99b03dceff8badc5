/** The sliders of a view, and a chooser where they are many. */

import { make } from "./element.mjs";
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
    this.clear();
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
    this.clear();
    this.rows = handles.map((handle) => new SliderRow(this.box, handle));
  }

  clear() {
    for (const row of this.rows) row.remove();
    this.rows = [];
  }

  /** @param {string[]} names */
  choice(names) {
    const document = this.box.ownerDocument;
    const label = make(document, "label", "jm-chooser", "component ");
    const select = /** @type {HTMLSelectElement} */ (make(document, "select", "jm-tool"));
    names.forEach((name, index) => {
      select.append(Object.assign(make(document, "option", "", name), { value: String(index) }));
    });
    select.addEventListener("change", () => this.show([this.handles[Number(select.value)]]));
    label.append(select);
    return label;
  }
}

addPart({
  name: "sliders",
  area: "rail",
  mount: (box) => new Controls(box),
  paint: (controls, frame) => controls.paint(frame),
  unmount: (controls) => controls.clear(),
});
