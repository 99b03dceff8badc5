/** Numbers in the browser follow the same vectors as numbers in Python. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { asBytes, asNumbers, formatNumber, largestOf, showNumber, strengthOf } from "../../jacmagic/view/static/format.mjs";

const vectors = JSON.parse(readFileSync(new URL("../numbers.json", import.meta.url), "utf8"));
const read = (text) => (text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text));

test("every vector that Python passes is passed here", () => {
  assert.ok(vectors.length > 20);
  for (const [text, digits, expected] of vectors) {
    assert.equal(formatNumber(read(text), digits), expected, `${text} to ${digits} digits`);
  }
});

test("for the eye there is a true minus sign and ∞", () => {
  assert.equal(showNumber(-1.5), "−1.5");
  assert.equal(showNumber(-Infinity), "−∞");
});

test("bytes of any alignment become float64 numbers", () => {
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setFloat64(4, 48, true);
  assert.deepEqual([...asNumbers(new DataView(bytes.buffer, 4, 8))], [48]);
  assert.deepEqual([...asNumbers(null)], []);
  assert.deepEqual([...asBytes(new DataView(Uint8Array.of(9, 1, 0).buffer, 1, 2))], [1, 0]);
});

test("colour grows with size, is full for what is not finite, and none for zeros", () => {
  const values = [0, -16, 4, NaN, Infinity];
  assert.equal(largestOf(values), 16);
  assert.deepEqual(values.map((value) => strengthOf(value, 16)), [0, 1, 0.5, 1, 1]);
  assert.equal(strengthOf(0, largestOf([0, 0])), 0);
});
