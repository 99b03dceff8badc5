/** The mark before the line of agreement. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { toneOf } from "../../jacmagic/view/static/notes.mjs";

test("a tick stands before agreement only, amber where there are warnings", () => {
  assert.deepEqual(toneOf("agree", false), { mark: "✓", tone: "good" });
  assert.deepEqual(toneOf("agree", true), { mark: "✓", tone: "warned" });
});

test("who stands alone is a warning; what is not confirmed is neither good nor bad", () => {
  for (const verdict of ["disagree", "torch is alone", "the closed form is alone"]) {
    assert.deepEqual(toneOf(verdict, false), { mark: "⚠", tone: "bad" });
  }
  for (const verdict of ["numbers only", "not confirmed", "finite differences are alone", "checking", "", "toString"]) {
    assert.deepEqual(toneOf(verdict, true), { mark: "·", tone: "neutral" });
  }
});
