/** Animation of one slider: its handle goes from stop to stop, and back at the ends. */

import { nearestStop } from "./stops.mjs";

const SWEEP_MS = 6000; // from one end of a range to the other
const CALM_STEP_MS = 500; // between stops a tenth of the range apart, where motion is unwanted

/** The one handle that is playing; starting another ends it. */
let playing = /** @type {Player | null} */ (null);

export class Player {
  /**
   * @param {{stops: number[], value: number, write: (value: number) => void}} slider
   * @param {(on: boolean) => void} onChange
   */
  constructor(slider, onChange) {
    this.slider = slider;
    this.onChange = onChange;
  }

  toggle() {
    if (playing === this) this.stop();
    else this.start();
  }

  start() {
    playing?.stop();
    playing = this;
    this.onChange(true);
    const { stops, value } = this.slider;
    const [low, high] = [stops[0], stops[stops.length - 1]];
    this.phase = high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0;
    this.at = performance.now();
    this.next();
  }

  stop() {
    if (playing !== this) return;
    playing = null;
    cancelAnimationFrame(this.frame ?? 0);
    clearTimeout(this.timer);
    this.onChange(false);
  }

  next() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.timer = setTimeout(() => this.step(0.1), CALM_STEP_MS);
    } else {
      this.frame = requestAnimationFrame((now) => this.step((now - this.at) / SWEEP_MS, now));
    }
  }

  /**
   * @param {number} by a fraction of the range
   * @param {number} [now]
   */
  step(by, now = performance.now()) {
    this.at = now;
    this.phase = (this.phase + by) % 2; // the second half of a round goes back
    const share = this.phase <= 1 ? this.phase : 2 - this.phase;
    const { stops } = this.slider;
    this.slider.write(stops[nearestStop(stops, stops[0] + share * (stops[stops.length - 1] - stops[0]))]);
    if (playing === this) this.next();
  }
}
