/** The determinant that follows the sliders. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { determinantOf, showDeterminant } from "../../jacmagic/view/static/determinant.mjs";

test("determinants of small matrices, with and without exchanged rows", () => {
  assert.equal(determinantOf([3], 1), 3);
  assert.equal(determinantOf([1, 2, 3, 4], 2), -2);
  assert.equal(determinantOf([0, 1, 1, 0], 2), -1);
  assert.ok(Math.abs(determinantOf([2, 0, 1, 1, 3, 2, 1, 1, 1], 3) - 0) < 1e-12);
  assert.equal(determinantOf([1, 2, 2, 4], 2), 0);
});

test("a matrix with nan has no determinant", () => {
  assert.ok(Number.isNaN(determinantOf([NaN, 1, 1, 1], 2)));
});

test("a determinant that rounding alone makes is 0", () => {
  assert.equal(showDeterminant([1, 2, 3, 4, 5, 6, 7, 8, 9], 3, 4), "= 0 to rounding");
  assert.equal(showDeterminant([1, 2, 3, 4], 2, 4), "= −2");
  assert.equal(showDeterminant([1, 2, 2, 4], 2, 4), "= 0");
});
