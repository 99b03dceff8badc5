/** The matrix as text for elsewhere. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FORMATS, magicLine } from "../../jacmagic/view/static/copy.mjs";

const table = { rows: ["f₁", "f₂"], columns: ["x", "y,z"], values: [1, -0, 0.1 + 0.2, NaN] };

test("NumPy and torch keep every digit", () => {
  assert.equal(FORMATS.NumPy(table, 4), "np.array([[1.0, 0.0],\n [0.30000000000000004, np.nan]])");
  assert.match(FORMATS.torch(table, 4), /^torch\.tensor\(.*torch\.nan\]\], dtype=torch\.float64\)$/s);
});

test("Markdown, CSV and LaTeX", () => {
  assert.equal(FORMATS.Markdown(table, 4).split("\n")[2], "| ∂f₁ | 1 | 0 |");
  assert.equal(FORMATS.CSV(table, 4).split("\n")[0], ',x,"y,z"');
  assert.equal(FORMATS.CSV(table, 4).split("\n")[2], "f₂,0.30000000000000004,NaN");
});

test("what is read has the digits of the page, and powers of ten", () => {
  const values = [1e-12, -2.5e7, 0.1 + 0.2, -Infinity];
  const numbers = { ...table, values };
  assert.equal(FORMATS.Markdown(numbers, 4).split("\n")[2], "| ∂f₁ | 1e-12 | -2.5e7 |");
  const rows = "10^{-12} & -2.5 \\cdot 10^{7} \\\\ 0.3 & -\\infty";
  assert.equal(FORMATS["LaTeX of the numbers"](numbers, 4), `\\begin{bmatrix} ${rows} \\end{bmatrix}`);
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
