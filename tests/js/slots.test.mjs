/** Numbers that move inside formulas. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { inFormula, slotIndex } from "../../jacmagic/view/static/slots.mjs";

test("a slot differs from a numeral", () => {
  assert.equal(slotIndex("90071992000012"), 12);
  for (const text of ["90071992", "3", "", null]) assert.equal(slotIndex(text), -1);
});

/** @param {ReturnType<typeof inFormula>} parts */
const text = (parts) => parts.map(([name, ...texts]) => (name === "msup" ? texts.join("^") : texts[0])).join("");

test("negative numbers have brackets unless they are alone", () => {
  assert.equal(text(inFormula(-4, 4, false)), "(−4)");
  assert.equal(text(inFormula(-4, 4, true)), "−4");
  assert.equal(text(inFormula(4, 4, false)), "4");
});

test("powers of ten are typeset as in the formulas beside them", () => {
  assert.deepEqual(inFormula(1.25e-9, 4, true), [["mn", "1.25"], ["mo", "⋅"], ["msup", "10", "−9"]]);
  assert.equal(text(inFormula(1e12, 4, false)), "10^12");
  assert.equal(text(inFormula(1e12, 4, false, true)), "(10^12)");
  assert.equal(text(inFormula(3e12, 4, false)), "(3⋅10^12)");
  assert.equal(text(inFormula(-1e12, 4, true)), "−10^12");
});
