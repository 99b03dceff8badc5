// The host of an exported page: models and their bytes.
import assert from "node:assert/strict";
import { test } from "node:test";

import { keepInAddress, Model, slider, traits } from "../../jacmagic/view/static/host.mjs";

test("a model announces a change by name and as a whole, once, and only of a change", () => {
  const model = new Model({ value: 3, max: 9 });
  const heard = [];
  model.on("change:value", (of, value) => heard.push([of === model, value]));
  model.on("change", () => heard.push("change"));
  model.set("value", 3);
  assert.deepEqual(heard, []);
  model.set("value", 4);
  model.set({ value: 5, max: 10 });
  assert.deepEqual(heard, [[true, 4], "change", [true, 5], "change"]);
  assert.equal(model.get("max"), 10);
});

test("listeners see all of a change of several values", () => {
  const model = new Model({ a: 1, b: 1 });
  const seen = [];
  model.on("change:a change:b", () => seen.push([model.get("a"), model.get("b")]));
  model.set({ a: 2, b: 2 });
  assert.deepEqual(seen, [[2, 2], [2, 2]]);
});

test("a listener that was taken off hears nothing, others do", () => {
  const model = new Model({ value: 1 });
  let [first, second] = [0, 0];
  const count = () => (first += 1);
  model.on("change:value", count);
  model.on("change:value", () => (second += 1));
  model.off("change:value", count);
  model.set("value", 2);
  assert.deepEqual([first, second], [0, 1]);
});

test("nothing is connected: sending and saving do nothing", () => {
  const model = new Model({});
  model.send({ kind: "eval" });
  model.save_changes();
  assert.equal(model.comm_live, false);
});

test("bytes come back as a DataView at their path", () => {
  const state = { values: null, deep: { list: [0, null] } };
  const one = Buffer.from(Float64Array.of(1.5).buffer).toString("base64");
  traits({ state, buffers: [[["values"], one], [["deep", "list", 1], "AQI="]] });
  assert.ok(state.values instanceof DataView);
  assert.equal(state.values.getFloat64(0, true), 1.5);
  assert.equal(state.deep.list[1].getUint8(1), 2);
});

test("a slider's numbers may be none that JSON can write", () => {
  const model = slider({ description: "x", value: "NaN", min: -1, max: "Infinity", step: 0.1 });
  assert.deepEqual({ ...model.values }, { description: "x", value: NaN, min: -1, max: Infinity, step: 0.1 });
});

test("no path and no name reaches what all objects share", () => {
  for (const path of [["__proto__", "hurt"], ["constructor", "prototype", "hurt"], ["deep", "__proto__", "hurt"]]) {
    const state = JSON.parse('{"deep": {}}');
    assert.throws(() => traits({ state, buffers: [[path, "AQI="]] }), /expected a path into the page's state/);
  }
  const state = traits({ state: {}, buffers: [[["__proto__"], "AQI="]] });
  assert.equal(Object.getPrototypeOf(state), Object.prototype);
  const model = new Model(JSON.parse('{"__proto__": {"hurt": 1}, "a": 1}'));
  model.set(JSON.parse('{"__proto__": {"hurt": 2}}'));
  model.set("__proto__", { hurt: 3 });
  assert.equal(Object.getPrototypeOf(model.values), null);
  assert.equal({}.hurt, undefined);
  assert.equal(model.get("hurt"), undefined);
  assert.equal(model.get("toString"), undefined);
});

test("several views of a page keep their states side by side in the address", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const page = { location: { hash: "#4&e2=x%3D7%26tab%3DPicture", protocol: "https:" }, history: { replaceState: (...[, , hash]) => (page.location.hash = hash) } };
  const mounted = ["e1", "e2"].map((key) => {
    const view = new Model({ tab: "", drawing: {} });
    const x = slider({ description: "x", value: 1, min: 0, max: 9, step: 0.1 });
    keepInAddress(/** @type {any} */ (page), view, [x], key);
    return { view, x };
  });
  assert.deepEqual(mounted.map(({ x }) => x.get("value")), [1, 7]);
  assert.equal(mounted[1].view.get("tab"), "Picture");
  mounted[0].x.set("value", 3);
  context.mock.timers.tick(1000);
  assert.equal(page.location.hash, "#4&e2=x%3D7%26tab%3DPicture&e1=x%3D3%26tab%3D");
});

test("an address is read, also where a component has the name of a key, and nonsense in it is left out", () => {
  const page = { location: { hash: "#tab=2&zoom=nonsense&tab=Picture&zoom=7&picture=field&range+of+tab=3:1:1&range+of+zoom=0:4:1" } };
  const models = ["tab", "zoom"].map((description) => slider({ description, value: 1, min: 0, max: 9, step: 0.1 }));
  const view = new Model({ tab: "", drawing: { turn: 5 } });
  keepInAddress(/** @type {any} */ (page), view, models);
  assert.deepEqual(models.map((one) => one.get("value")), [2, 1]);
  assert.deepEqual(models.map((one) => one.get("max")), [9, 4]);
  assert.equal(view.get("tab"), "Picture");
  assert.deepEqual(view.get("drawing"), { turn: 5, picture: "field", zoom: "7" });
});
