/** The stops of a handle, and the numbers that a field accepts. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fieldText, nearestStop, stepOf, stopsOf, typedNumber } from "../../jacmagic/view/static/stops.mjs";
import { typedAt } from "../../jacmagic/view/static/typed.mjs";

/** Stops increase, and none lies outside. */
function check(stops, min, max) {
  assert.equal(stops[0], min);
  assert.equal(stops[stops.length - 1], max);
  for (let k = 1; k < stops.length; k++) assert.ok(stops[k] > stops[k - 1]);
}

test("steps from the lower end, written as a person would", () => {
  const stops = stopsOf({ min: -3, max: 9, step: 0.1 }, 3);
  check(stops, -3, 9);
  assert.equal(stops.length, 121);
  assert.equal(stops[61], 3.1);
  assert.ok(stops.includes(0));
});

test("a step of the user's own is obeyed, and the start is a stop as well", () => {
  assert.deepEqual(stopsOf({ min: 0.5, max: 5, step: 1.5 }, 1), [0.5, 1, 2, 3.5, 5]);
});

test("where the step is fine, round numbers, 0, both ends and the start", () => {
  const stops = stopsOf({ min: -Math.PI, max: Math.PI, step: 6e-6 }, Math.PI / 6);
  check(stops, -Math.PI, Math.PI);
  for (const stop of [0, Math.PI / 6, 0.05, -3.1]) assert.ok(stops.includes(stop), String(stop));
  assert.ok(stops.length > 100 && stops.length < 300);
});

test("any magnitude has stops", () => {
  for (const [min, max] of [[-1e-12, 3e-12], [0, 5e-324 * 2 ** 60], [1e12, 1e12 + 3], [-1.7e308, 1.7e308], [-1e308, 1e307]]) {
    for (const step of [stepOf(min, max), max / 2 ** 20 - min / 2 ** 20]) {
      const stops = stopsOf({ min, max, step }, max);
      check(stops, min, max);
      assert.ok(stops.length > 100 && stops.length < 2200, String(stops.length));
    }
  }
});

test("no range, one stop", () => {
  for (const [min, max] of [[1, 1], [2, 1], [NaN, 1], [0, Infinity]]) {
    assert.deepEqual(stopsOf({ min, max, step: 0.1 }, 7), [7]);
  }
});

test("the stop next to a number", () => {
  assert.deepEqual([-9, 0.4, 0.6, 9, NaN].map((value) => nearestStop([0, 1, 2], value)), [0, 0, 1, 2, 0]);
});

test("what a field means", () => {
  const typed = ["3", " -2.5e-12 ", "−4", "", "1e999", "inf", "0x10"].map(typedNumber);
  assert.deepEqual(typed, [3, -2.5e-12, -4, NaN, NaN, NaN, 16]);
});

test("products and quotients with π, rounded as Python rounds them", () => {
  const typed = ["pi", "-π/2", "3*pi/4", "1/3", "2·τ", "e", "1 / -3"].map(typedNumber);
  assert.deepEqual(typed, [Math.PI, -Math.PI / 2, (3 * Math.PI) / 4, 1 / 3, 4 * Math.PI, Math.E, -1 / 3]);
});

test("what is not a number yet, or never", () => {
  for (const text of ["1/", "/2", "*", "1/0", "0/0", "--1", "constructor", "pi/alert(1)"]) {
    assert.ok(Number.isNaN(typedNumber(text)), text);
  }
});

test("the text of a field", () => {
  assert.deepEqual([0.5235987, -1e-12, 1e12, NaN].map(fieldText), ["0.523599", "-1e-12", "1e12", ""]);
  const turns = [Math.PI / 6, -Math.PI, (-3 * Math.PI) / 4, 2 * Math.PI];
  assert.deepEqual(turns.map(fieldText), ["π/6", "-π", "-3π/4", "2π"]);
  assert.deepEqual(turns.map((one) => typedNumber(fieldText(one))), turns);
  assert.equal(fieldText(100 * Math.PI), "314.159");
  const shown = Object.values(typedAt({}, [...turns, 3]));
  assert.deepEqual(shown.map(({ text, level }) => [text, level]), [["π/6", 2], ["−π", 0], ["−3π/4", 0], ["2π", 1]]);
  assert.deepEqual(shown.map(({ source }) => typedNumber(source)), turns);
});

test("short fractions of roots and of 1 are themselves, decimals are decimals", () => {
  const numbers = [Math.SQRT2, -Math.sqrt(3) / 2, 2 * Math.sqrt(5), 1 / 3, -7 / 6, 5 / 12];
  assert.deepEqual(numbers.map(fieldText), ["√2", "-√3/2", "2√5", "1/3", "-7/6", "5/12"]);
  assert.deepEqual(numbers.map((one) => typedNumber(fieldText(one))), numbers);
  const decimals = Array.from({ length: 4001 }, (_, k) => (k - 2000) / 200);
  assert.deepEqual(typedAt({}, decimals.slice(0, 100)), {});
  assert.ok(decimals.every((one) => !/[√π/]/.test(fieldText(one))));
});

test("a typed expression stays in the field while it is the value", () => {
  const typed = (/** @type {string} */ text, /** @type {number} */ value) => ({ value, text, source: "", math: "", level: 3 });
  assert.deepEqual(["√2", "√3/2", "2√2", "sqrt(2)", "2e", "−1/3"].map(typedNumber), [
    Math.SQRT2, Math.sqrt(3) / 2, 2 * Math.SQRT2, Math.SQRT2, 2 * Math.E, -1 / 3,
  ]);
  assert.equal(fieldText(Math.SQRT2, typed("√2", Math.SQRT2)), "√2");
  assert.equal(fieldText(1.5, typed("√2", Math.SQRT2)), "1.5");
  assert.equal(fieldText(Math.LN2, typed("ln(2)", Math.LN2)), "0.693147"); // no text that the field can read
});
