/** The table's layout: cells, labels and entries of the model where they are shown. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Layout } from "../../jacmagic/view/static/layout.mjs";

/** A model of two outputs by three inputs, or the same in denominator layout. */
const spec = {
  rows: ["f₁", "f₂"],
  columns: ["x", "y", "z"],
  row_blocks: [1, 1],
  column_blocks: [],
  transposed: false,
};
const denominator = { ...spec, rows: spec.columns, columns: spec.rows, transposed: true };

test("as the model has it", () => {
  const layout = new Layout(spec);
  assert.deepEqual(layout.sides.rows, ["f₁", "f₂"]);
  assert.deepEqual(layout.cell([1, 2]), [1, 2]);
  assert.deepEqual([...layout.arrange(Float64Array.of(1, 2, 3, 4, 5, 6))], [1, 2, 3, 4, 5, 6]);
  assert.ok(!layout.isDenominator);
});

test("exchanged, everything moves with the entries", () => {
  const layout = new Layout(spec, true);
  assert.deepEqual(layout.sides.rows, ["x", "y", "z"]);
  assert.deepEqual(layout.sides.column_blocks, [1, 1]);
  assert.deepEqual(layout.cell([1, 2]), [2, 1]);
  assert.deepEqual([...layout.arrange(Float64Array.of(1, 2, 3, 4, 5, 6))], [1, 4, 2, 5, 3, 6]);
  assert.deepEqual([...layout.arrange(Uint8Array.of(1, 0, 0, 0, 0, 0))], [1, 0, 0, 0, 0, 0]);
  assert.equal(layout.index([1, 2]), 5);
  assert.ok(layout.isDenominator);
});

test("an entry is called by its output and its input, whichever is the row", () => {
  assert.deepEqual(new Layout(spec).labels([1, 2]), { output: "f₂", input: "z" });
  assert.deepEqual(new Layout(denominator).labels([2, 1]), { output: "f₂", input: "z" });
  assert.ok(!new Layout(denominator, true).isDenominator);
});
