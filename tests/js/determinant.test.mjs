/** The determinant that follows the sliders. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { showDeterminant } from "../../jacmagic/view/static/determinant.mjs";

test("a determinant that rounding alone makes is 0", () => {
  assert.equal(showDeterminant([1, 2, 3, 4, 5, 6, 7, 8, 9], 3, 4), "= 0 to rounding");
  assert.equal(showDeterminant([1, 2, 3, 4], 2, 4), "= −2");
  assert.equal(showDeterminant([1, 2, 2, 4], 2, 4), "= 0");
  assert.equal(showDeterminant([3e6, 2e-12, 9e12, 1.2e-5], 2, 4), "= 18"); // whatever the units are
  assert.equal(showDeterminant([NaN, 1, 1, 1], 2, 4), "= nan");
});
