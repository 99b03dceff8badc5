/** Lists of equations below the derivation: what its names mean, and the same in matrix form. */

import { make, makeScrollable } from "./element.mjs";
import { readMathml } from "./mathml.mjs";
import { addPart } from "./parts.mjs";

/** Equations after a word: "with u = …". */
class EquationList {
  /**
   * @param {HTMLElement} box
   * @param {string} word
   */
  constructor(box, word) {
    this.box = box;
    this.box.classList.add("jm-where");
    this.word = word;
    /** @type {string[] | undefined} */
    this.shown = undefined;
  }

  /** @param {string[]} equations MathML */
  paint(equations) {
    if (equations === this.shown) return;
    this.shown = equations;
    const document = this.box.ownerDocument;
    const elements = equations.map((equation) => {
      const element = make(document, "span", "");
      element.append(readMathml(equation, document));
      return element;
    });
    const word = elements.length ? [document.createTextNode(`${this.word} `)] : [];
    this.box.replaceChildren(...word, ...elements);
    requestAnimationFrame(() => makeScrollable(this.box));
  }
}

addPart({
  name: "definitions",
  tab: "Derivation",
  mount: (box) => new EquationList(box, "with"),
  paint: (list, { chain, plain }) => list.paint(((plain && chain.plain) || chain).where),
});
addPart({
  name: "matrix-form",
  tab: "Derivation",
  mount: (box) => new EquationList(box, "in matrix form"),
  paint: (list, { chain }) => list.paint(chain.matrix),
});
