/**
 * Value and Jacobian as source, in the language that is chosen.
 *
 * @typedef {object} Code
 * @property {string[]} languages that the closed form can be written in
 * @property {Record<string, string>} sources by language; a kernel adds those that are asked for
 */

import { make, makeButton, makeSelect, setText } from "./element.mjs";
import { addPart } from "./parts.mjs";
import { copied } from "./tools.mjs";

class CodePanel {
  /**
   * @param {HTMLElement} box
   * @param {import("./parts.mjs").Actions} actions
   */
  constructor(box, actions) {
    this.actions = actions;
    this.language = "";
    this.select = makeSelect([], () => this.choose(this.select.value));
    const label = make("label", "jm-tool-label", ["language ", this.select]);
    const copy = makeButton("jm-tool", "Copy", () => this.copied());
    this.report = make("span", "jm-report", "", { role: "status" });
    this.source = make("pre", "jm-source", "", { role: "region", "aria-label": "source code", tabindex: 0 });
    box.append(make("div", "jm-picture-tools", [label, copy, this.report]), this.source);
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint({ tab, code, connected }) {
    if (tab !== "Code") return;
    const languages = connected ? code.languages : Object.keys(code.sources);
    if (String(languages) !== this.listed) this.list(languages);
    const source = code.sources[this.language];
    if (source === undefined && connected && this.asked !== this.language) {
      this.asked = this.language;
      this.actions.send({ kind: "code", language: this.language });
    }
    setText(this.source, source ?? "writing …");
  }

  /** @param {string[]} languages */
  list(languages) {
    this.listed = String(languages);
    this.select.replaceChildren(...languages.map((name) => make("option", "", name)));
    if (!languages.includes(this.language)) this.language = languages[0] ?? "";
    this.select.value = this.language;
  }

  /** @param {string} language */
  choose(language) {
    this.language = language;
    this.asked = "";
    this.actions.restyle({});
  }

  async copied() {
    setText(this.report, await copied(this.source.textContent ?? "", this.language));
  }
}

addPart({
  name: "code",
  tab: "Code",
  mount: (box, actions) => new CodePanel(box, actions),
  isEmpty: ({ code, connected }) => !(connected ? code.languages : Object.keys(code.sources)).length,
});
