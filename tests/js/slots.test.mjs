/** Numbers that move inside formulas. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { inFormula, slotIndex } from "../../jacmagic/view/static/slots.mjs";

test("a slot differs from a numeral", () => {
  assert.equal(slotIndex("90071992000012"), 12);
  for (const text of ["90071992", "3", "", null]) assert.equal(slotIndex(text), -1);
});

test("negative numbers have brackets unless they are alone", () => {
  assert.equal(inFormula(-4, 4, false), "(−4)");
  assert.equal(inFormula(-4, 4, true), "−4");
  assert.equal(inFormula(4, 4, false), "4");
});

test("powers of ten are written out", () => {
  assert.equal(inFormula(1.25e-9, 4, true), "1.25 · 10⁻⁹");
  assert.equal(inFormula(1e12, 4, false), "(10¹²)");
  assert.equal(inFormula(-1e12, 4, true), "−10¹²");
});
