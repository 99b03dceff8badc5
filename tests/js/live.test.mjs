/** The point, the formula there, and the history of points. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Formula, fromJson, History, samePoint, Sliders } from "../../jacmagic/view/static/live.mjs";

/** y = c·x with c = 7, and a part u = x·x, valid while x > 0. */
const live = {
  tape: {
    inputs: 1,
    constants: [0, 7],
    operations: [["gt", 0, 1], ["mul", 0, 0], ["mul", 0, 2]],
    outputs: [3, 4, 2, 5],
  },
  conditions: 1,
  clauses: 1,
  values: 1,
  constants: [7],
};

test("entries, and the numbers of symbols: point, constants, parts", () => {
  const found = new Formula(live, 1, 1).at(Float64Array.of(3));
  assert.deepEqual([[...found.values], [...found.outputs]], [[7], [21]]);
  assert.deepEqual([...found.numbers], [3, 7, 9]);
});

test("without a written formula there are entries, and no numbers of symbols", () => {
  const found = new Formula({ ...live, written: false }, 1, 1).at(Float64Array.of(3));
  assert.deepEqual([[...found.values], [...found.numbers]], [[7], []]);
});

test("beyond its conditions a formula says nothing", () => {
  assert.equal(new Formula(live, 1, 1).at(Float64Array.of(-3)), null);
});

test("a tape of another shape is not used", () => {
  assert.equal(new Formula(live, 2, 1).at(Float64Array.of(3)), null);
  assert.equal(new Formula(live, 1, 2).at(Float64Array.of(3, 4)), null);
  assert.equal(new Formula({}, 1, 1).at(Float64Array.of(3)), null);
});

test("numbers of a page", () => {
  assert.deepEqual([1.5, "inf", "-inf", "nan"].map(fromJson), [1.5, Infinity, -Infinity, NaN]);
});

test("points are the same bit for bit, nan and the sign of zero apart", () => {
  assert.ok(samePoint([0, NaN, -Infinity], [-0, NaN, -Infinity]));
  assert.ok(!samePoint([0.1 + 0.2], [0.3]));
  assert.ok(!samePoint([1e-12], [0]));
  assert.ok(!samePoint([1], [1, 2]));
});

test("undo and redo", () => {
  const history = new History(Float64Array.of(1));
  for (const x of [2, 2, 3]) history.visit(Float64Array.of(x));
  assert.equal(history.go(1), null);
  assert.deepEqual([...history.go(-1)], [2]);
  assert.deepEqual([...history.go(-1)], [1]);
  assert.equal(history.go(-1), null);
  assert.deepEqual([...history.go(1)], [2]);
  history.visit(Float64Array.of(9));
  assert.equal(history.go(1), null);
});

/** A slider's model, as much of it as is used. */
function slider(value) {
  const listeners = new Set();
  return {
    saved: 0,
    comm_live: true,
    get: () => value,
    set: (_, fresh) => {
      value = fresh;
      for (const hear of listeners) hear();
    },
    save_changes() {
      this.saved++;
    },
    on: (_, hear) => listeners.add(hear),
    off: (_, hear) => listeners.delete(hear),
  };
}

test("sliders give the point, and other components stay", async () => {
  const [first, second] = [slider(5), slider(6)];
  const model = {
    get: (name) => ({ sliders: ["IPY_MODEL_a", "IPY_MODEL_b"], components: [0, 2], followed: true })[name],
    widget_manager: { get_model: async (id) => ({ a: first, b: second })[id] },
  };
  let moves = 0;
  const sliders = new Sliders(model, undefined, () => moves++);
  await sliders.connect();
  await sliders.connect(); // again, as when a chooser names others: each listener stays one
  assert.deepEqual([...sliders.point(Float64Array.of(1, 2, 3))], [5, 2, 6]);
  sliders.move([5, 2, 8]);
  assert.deepEqual([first.saved, second.saved, moves], [0, 1, 1]);
  assert.ok(sliders.connected);
});

test("what is not a number stays where it began until a number is written", async () => {
  const sliders = new Sliders(undefined, undefined, () => {});
  const lost = slider(null); // JSON has no word for Infinity
  sliders.attached = [{ component: 0, slider: lost }];
  assert.deepEqual([...sliders.point(Float64Array.of(Infinity))], [Infinity]);
  lost.set("value", 2);
  assert.deepEqual([...sliders.point(Float64Array.of(Infinity))], [2]);
  sliders.move([Infinity]);
  assert.deepEqual([lost.get("value"), lost.saved], [2, 0]);
});
