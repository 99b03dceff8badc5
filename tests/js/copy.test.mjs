/** The matrix as text for elsewhere. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FORMATS, magicLine } from "../../jacmagic/view/static/copy.mjs";

const table = { rows: ["f₁", "f₂"], columns: ["x", "y,z"], values: [1, -0, 0.1 + 0.2, NaN] };

test("NumPy and torch keep every digit", () => {
  assert.equal(FORMATS.NumPy(table), "np.array([[1.0, 0.0],\n [0.30000000000000004, np.nan]])");
  assert.match(FORMATS.torch(table), /^torch\.tensor\(.*torch\.nan\]\], dtype=torch\.float64\)$/s);
});

test("Markdown, CSV and LaTeX", () => {
  assert.equal(FORMATS.Markdown(table).split("\n")[2], "| ∂f₁ | 1 | 0 |");
  assert.equal(FORMATS.CSV(table).split("\n")[0], ',x,"y,z"');
  assert.match(FORMATS["LaTeX of the numbers"](table), /1 & 0 \\\\ 0\.30000000000000004/);
});

test("the line that leads back to a point", () => {
  const inputs = [{ name: "x", shape: [] }, { name: "A", shape: [2, 2] }];
  const point = [3, 1, 2.5, 3, -4];
  assert.equal(magicLine(["%%jacobian", ""], inputs, point), "%%jacobian x=3 A=[[1, 2.5], [3, -4]]");
  assert.equal(
    magicLine(["%hessian g", "n=4 -p6 --layout=denominator"], inputs.slice(0, 1), [Math.PI / 6]),
    "%hessian g x=0.5235987755982988 n=4 -p6 --layout=denominator",
  );
});
