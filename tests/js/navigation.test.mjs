/** The table's keyboard model and its block borders. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { blockStarts, moveCell } from "../../jacmagic/view/static/navigation.mjs";

const shape = [100, 50];

test("arrows move by one and stop at the borders", () => {
  assert.deepEqual(moveCell("ArrowDown", false, [0, 0], shape), [1, 0]);
  assert.deepEqual(moveCell("ArrowUp", false, [0, 0], shape), [0, 0]);
  assert.deepEqual(moveCell("ArrowRight", false, [0, 49], shape), [0, 49]);
  assert.deepEqual(moveCell("ArrowLeft", false, [3, 4], shape), [3, 3]);
});

test("Home and End stay in the row, with Control they reach the corners", () => {
  assert.deepEqual(moveCell("Home", false, [7, 7], shape), [7, 0]);
  assert.deepEqual(moveCell("End", false, [7, 7], shape), [7, 49]);
  assert.deepEqual(moveCell("Home", true, [7, 7], shape), [0, 0]);
  assert.deepEqual(moveCell("End", true, [7, 7], shape), [99, 49]);
});

test("Page Up and Page Down move by a window", () => {
  assert.deepEqual(moveCell("PageDown", false, [0, 0], shape, 16), [16, 0]);
  assert.deepEqual(moveCell("PageUp", false, [5, 0], shape, 16), [0, 0]);
});

test("other keys do not move", () => {
  assert.equal(moveCell("a", false, [0, 0], shape), null);
  assert.equal(moveCell("Tab", false, [0, 0], shape), null);
});

test("blocks begin where the sizes before them end", () => {
  assert.deepEqual([...blockStarts([2, 3, 1])], [2, 5]);
  assert.deepEqual([...blockStarts([4])], []);
  assert.deepEqual([...blockStarts([])], []);
});
