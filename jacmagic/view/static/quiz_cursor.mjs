/** A position among the tokens of an answer, and what is said of what cannot be read there. */

import { Unreadable } from "./quiz_tokens.mjs";

export class Cursor {
  /** @param {import("./quiz_tokens.mjs").Token[]} tokens */
  constructor(tokens) {
    this.tokens = tokens;
    this.at = 0;
    /** @type {import("./quiz_names.mjs").Piece[]} pieces of a word that are not read yet */
    this.pieces = [];
  }

  get peek() {
    return this.tokens[this.at];
  }

  /** @param {string} text */
  isSign(text) {
    return !this.pieces.length && this.peek.kind === "sign" && this.peek.text === text;
  }

  /** @param {string} text */
  take(text) {
    if (!this.isSign(text)) return false;
    this.at++;
    return true;
  }

  /**
   * Read f(x, y) as f, where the words in brackets are the arguments of the function.
   * @param {(words: string[]) => boolean} areArguments
   */
  skipArguments(areArguments) {
    if (!this.isSign("(")) return;
    const rest = this.tokens.slice(this.at + 1);
    const end = rest.findIndex(({ text }) => text === ")");
    const inner = rest.slice(0, Math.max(end, 0)).map(({ text }) => text);
    if (areArguments(inner.join("").split(","))) this.at += end + 2;
  }

  /** Refuse what is left over. */
  finish() {
    if (this.peek.kind === "end" && !this.pieces.length) return;
    if (this.isSign(")")) throw new Unreadable("A bracket is closed that was not opened.");
    if (this.isSign(",")) throw new Unreadable(this.comma());
    throw new Unreadable(`Something is missing before ${this.peek.text}.`);
  }

  comma() {
    const [before, after] = [this.tokens[this.at - 1], this.tokens[this.at + 1]];
    const decimal = before?.kind === "number" && after?.kind === "number";
    return decimal ? `Write decimals with a point: ${before.text}.${after.text}.` : "A comma stands between arguments only.";
  }

  missing() {
    const { kind, text } = this.peek;
    const before = this.tokens[this.at - 1]?.text;
    if (kind === "end") return before ? `Something is missing after ${before}.` : "Type an expression.";
    if (text === ",") return this.comma();
    if (text === ")" && before === "(") return "There is nothing between the brackets.";
    return before ? `Something is missing between ${before} and ${text}.` : `Something is missing before ${text}.`;
  }
}
