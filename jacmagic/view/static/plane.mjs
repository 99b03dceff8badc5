/** One panel of a picture, drawn in SVG: axes, shapes, and grips that are dragged or moved by keys. */

import { make, makeSvg, makeSvgText } from "./element.mjs";
import { showNumber } from "./format.mjs";
import { ticksOf } from "./units.mjs";

const SIDE = 300; // of the square that shapes are drawn in, in the SVG's own units
const MARGIN = { left: 50, right: 14, top: 22, bottom: 30 };
const HEAD = 8; // of an arrow
const LETTER = 6.5; // of a label: its width on average
const AXIS_MARGIN = 38; // from the frame to the middle of the label of an axis inside it
const GRIP_RADIUS = 11; // what a finger hits, in the SVG's units
const KEY_SHARE = 0.02; // of the frame, by which an arrow key moves a grip

/** @type {Record<string, [number, number]>} */
const ARROW_KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Plane {
  /**
   * @param {HTMLElement} parent
   * @param {(grip: string, to: import("./scene.mjs").Point) => void} onDrag
   * @param {(across: number, down: number) => void} onTurn by shares of the panel's width
   */
  constructor(parent, onDrag, onTurn) {
    this.onDrag = onDrag;
    this.box = make("figure", "jm-plane");
    this.svg = makeSvg("svg", {
      viewBox: `0 0 ${MARGIN.left + SIDE + MARGIN.right} ${MARGIN.top + SIDE + MARGIN.bottom}`,
      role: "group",
    });
    this.box.append(this.svg);
    parent.append(this.box);
    /** @type {Map<string, Element>} */
    this.grips = new Map();
    this.isDragging = false;
    listenToTurns(this.svg, () => Boolean(this.panel?.turns), onTurn);
    this.still = this.svg.appendChild(makeSvg("g", {}));
    this.moving = this.svg.appendChild(makeSvg("g", {}));
  }

  /** @param {import("./scene.mjs").Panel} given */
  paint(given) {
    const shapes = given.shapes.filter(({ points }) => points.every(isFinitePoint)); // nan has no place
    const panel = { ...given, shapes, grips: given.grips.filter(({ at }) => isFinitePoint(at)) };
    this.panel = panel;
    if (!this.isDragging) this.frame = panel.frame; // the plane stays while a point in it is dragged
    this.svg.setAttribute("aria-label", panel.name);
    this.svg.classList.toggle("jm-turns", Boolean(panel.turns));
    const shown = panel.shapes.map((shape) => this.shape(shape));
    const clip = makeSvg("svg", { x: MARGIN.left, y: MARGIN.top, width: SIDE, height: SIDE }, shown);
    this.still.replaceChildren(...this.axes(panel), clip, ...this.labels(panel));
    this.paintGrips(panel);
  }

  /**
   * @param {number[]} point
   * @returns {[number, number]} in the square
   */
  at([x, y]) {
    const { x: xs, y: ys } = /** @type {import("./scene.mjs").Frame2} */ (this.frame);
    return [(SIDE * (x - xs[0])) / (xs[1] - xs[0]), (SIDE * (ys[1] - y)) / (ys[1] - ys[0])];
  }

  // ── axes ───────────────────────────────────────────────────────────────────────────────────

  /** @param {import("./scene.mjs").Panel} panel */
  axes({ axes }) {
    const frame = /** @type {import("./scene.mjs").Frame2} */ (this.frame);
    const border = makeSvg("rect", { x: MARGIN.left, y: MARGIN.top, width: SIDE, height: SIDE, class: "jm-border" });
    if (!axes.some(Boolean)) return [border];
    const bottom = MARGIN.top + SIDE;
    const [horizontal, vertical] = [ticksOf(frame.x, axes[0]), ticksOf(frame.y, axes[1])];
    const across = horizontal.ticks.map(([value, text]) => {
      const [x] = this.at([value, frame.y[0]]);
      return makeSvgText(text, MARGIN.left + x, bottom + 14, "jm-tick", "middle");
    });
    const up = vertical.ticks.map(([value, text]) => {
      const [, y] = this.at([frame.x[0], value]);
      return makeSvgText(text, MARGIN.left - 5, MARGIN.top + y + 4, "jm-tick", "end");
    });
    const below = makeSvgText(horizontal.label, MARGIN.left + SIDE, bottom + 28, "jm-axis", "end");
    const above = makeSvgText(vertical.label, MARGIN.left, MARGIN.top - 8, "jm-axis", "start");
    return [border, ...across, ...up, below, above];
  }

  // ── shapes ─────────────────────────────────────────────────────────────────────────────────

  /** @param {import("./scene.mjs").Shape} shape */
  shape({ kind, points, look }) {
    const at = points.map((point) => this.at(point).map(bounded));
    if (kind === "dot") return makeSvg("circle", { cx: at[0][0], cy: at[0][1], r: 4, class: "jm-dot", "data-look": look });
    const path = `M${at.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
    if (kind !== "arrow") return makeSvg("path", { d: kind === "area" ? `${path}Z` : path, class: `jm-${kind}`, "data-look": look });
    return makeSvg("path", { d: path + arrowHead(at[0], at[1]), class: "jm-line jm-arrow", "data-look": look });
  }

  /**
   * Labels of shapes, each where none stands yet.
   * @param {import("./scene.mjs").Panel} panel
   */
  labels({ shapes }) {
    /** @type {{left: number, right: number, height: number}[]} */
    const occupied = [];
    return shapes.flatMap(({ label, points, look }) => {
      if (!label) return [];
      const [x, y] = this.at(points[points.length - 1]);
      if (look === "axis") return [this.axisLabel(label, x, y)];
      if (!(x >= 0 && x <= SIDE && y >= 0 && y <= SIDE)) return [];
      const isLeft = x < SIDE / 2;
      let height = Math.min(Math.max(y, 12), SIDE - 4);
      const start = x + 6 + (isLeft ? 0 : -12 - LETTER * label.length);
      const [left, right] = [start, start + LETTER * label.length];
      while (occupied.some((box) => box.left < right && left < box.right && Math.abs(box.height - height) < 12)) height += 12;
      occupied.push({ left, right, height });
      const text = makeSvgText(label, MARGIN.left + x + (isLeft ? 6 : -6), MARGIN.top + height, "jm-label", isLeft ? "start" : "end");
      return [text];
    });
  }

  /**
   * A label beyond the end of an axis that is drawn inside the frame.
   * @param {string} label
   * @param {number} x
   * @param {number} y
   */
  axisLabel(label, x, y) {
    const inside = Math.min(Math.max(x, AXIS_MARGIN), SIDE - AXIS_MARGIN);
    const beyond = y < SIDE / 2 ? y - 6 : y + 14;
    return makeSvgText(label, MARGIN.left + inside, MARGIN.top + beyond, "jm-label", "middle");
  }

  // ── grips ──────────────────────────────────────────────────────────────────────────────────

  /** @param {import("./scene.mjs").Panel} panel */
  paintGrips({ grips }) {
    for (const [name, element] of this.grips) {
      if (grips.some((grip) => grip.name === name)) continue;
      element.remove();
      this.grips.delete(name);
    }
    for (const grip of grips) {
      const [x, y] = this.at(grip.at).map(bounded);
      const element = this.grips.get(grip.name) ?? this.addGrip(grip);
      element.setAttribute("cx", String(MARGIN.left + x));
      element.setAttribute("cy", String(MARGIN.top + y));
      element.setAttribute("aria-valuetext", grip.at.map((component) => showNumber(component)).join(", "));
    }
  }

  /** @param {import("./scene.mjs").Grip} grip */
  addGrip({ name, label }) {
    const element = makeSvg("circle", {
      ...{ r: GRIP_RADIUS, class: "jm-grip", "data-grip": name, tabindex: 0, role: "slider" },
      ...{ "aria-label": `${label}: drag it, or move it with the arrow keys`, "aria-valuenow": 0 },
    });
    this.listenToPointer(name, element);
    element.addEventListener("keydown", (event) => this.key(name, element, event));
    this.grips.set(name, element);
    this.moving.append(element);
    return element;
  }

  /**
   * @param {string} name
   * @param {SVGElement} element
   */
  listenToPointer(name, element) {
    let offset = [0, 0]; // from the pointer to the grip's centre
    element.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      element.setPointerCapture(event.pointerId);
      element.focus({ preventScroll: true });
      const pointer = this.pointAt(event);
      const at = this.panel?.grips.find((grip) => grip.name === name)?.at ?? pointer;
      offset = [at[0] - pointer[0], at[1] - pointer[1]];
      this.isDragging = true;
    });
    element.addEventListener("pointermove", (event) => {
      if (!element.hasPointerCapture(event.pointerId)) return;
      const [x, y] = this.pointAt(event);
      this.onDrag(name, [x + offset[0], y + offset[1]]);
    });
    element.addEventListener("lostpointercapture", () => {
      this.isDragging = false;
      if (this.panel) this.paint(this.panel);
    });
  }

  /**
   * @param {string} name
   * @param {Element} element
   * @param {KeyboardEvent} event
   */
  key(name, element, event) {
    const by = ARROW_KEYS[event.key];
    if (!by || !this.frame) return;
    event.preventDefault();
    event.stopPropagation();
    const [x, y] = ["cx", "cy"].map((attribute) => Number(element.getAttribute(attribute)));
    const step = KEY_SHARE * SIDE;
    this.onDrag(name, this.fromSquare(x - MARGIN.left + by[0] * step, y - MARGIN.top - by[1] * step));
  }

  /**
   * @param {PointerEvent} event
   * @returns {import("./scene.mjs").Point}
   */
  pointAt(event) {
    const box = this.svg.getBoundingClientRect();
    const scale = (MARGIN.left + SIDE + MARGIN.right) / box.width;
    return this.fromSquare((event.clientX - box.left) * scale - MARGIN.left, (event.clientY - box.top) * scale - MARGIN.top);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {import("./scene.mjs").Point}
   */
  fromSquare(x, y) {
    const { x: xs, y: ys } = /** @type {import("./scene.mjs").Frame2} */ (this.frame);
    return [xs[0] + (x / SIDE) * (xs[1] - xs[0]), ys[1] - (y / SIDE) * (ys[1] - ys[0])];
  }

}

/** @type {(point: number[]) => boolean} */
const isFinitePoint = (point) => point.every(Number.isFinite);

/**
 * A coordinate that SVG can hold; the frame hides what is beyond it.
 * @param {number} value
 */
function bounded(value) {
  return Math.min(Math.max(value, -100 * SIDE), 100 * SIDE);
}

/**
 * @param {number[]} from
 * @param {number[]} to
 */
function arrowHead([x0, y0], [x1, y1]) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 1) return "";
  const head = Math.min(HEAD, length / 2);
  const [ux, uy] = [((x1 - x0) / length) * head, ((y1 - y0) / length) * head];
  const [left, right] = [[x1 - ux - uy / 2, y1 - uy + ux / 2], [x1 - ux + uy / 2, y1 - uy - ux / 2]];
  return `M${left.map((coordinate) => coordinate.toFixed(1)).join(" ")}L${x1.toFixed(1)} ${y1.toFixed(1)}L${right.map((coordinate) => coordinate.toFixed(1)).join(" ")}`;
}

/**
 * A short line of a look, for a legend.
 * @param {string} look
 */
export function sample(look) {
  const line = makeSvg("path", { d: "M1 5H25", class: "jm-line", "data-look": look });
  return makeSvg("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, [line]);
}

/**
 * @param {Element} svg
 * @param {() => boolean} turns whether it shows something that can be turned
 * @param {(across: number, down: number) => void} onTurn by shares of the drawing's width
 */
export function listenToTurns(svg, turns, onTurn) {
  let from = [0, 0];
  svg.addEventListener("pointerdown", (event) => {
    const { pointerId, clientX, clientY, target } = /** @type {PointerEvent} */ (event);
    if (!turns() || (target instanceof Element && target.closest(".jm-grip"))) return;
    svg.setPointerCapture(pointerId);
    from = [clientX, clientY];
  });
  svg.addEventListener("pointermove", (event) => {
    const { pointerId, clientX, clientY } = /** @type {PointerEvent} */ (event);
    if (!svg.hasPointerCapture(pointerId) || !turns()) return;
    const { width } = svg.getBoundingClientRect();
    onTurn((clientX - from[0]) / width, (clientY - from[1]) / width);
    from = [clientX, clientY];
  });
}
