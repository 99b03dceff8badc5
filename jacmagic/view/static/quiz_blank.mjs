/** A blank: a field for mathematics, with a live preview of how it is read, and a mark. */

import { make, makeScrollable, setText } from "./element.mjs";
import { MARKS } from "./quiz_board.mjs";
import { parseLine } from "./quiz_line.mjs";
import { mathOf } from "./quiz_text.mjs";

let serial = 0;

/**
 * @typedef {object} Blank
 * @property {HTMLElement} box
 * @property {HTMLInputElement} input
 * @property {(tone: import("./quiz_board.mjs").Tone) => void} mark
 * @property {() => void} clear
 */

/**
 * @param {Document} document
 * @param {import("./quiz_exercise.mjs").Judge} judge
 * @param {number} column that (…)′ is a derivative by
 * @param {{label: string, hint?: string}} texts what the blank is called
 * @param {(source: string) => void} check called on Enter
 * @returns {Blank}
 */
export function makeBlank(document, judge, column, { label }, check) {
  const box = make(document, "div", "jm-blank");
  const line = make(document, "div", "jm-blank-line");
  const input = /** @type {HTMLInputElement} */ (make(document, "input", "jm-blank-input"));
  const mark = make(document, "span", "jm-blank-mark");
  const preview = make(document, "div", "jm-blank-preview");
  preview.id = `jm-preview-${++serial}`;
  Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false });
  input.setAttribute("autocapitalize", "off");
  input.setAttribute("aria-label", label);
  input.setAttribute("aria-describedby", preview.id);
  mark.setAttribute("aria-hidden", "true");
  line.append(input, mark);
  box.append(line, preview);
  const set = (/** @type {import("./quiz_board.mjs").Tone} */ tone) => {
    box.dataset.tone = tone;
    setText(mark, MARKS[tone]);
    input.toggleAttribute("aria-invalid", false);
    if (tone === "wrong") input.setAttribute("aria-invalid", "true");
  };
  const show = () => showReading(document, judge, column, input.value, preview);
  input.addEventListener("input", () => {
    set("");
    show();
  });
  input.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation(); // a notebook has keys of its own
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    check(input.value);
  });
  const clear = () => {
    input.value = "";
    set("");
    show();
  };
  return { box, input, mark: set, clear };
}

/**
 * @param {Document} document
 * @param {import("./quiz_exercise.mjs").Judge} judge
 * @param {number} column
 * @param {string} source
 * @param {HTMLElement} preview
 */
function showReading(document, judge, column, source, preview) {
  if (!source.trim()) {
    preview.replaceChildren();
    return;
  }
  try {
    const read = parseLine(source, judge.names, column);
    const parts = read.flatMap((one, k) => [...(k ? [" = "] : []), mathOf(one, { ...judge, named: judge.outputNames }, document)]);
    preview.replaceChildren(...parts);
    makeScrollable(preview);
  } catch (error) {
    preview.textContent = /** @type {Error} */ (error).message;
  }
}
