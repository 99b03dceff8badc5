/** The numbers on screen: the tape's, the kernel's, and the notices between them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Follower } from "../../jacmagic/view/static/following.mjs";
import { Model } from "../../jacmagic/view/static/host.mjs";

const bytes = (...numbers) => new DataView(Float64Array.from(numbers).buffer);

/** y = 2·x while x > 0: a model at x = 3 and its slider. */
async function following({ tape = true, kernel = false } = {}) {
  const slider = new Model({ value: 3 });
  slider.comm_live = kernel;
  const model = new Model({
    spec: { rows: ["f"], columns: ["x"], labels: ["x"], start: [3] },
    live: tape
      ? {
          tape: { inputs: 1, constants: [0, 2], operations: [["gt", 0, 1], ["mul", 0, 2]], outputs: [3, 4] },
          conditions: 1,
          clauses: 0,
          constants: [],
        }
      : {},
    status: { stale: "" },
    sliders: ["IPY_MODEL_x"],
    components: [0],
    followed: true,
    ...answer(3),
  });
  model.widget_manager = { get_model: async () => slider };
  const view = { paints: 0, paint: () => view.paints++, describe: (point) => `at x = ${point[0]}` };
  const follower = new Follower(model, undefined, view);
  await follower.sliders.connect();
  return { follower, model, slider, view };
}

/** The kernel's traits at x. */
const answer = (x) => ({ at: bytes(x), values: bytes(2 * x), numbers: bytes(x) });

test("the tape follows a slider at once, the kernel confirms", async () => {
  const { follower, model, slider, view } = await following({ kernel: true });
  slider.set("value", 5);
  assert.deepEqual([...follower.shown.values], [10]);
  assert.deepEqual([follower.shown.confirmed, follower.pending, view.paints], [false, "", 1]);
  model.set(answer(5));
  follower.changed();
  assert.ok(follower.shown.confirmed);
  follower.stop();
});

test("without a kernel the view says so", async () => {
  const { follower, slider } = await following();
  slider.set("value", 5);
  assert.equal(follower.pending, "live in the browser; torch is not connected");
  slider.set("value", 3);
  assert.deepEqual([follower.shown.confirmed, follower.pending], [true, ""]);
  follower.stop();
});

test("a kernel that was shut down is not waited for", async () => {
  const { follower, slider } = await following({ kernel: true });
  slider.comm = { jsServicesComm: { isDisposed: true } };
  slider.set("value", 5);
  assert.equal(follower.pending, "live in the browser; torch is not connected");
  follower.stop();
});

test("where no numbers are known, those shown are called those of another point", async () => {
  const branch = await following();
  branch.slider.set("value", -1);
  assert.equal(
    branch.follower.notice,
    "Here the function takes another branch, and no kernel is connected: the numbers are those at x = 3.",
  );
  branch.follower.stop();
  const none = await following({ tape: false });
  none.slider.set("value", 4);
  assert.equal(none.follower.notice, "No kernel is connected: the numbers are those at x = 3.");
  assert.deepEqual([...none.follower.shown.values], [6]);
  none.follower.stop();
});

test("a late result of the kernel does not replace the tape's numbers", async () => {
  const { follower, model, slider } = await following({ kernel: true });
  slider.set("value", 5);
  model.set(answer(4));
  follower.changed();
  assert.deepEqual([...follower.shown.values], [10]);
  follower.stop();
});

test("undo and reset move the sliders", async () => {
  const { follower, slider } = await following();
  slider.set("value", 5);
  follower.undo(-1);
  assert.equal(slider.get("value"), 3);
  follower.undo(1);
  assert.equal(slider.get("value"), 5);
  follower.reset();
  assert.equal(slider.get("value"), 3);
  follower.stop();
});
