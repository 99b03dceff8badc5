/**
 * The numbers on screen: the tape's while a slider moves, the kernel's as soon as it answers.
 *
 * @typedef {object} Shown the numbers on screen
 * @property {Float64Array} point
 * @property {Float64Array} values entries in the model's order
 * @property {Float64Array} outputs the function's values
 * @property {Float64Array} numbers of the formula's symbols
 * @property {boolean} confirmed whether they are the kernel's
 */

import { asNumbers } from "./format.mjs";
import { Formula, fromJson, History, samePoint, Sliders } from "./live.mjs";

const WAITING_AFTER_MS = 1000; // without an answer, after which the view says that it waits
const VISITED_AFTER_MS = 400; // without a move, after which undo comes back to a point

export class Follower {
  /**
   * @param {any} model
   * @param {AbortSignal | undefined} signal
   * @param {{paint: () => void, describe: (point: Float64Array) => string}} view
   */
  constructor(model, signal, view) {
    this.model = model;
    this.view = view;
    this.notice = "";
    this.pending = "";
    this.sliders = new Sliders(model, signal, () => this.moved());
    this.shown = this.kernelResult();
    this.history = new History(this.shown.point);
    this.readFormula();
  }

  /** Whether a kernel computes behind the page. */
  get connected() {
    return this.sliders.connected;
  }

  /** The tape, for other points than the sliders'; null where there is none. */
  get evaluate() {
    const { formula } = this;
    return formula?.tape ? (/** @type {Float64Array} */ point) => formula.at(point) : null;
  }

  /** The kernel's last result: a point and the numbers there. */
  kernelResult() {
    const read = (/** @type {string} */ name) => asNumbers(this.model.get(name));
    return { point: read("at"), values: read("values"), outputs: read("outputs"), numbers: read("numbers"), confirmed: true };
  }

  /** Read the formula of the branch, when the model has another one. */
  readFormula() {
    const live = this.model.get("live");
    if (live === this.live) return;
    this.live = live;
    const { rows, columns, labels } = this.model.get("spec");
    this.formula = new Formula(live, rows.length * columns.length, labels.length);
  }

  // ── events ─────────────────────────────────────────────────────────────────────────────────

  /** The model changed: the kernel has answered, or derived an entry. */
  changed() {
    this.readFormula();
    const result = this.kernelResult();
    const { stale } = this.model.get("status");
    const here = this.sliders.point(result.point);
    const late = !samePoint(result.point, here) && !stale;
    if (late && this.follow(here)) return; // the browser is further than this result
    this.confirm(result, stale);
    if (late) this.showWaiting(here);
  }

  /** A slider moved: the tape answers at once, else the kernel when it can. */
  moved() {
    const point = this.sliders.point(this.shown.point);
    if (samePoint(point, this.shown.point) && this.shown.confirmed) return;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.history.visit(point), VISITED_AFTER_MS);
    const result = this.kernelResult();
    // Back at the kernel's point: it need not hear of the moves from there and back.
    if (samePoint(point, result.point)) this.confirm(result, "");
    else if (!this.follow(point)) this.showWaiting(point);
  }

  /** Move the sliders to the first point. */
  reset() {
    if (this.connected) this.model.send({ kind: "reset" });
    this.sliders.move(this.model.get("spec").start.map(fromJson));
  }

  /** @param {number} by −1 back, 1 forth */
  undo(by) {
    if (by < 0) this.history.visit(this.sliders.point(this.shown.point));
    const point = this.history.go(by);
    if (point) this.sliders.move(point);
  }

  stop() {
    for (const timer of [this.waiting, this.resting]) clearTimeout(timer);
  }

  // ── what is shown ──────────────────────────────────────────────────────────────────────────

  /**
   * Show the kernel's result.
   * @param {Shown} result
   * @param {string} stale why it is that of another point; "" if it is not
   */
  confirm(result, stale) {
    clearTimeout(this.waiting);
    this.shown = result;
    this.pending = "";
    this.setNotice(stale);
  }

  /**
   * Show the tape's numbers.
   * @param {Float64Array} point
   * @returns {boolean} whether the tape has numbers there
   */
  follow(point) {
    const result = this.formula?.at(point);
    if (!result) return false;
    this.shown = { point, ...result, confirmed: false };
    this.showPending();
    this.setNotice("");
    return true;
  }

  /** Say that torch has not confirmed the numbers: at once without a kernel, else after a while. */
  showPending() {
    clearTimeout(this.waiting);
    this.pending = this.connected ? "" : "live in the browser; torch is not connected";
    if (!this.connected) return;
    this.waiting = setTimeout(() => {
      this.pending = "live in the browser; waiting for torch";
      this.view.paint();
    }, WAITING_AFTER_MS);
  }

  /**
   * Say that the numbers shown are those of another point than the sliders'.
   * @param {Float64Array} point of the sliders
   */
  showWaiting(point) {
    clearTimeout(this.waiting);
    const whose = `the numbers are those ${this.view.describe(this.shown.point)}`;
    if (!this.connected) {
      const why = this.formula?.tape ? "Here the function takes another branch, and no" : "No";
      this.setNotice(`${why} kernel is connected: ${whose}.`);
      return;
    }
    this.waiting = setTimeout(() => {
      if (!samePoint(point, this.shown.point)) this.setNotice(`Waiting for the kernel: ${whose}.`);
    }, WAITING_AFTER_MS);
  }

  /** @param {string} notice "" where the numbers are those of the sliders' point */
  setNotice(notice) {
    this.notice = notice;
    this.view.paint();
  }
}
