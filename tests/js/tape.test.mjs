/** The tape's interpreter: what each operation means, and what is not a tape. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_OPERATIONS, readTape } from "../../jacmagic/view/static/tape.mjs";

const tape = (changes) => ({ inputs: 2, constants: [2], operations: [["mul", 0, 2], ["add", 3, 1]], outputs: [4], ...changes });
const apply = (name, ...point) => {
  const reads = point.map((_, k) => k);
  return readTape({ inputs: point.length, constants: [], operations: [[name, ...reads]], outputs: [point.length] }).evaluate(point)[0];
};

test("operations run in order, into an array that one may give", () => {
  const read = readTape(tape());
  assert.deepEqual([read.inputs, read.outputs], [2, 1]);
  assert.deepEqual([...read.evaluate([3, 4])], [10]);
  const out = new Float64Array(1);
  assert.equal(read.evaluate([5, 1], out), out);
  assert.equal(out[0], 11);
  assert.deepEqual([...read.evaluate([3, 4])], [10]);
});

test("constants are numbers, infinities and nan", () => {
  const read = readTape(tape({ constants: ["inf", "-inf", "nan", 1.5], operations: [], outputs: [2, 3, 4, 5] }));
  assert.deepEqual([...read.evaluate([0, 0])], [Infinity, -Infinity, NaN, 1.5]);
});

test("operations mean what they mean in Python", () => {
  const expected = [
    ["pow", [1, NaN], 1], ["pow", [-1, Infinity], 1], ["pow", [0, -1], Infinity], ["pow", [-8, 0.5], NaN],
    ["div", [1, 0], Infinity], ["div", [0, 0], NaN], ["log", [0], -Infinity], ["sqrt", [-1], NaN],
    ["mod", [-1, 3], 2], ["mod", [1, -3], -2], ["mod", [4, -2], -0], ["mod", [-4, 2], 0], ["mod", [1, 0], NaN],
    ["sign", [-3], -1], ["sign", [NaN], NaN], ["relu", [-2], 0], ["relu", [NaN], NaN],
    ["max", [NaN, 1], NaN], ["min", [2, 1], 1], ["clamp", [5, -1, 1], 1], ["clamp", [0, 2, 1], 1],
    ["lt", [1, 2], 1], ["ge", [1, 2], 0], ["eq", [NaN, NaN], 0], ["ne", [NaN, NaN], 1],
    ["and", [2, NaN], 1], ["or", [0, 0], 0], ["not", [0], 1], ["where", [NaN, 5, 6], 5], ["where", [0, 5, 6], 6],
    ["sigmoid", [-1000], 0], ["atan2", [0, -1], Math.PI], ["lgamma", [-2], Infinity], ["digamma", [-1], NaN],
  ];
  for (const [name, point, value] of expected) assert.ok(Object.is(apply(name, ...point), value), `${name}(${point})`);
});

test("an operation of two numbers reads no third", () => {
  const operations = [["max", 1, 2], ["min", 1, 2]];
  const read = (first) => [...readTape({ inputs: 3, constants: [], operations, outputs: [3, 4] }).evaluate([first, 1, 2])];
  for (const first of [-9, 9, NaN]) assert.deepEqual(read(first), [2, 1]);
});

test("special functions have the values of the tables (DLMF)", () => {
  const expected = [
    ["erf", [0.5], 0.5204998778130465], ["erfc", [5], 1.5374597944280349e-12], ["lgamma", [0.5], 0.5723649429247001],
    ["digamma", [1], -0.5772156649015329], ["polygamma", [1, 1], 1.6449340668482264], ["i0", [1], 1.2660658777520084],
    ["i1", [1], 0.5651591039924851], ["j0", [1], 0.7651976865579666], ["j1", [5], -0.3275791375914652],
  ];
  for (const [name, point, value] of expected) {
    assert.ok(Math.abs(apply(name, ...point) / value - 1) < 1e-12, `${name}(${point}) = ${apply(name, ...point)}`);
  }
});

const hostile = JSON.parse('{"toString": 1, "valueOf": 1}');
const wrong = {
  "no tape": [null, undefined, 3, "tape", [], {}, true],
  "unknown operations": ["constructor", "__proto__", "toString", "eval", "", 0, null, ["add"], hostile].map((name) => tape({ operations: [[name, 0, 1], ["add", 0, 1]] })),
  "operations of another shape": [["add", 0], ["add", 0, 1, 1], ["neg"], [], "add", null, {}, hostile].map((operation) => tape({ operations: [operation, ["add", 0, 1]] })),
  "slots out of range, ahead, or no integers": [-1, 3, 4, 1e9, 0.5, NaN, Infinity, "0", null, [0], hostile].map((slot) => tape({ operations: [["add", 0, slot], ["add", 0, 1]] })),
  "outputs out of range": [-1, 5, 1.5, NaN, "4", null, [4], hostile].map((slot) => tape({ outputs: [slot] })),
  "inputs that are not a count": [-1, 1.5, NaN, Infinity, "2", null, 1e9, [2], hostile].map((inputs) => tape({ inputs })),
  "constants that are not numbers": ["", "1", "Infinity", "NaN", null, true, {}, [], ["inf"], [2], hostile].map((value) => tape({ constants: [value] })),
  "lists that are none": ["constants", "operations", "outputs"].flatMap((key) => [null, {}, "list", 7, { length: 1 }].map((value) => tape({ [key]: value }))),
};

for (const [what, tapes] of Object.entries(wrong)) {
  test(`rejected: ${what}`, () => {
    tapes.forEach((json, k) => assert.equal(readTape(json), null, `number ${k}`));
  });
}

test("what is too long is rejected, what is just short enough is read", () => {
  const many = (count) => tape({ operations: Array.from({ length: count }, () => ["add", 0, 1]), outputs: [3] });
  assert.equal(readTape(many(MAX_OPERATIONS + 1)), null);
  assert.deepEqual([...readTape(many(MAX_OPERATIONS)).evaluate([1, 2])], [3]);
  assert.equal(readTape(tape({ outputs: new Array(MAX_OPERATIONS + 1).fill(0) })), null);
  assert.equal(readTape(tape({ constants: new Array(MAX_OPERATIONS + 1).fill(0) })), null);
});
