/** The registry of the view's parts. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { PARTS } from "../../jacmagic/view/static/parts.mjs";

const HEAD = ["title", "slider", "tools", "table", "determinant", "notes"];
const TABS = ["chain", "picture", "factors", "panel", "code"];

for (const name of [...HEAD, ...TABS]) {
  await import(`../../jacmagic/view/static/${name}.mjs`);
}

test("every part has a name of its own and can be mounted", () => {
  assert.equal(new Set(PARTS.map(({ name }) => name)).size, PARTS.length);
  for (const { mount } of PARTS) assert.equal(typeof mount, "function");
});
