/**
 * An exercise as the page carries it, and its verdict on what is typed.
 *
 * @typedef {object} Carried the trait `exercise`, made by `view/exercise/traits.py`
 * @property {any} tape the function: conditions, then outputs; never its derivatives
 * @property {number} conditions how many of its outputs are conditions
 * @property {Record<string, string>} constants names by slot of the tape
 * @property {string[][]} constant_names their spellings, by the same slots
 * @property {string[][]} names spellings of each component of the point
 * @property {string[]} texts how each component is shown
 * @property {Record<string, string>} mathml the same of components and constants, by text
 * @property {string[]} rows how each output is shown
 * @property {string[][]} outputs spellings of each output that answers may name; none of a gradient
 * @property {string[][]} arguments names of the inputs, and of the components
 * @property {string[][]} entries how each entry is called
 * @property {(number | string)[]} point
 */

import { compareWithConstants, DOUBTS, typedConstants } from "./quiz_judge.mjs";
import { mistakeOf, SEARCH_MS } from "./quiz_mistakes.mjs";
import { Names } from "./quiz_names.mjs";
import { parseLine } from "./quiz_line.mjs";
import { carriedOut, differentiate } from "./quiz_partials.mjs";
import { pointsNear } from "./quiz_points.mjs";
import { readTape } from "./tape.mjs";
import { derivative, orderOf, treesOf, variable } from "./quiz_tree.mjs";

/**
 * @typedef {import("./quiz_tree.mjs").Node} Node
 *
 * @typedef {object} Result
 * @property {"right" | "wrong" | "unread" | "doubt"} verdict
 * @property {string} text one sentence; "" where it is right
 * @property {string} kind of the mistake
 * @property {Node[]} lines what was read
 * @property {boolean} isOpen whether derivatives are still to be carried out
 */

/** The judge of one exercise. */
export class Judge {
  /**
   * @param {Carried} carried
   * @param {number} [limit] milliseconds in which a mistake is looked for
   */
  constructor(carried, limit = SEARCH_MS) {
    this.limit = limit;
    const { tape, conditions, texts, rows, entries, point } = carried;
    if (!readTape(tape)) throw new Error("expected the tape of a function");
    const trees = treesOf(tape, carried.constants);
    this.texts = texts;
    this.mathml = carried.mathml;
    this.rows = rows;
    this.entries = entries;
    this.outputs = trees.slice(conditions);
    const constants = constantsOf(carried, trees);
    this.constants = new Set(constants.map(({ node }) => node));
    const named = carried.outputs.map((spellings, i) => ({ spellings, text: rows[i], node: this.outputs[i] }));
    this.outputNames = new Map(named.map(({ node, text }) => [node, text]));
    this.names = new Names([...namesOf(carried), ...constants], new Names(named), carried.arguments);
    this.centre = point.map(Number);
    this.points = pointsNear(this.outputs, trees.slice(0, conditions), this.centre);
    /** @type {Map<string, Node>} */
    this.truths = new Map();
  }

  /**
   * What an entry is before anything is carried out.
   * @param {number} row
   * @param {number} column
   */
  question(row, column) {
    return derivative(this.outputs[row], column);
  }

  /** @param {number} row @param {number} column */
  truth(row, column) {
    const key = `${row},${column}`;
    const derivative = this.truths.get(key) ?? differentiate(this.outputs[row], column);
    this.truths.set(key, derivative);
    return derivative;
  }

  /**
   * Judge a line for an entry.
   * @param {string} source
   * @param {number} row
   * @param {number} column
   * @param {Node | null} [before] the right line before it; by default the entry's definition
   * @returns {Result}
   */
  judge(source, row, column, before = null) {
    let lines;
    try {
      lines = parseLine(source, this.names, column);
    } catch (error) {
      return { verdict: "unread", text: /** @type {Error} */ (error).message, kind: "", lines: [], isOpen: false };
    }
    let last = before ?? this.question(row, column);
    for (const line of lines) {
      const judgement = this.judgeTree(line, row, column, last);
      if (judgement.verdict !== "right") return { ...judgement, lines };
      last = line;
    }
    const isOpen = orderOf([last]).some(({ op }) => op === "derivative");
    return { verdict: "right", text: "", kind: "", lines, isOpen };
  }

  /**
   * @param {Node} line
   * @param {number} row
   * @param {number} column
   * @param {Node} before
   * @returns {Result}
   */
  judgeTree(line, row, column, before) {
    const named = typedConstants(line, this.constants, this.outputs);
    const verdict = compareWithConstants(carriedOut(line), this.truth(row, column), this.points, named);
    const result = { lines: [line], kind: "", isOpen: false };
    if (verdict === "right") return { ...result, verdict: "right", text: "" };
    if (verdict !== "wrong") return { ...result, verdict: "doubt", text: DOUBTS[verdict] };
    const { points, centre, texts, outputs, rows, entries } = this;
    const mistake = mistakeOf({ answer: line, before, points, centre, texts, outputs, rows, entries, row, column }, this.limit);
    return { ...result, verdict: "wrong", text: mistake?.text ?? "", kind: mistake?.kind ?? "" };
  }
}

/** @param {Carried} carried */
function namesOf({ names, texts }) {
  return names.map((spellings, index) => ({ spellings, text: texts[index], node: variable(index) }));
}

/**
 * @param {Carried} carried
 * @param {Node[]} trees
 */
function constantsOf({ constants, constant_names: spellings }, trees) {
  const leaves = orderOf(trees).filter(({ op }) => op === "constant");
  return Object.values(constants).flatMap((text, k) => {
    const leaf = leaves.find(({ name }) => name === text);
    return leaf ? [{ spellings: spellings[k], text, node: leaf }] : [];
  });
}
