/** What a screen reader is told of a view: once nothing changes any more, not at each step of a slider. */

import { make } from "./element.mjs";

const ANNOUNCE_AFTER_MS = 800; // without a change

export class Announcer {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.box = make("div", "jm-hidden", "", { role: "status" });
    parent.append(this.box);
    /** @type {Map<string, string>} the news of each part */
    this.news = new Map();
  }

  /**
   * @param {string} part that has changed
   * @param {string} news which replace earlier ones of this part
   */
  announce(part, news) {
    this.news.set(part, news);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.box.textContent = [...this.news.values()].join(". ");
      this.news.clear();
    }, ANNOUNCE_AFTER_MS);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
