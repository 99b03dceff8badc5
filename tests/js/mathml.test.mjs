/** What may reach the page as mathematics. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isMathematics } from "../../jacmagic/view/static/mathml.mjs";

test("mathematics passes", () => {
  for (const element of ["math", "mrow", "mfrac", "mtable", "msub"]) assert.ok(isMathematics(element));
  assert.ok(isMathematics("mo", "stretchy"));
});

test("scripts, links, embedded documents and handlers do not", () => {
  for (const element of ["script", "a", "img", "iframe", "maction", "annotation-xml", "style"]) {
    assert.ok(!isMathematics(element), element);
  }
  for (const attribute of ["onclick", "href", "style", "xlink:href", "class"]) {
    assert.ok(!isMathematics("mrow", attribute), attribute);
  }
});
