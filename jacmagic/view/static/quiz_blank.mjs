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
 * @param {import("./quiz_exercise.mjs").Judge} judge
 * @param {number} column that (…)′ is a derivative by
 * @param {string} label what the blank is called
 * @param {(source: string) => void} check called on Enter
 * @returns {Blank}
 */
export function makeBlank(judge, column, label, check) {
  const preview = make("div", "jm-blank-preview", "", { id: `jm-preview-${++serial}` });
  const plain = { type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off" };
  const input = make("input", "jm-blank-input", "", { ...plain, "aria-label": label, "aria-describedby": preview.id });
  const mark = make("span", "jm-blank-mark", "", { "aria-hidden": "true" });
  const box = make("div", "jm-blank", [make("div", "jm-blank-line", [input, mark]), preview]);
  const set = (/** @type {import("./quiz_board.mjs").Tone} */ tone) => {
    box.dataset.tone = tone;
    setText(mark, MARKS[tone]);
    input.toggleAttribute("aria-invalid", false);
    if (tone === "wrong") input.setAttribute("aria-invalid", "true");
  };
  const show = () => showReading(judge, column, input.value, preview);
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
 * @param {import("./quiz_exercise.mjs").Judge} judge
 * @param {number} column
 * @param {string} source
 * @param {HTMLElement} preview
 */
function showReading(judge, column, source, preview) {
  if (!source.trim()) {
    preview.replaceChildren();
    return;
  }
  try {
    const read = parseLine(source, judge.names, column);
    const parts = read.flatMap((side, k) => [...(k ? [" = "] : []), mathOf(side, { ...judge, named: judge.outputNames })]);
    preview.replaceChildren(...parts);
    makeScrollable(preview);
  } catch (error) {
    preview.textContent = /** @type {Error} */ (error).message;
  }
}
