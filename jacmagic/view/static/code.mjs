/**
 * Value and Jacobian as source, in the language that is chosen.
 *
 * @typedef {object} Code
 * @property {string[]} languages that the closed form can be written in
 * @property {Record<string, string>} sources by language; a kernel adds those that are asked for
 */

import { make, setText } from "./element.mjs";
import { addPart } from "./parts.mjs";
import { writeToClipboard } from "./tools.mjs";

class CodePanel {
  /**
   * @param {HTMLElement} box
   * @param {import("./parts.mjs").Actions} actions
   */
  constructor(box, actions) {
    this.document = box.ownerDocument;
    this.actions = actions;
    this.language = "";
    this.select = /** @type {HTMLSelectElement} */ (make(this.document, "select", "jm-tool"));
    this.select.addEventListener("change", () => this.choose(this.select.value));
    const label = make(this.document, "label", "jm-tool-label", "language ");
    label.append(this.select);
    this.copy = /** @type {HTMLButtonElement} */ (make(this.document, "button", "jm-tool", "Copy"));
    this.copy.type = "button";
    this.copy.addEventListener("click", () => this.copied());
    this.report = make(this.document, "span", "jm-report");
    this.report.setAttribute("role", "status");
    const tools = make(this.document, "div", "jm-picture-tools");
    tools.append(label, this.copy, this.report);
    this.source = make(this.document, "pre", "jm-source");
    this.source.tabIndex = 0;
    this.source.setAttribute("role", "region");
    this.source.setAttribute("aria-label", "source code");
    box.append(tools, this.source);
  }

  /** @param {import("./parts.mjs").Frame} frame */
  paint({ tab, code, connected }) {
    if (tab !== "Code") return;
    const languages = connected ? code.languages : Object.keys(code.sources);
    if (String(languages) !== this.listed) this.list(languages);
    const known = code.sources[this.language];
    if (known === undefined && connected && this.asked !== this.language) {
      this.asked = this.language;
      this.actions.writeCode(this.language);
    }
    setText(this.source, known ?? "writing …");
  }

  /** @param {string[]} languages */
  list(languages) {
    this.listed = String(languages);
    this.select.replaceChildren(...languages.map((name) => make(this.document, "option", "", name)));
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
    const copied = await writeToClipboard(this.document, this.source.textContent ?? "");
    setText(this.report, copied ? `Copied: ${this.language}` : "The browser refused to copy");
  }
}

addPart({
  name: "code",
  tab: "Code",
  mount: (box, actions) => new CodePanel(box, actions),
  paint: (panel, frame) => panel.paint(frame),
  isEmpty: ({ code, connected }) => !(connected ? code.languages : Object.keys(code.sources)).length,
});
