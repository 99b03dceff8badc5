/**
 * The arrangement of the view: a rail with the sliders, a stage with the table, and tabs below it, of
 * which one is open.
 *
 * The parts of a tab say by `isEmpty` whether they have anything to show; a tab of empty parts is hidden.
 *
 * @typedef {"head" | "rail" | "stage"} Area
 *
 * @typedef {object} Tab
 * @property {string} name
 * @property {HTMLButtonElement} button
 * @property {HTMLElement} panel
 */

import { make, makeButton } from "./element.mjs";

const MAX_COLUMNS_BESIDE_RAIL = 8; // of a table; a wider one gets the whole width
const MAX_STICKY_HANDLES = 4; // on a narrow screen, where more would cover it
const KEYS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity });

let serial = 0; // of the ids that tie buttons to panels, several views in one page

export class Tabs {
  /**
   * @param {HTMLElement} box
   * @param {(name: string) => void} onChoose
   */
  constructor(box, onChoose) {
    this.box = box;
    this.onChoose = onChoose;
    this.open = "";
    this.list = make("div", "jm-tablist", "", { role: "tablist", "aria-label": "Explanations" });
    this.panels = make("div", "jm-panels");
    box.append(this.list, this.panels);
    /** @type {Tab[]} */
    this.tabs = [];
    this.list.addEventListener("keydown", (event) => this.key(event));
  }

  get names() {
    return this.tabs.map(({ name }) => name);
  }

  /**
   * The panel of a tab, made when it is first asked for.
   * @param {string} name
   */
  panel(name) {
    return (this.tabs.find((tab) => tab.name === name) ?? this.add(name)).panel;
  }

  /**
   * @param {string} name
   * @returns {Tab}
   */
  add(name) {
    const id = `jm-tab-${++serial}`;
    const panel = make("div", "jm-panel", "", { id: `${id}-panel`, role: "tabpanel", "aria-labelledby": id });
    const attributes = { id, role: "tab", "aria-controls": panel.id };
    const button = makeButton("jm-tab", name, () => this.onChoose(name), attributes);
    this.list.append(button);
    this.panels.append(panel);
    const tab = { name, button, panel };
    this.tabs.push(tab);
    return tab;
  }

  /**
   * Open a tab; the first that has anything to show where the one that is asked for has nothing.
   * @param {string} opened
   * @param {Set<string>} empty names of the tabs that have nothing to show
   */
  paint(opened, empty) {
    const shown = this.tabs.filter(({ name }) => !empty.has(name));
    const open = shown.find(({ name }) => name === opened) ?? shown[0];
    this.open = open?.name ?? "";
    const painted = [this.open, ...empty].join();
    if (painted === this.painted) return;
    this.painted = painted;
    for (const tab of this.tabs) {
      const isOpen = tab === open;
      tab.button.hidden = empty.has(tab.name);
      tab.button.tabIndex = isOpen ? 0 : -1;
      tab.button.setAttribute("aria-selected", String(isOpen));
      tab.panel.hidden = !isOpen;
    }
    this.list.hidden = shown.length < 2;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = KEYS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const shown = this.tabs.filter(({ button }) => !button.hidden);
    const at = shown.findIndex(({ button }) => button === event.target);
    const next = Number.isFinite(by) ? (at + by + shown.length) % shown.length : by < 0 ? 0 : shown.length - 1;
    shown[next].button.focus();
    this.onChoose(shown[next].name);
  }
}

export class Areas {
  /**
   * @param {HTMLElement} root
   * @param {{rows: string[], columns: string[]}} spec
   */
  constructor(root, spec) {
    this.root = root;
    /** @type {Record<Area, HTMLElement>} */
    this.boxes = {
      head: make("div", "jm-top"),
      rail: make("div", "jm-rail"),
      stage: make("div", "jm-stage"),
    };
    root.append(make("div", "jm-desk", Object.values(this.boxes)));
    const widest = Math.max(spec.rows.length, spec.columns.length); // the table may be transposed
    root.classList.toggle("jm-beside", widest <= MAX_COLUMNS_BESIDE_RAIL);
  }

  /** @param {number} handles how many sliders are drawn */
  arrange(handles) {
    this.root.classList.toggle("jm-sticky", handles > 0 && handles <= MAX_STICKY_HANDLES);
  }
}
