/** Pictures: their geometry against independent numbers. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { levelLine, roundNumbers, sampleCurve } from "../../jacmagic/view/static/curves.mjs";
import { determinant, rowsOf, singularValues, svd, times, transpose } from "../../jacmagic/view/static/linear.mjs";
import { describe, equilibria, fieldScene } from "../../jacmagic/view/static/scene_field.mjs";
import { graphScene } from "../../jacmagic/view/static/scene_graph.mjs";
import { eigen, levelScene } from "../../jacmagic/view/static/scene_levels.mjs";
import { deviation } from "../../jacmagic/view/static/lattice.mjs";
import { mapScene } from "../../jacmagic/view/static/scene_map.mjs";
import { cameraOf, spaceScene } from "../../jacmagic/view/static/scene_space.mjs";
import { blockWords } from "../../jacmagic/view/static/slice.mjs";
import { differ, scaledMap } from "../../jacmagic/view/static/units.mjs";
import { matrixScene } from "../../jacmagic/view/static/scene_matrix.mjs";

const close = (found, expected, tolerance = 1e-12) =>
  assert.ok(Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${found} is not ${expected}`);

/** Numbers that look random, the same each time. */
function chance(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5;
}

const matrix = (m, n, next) => Array.from({ length: m }, () => Array.from({ length: n }, next));

test("left singular vectors are orthonormal, and turn the matrix into orthogonal rows as long as its singular values", () => {
  const next = chance(7);
  const dot = (x, y) => x.reduce((sum, one, k) => sum + one * y[k], 0);
  for (const [m, n] of [[1, 1], [2, 2], [5, 3], [6, 4], [12, 12], [9, 1]]) {
    const a = matrix(m, n, next);
    const { u, values } = svd(a);
    const rows = transpose(u).map((x) => times(transpose(a), x));
    transpose(u).forEach((x, p) => transpose(u).forEach((y, q) => close(dot(x, y), p === q ? 1 : 0)));
    rows.forEach((x, p) => rows.forEach((y, q) => close(dot(x, y), p === q ? values[p] ** 2 : 0)));
    assert.deepEqual([...values].sort((x, y) => y - x), values);
    singularValues(transpose(a)).forEach((one, k) => close(one, values[k]));
  }
});

test("a singular matrix has a zero among its singular values", () => {
  const { values } = svd([[1, 2], [2, 4]]);
  close(values[0], 5);
  close(values[1], 0);
  assert.equal(singularValues([[0.1, 0.2], [0.3, 0.6]])[1], 0);
  for (const size of [1e200, 1e-200]) close(singularValues([[size, size], [0, size]])[1] / size, (Math.sqrt(5) - 1) / 2);
});

test("determinants", () => {
  close(determinant([[3]]), 3);
  close(determinant(rowsOf([0, 2, 3, 4], 2)), -6);
  close(determinant([[2, 0, 1], [1, 3, 2], [1, 1, 1]]), 0);
  close(determinant([[1, 1, 0], [5, 0, 3], [0, 48, 0]]), -144);
  assert.equal(determinant([[1, 2], [2, 4]]), 0);
  assert.ok(Number.isNaN(determinant([[NaN, 1], [1, 1]])));
  const next = chance(3);
  const a = matrix(6, 6, next);
  close(Math.abs(determinant(a)), svd(a).values.reduce((product, one) => product * one, 1));
});

/** z² as a map of the plane. */
const square = {
  evaluate: ([x, y]) => ({ value: [x * x - y * y, 2 * x * y], jacobian: [[2 * x, -2 * y], [2 * y, 2 * x]] }),
  centre: [1, 0.5],
  value: [0.75, 1],
  jacobian: [[2, -1], [1, 2]],
  inputs: ["x", "y"],
  outputs: ["u", "v"],
  name: "f",
};
const shown = { radius: 0.1, step: [0.6, 0.3], weight: [-0.5, 0.5], digits: 4 };

/** Signed area of a polygon. */
const areaOf = (points) =>
  points.reduce((sum, [x, y], k) => {
    const [u, v] = points[(k + 1) % points.length];
    return sum + (x * v - u * y) / 2;
  }, 0);

test("the parallelogram's signed area is the determinant times the square's", () => {
  const [, right] = mapScene(square, shown).panels;
  const [image] = right.shapes.filter(({ kind }) => kind === "area");
  close(areaOf(image.points), determinant(square.jacobian) * 0.2 ** 2);
});

test("the ellipse's longest and shortest half axes are the singular values", () => {
  const stretched = { ...square, jacobian: [[3, 1], [0, 0.5]] };
  const [, right] = mapScene(stretched, shown).panels;
  const [ellipse] = right.shapes.filter(({ kind, look, points }) => kind === "line" && look === "linear" && points.length > 9);
  const lengths = ellipse.points.map(([x, y]) => Math.hypot(x - square.value[0], y - square.value[1]) / 0.1);
  const { values } = svd(stretched.jacobian);
  close(Math.max(...lengths), values[0], 2e-3);
  close(Math.min(...lengths), values[1], 2e-2);
});

test("closer to the point the function is closer to linear, by the square of the distance", () => {
  close(deviation(square, 0.2) / deviation(square, 0.1), 4, 1e-6);
});

test("the arrow J·dx is J times the arrow dx", () => {
  const [left, right] = mapScene(square, shown).panels;
  const vector = ({ points: [from, to] }) => [to[0] - from[0], to[1] - from[1]];
  const dx = left.shapes.find(({ label }) => label === "dx");
  const image = right.shapes.find(({ kind, label }) => kind === "arrow" && label === "J·dx");
  times(square.jacobian, vector(dx)).forEach((one, k) => close(vector(image)[k], one));
});

test("the curve of zero determinants lies where the map folds", () => {
  const fold = {
    ...square,
    evaluate: ([x, y]) => ({ value: [x * x, y], jacobian: [[2 * x, 0], [0, 1]] }),
    centre: [0.03, 0],
    jacobian: [[0.06, 0], [0, 1]],
  };
  const [left] = mapScene(fold, shown).panels;
  const zero = left.shapes.filter(({ look }) => look === "zero").flatMap(({ points }) => points);
  assert.ok(zero.length > 20);
  for (const [x] of zero) close(x, 0, 1e-9);
});

test("a map without values shows its linear part alone", () => {
  const { panels } = mapScene({ ...square, evaluate: () => null }, shown);
  assert.ok(!panels[1].shapes.some(({ look }) => look === "function"));
  assert.ok(panels[1].shapes.some(({ kind }) => kind === "area"));
});

test("curves are finer where they bend, and broken at poles", () => {
  const straight = sampleCurve((t) => [t, t], 1);
  const bent = sampleCurve((t) => [t, Math.sin(20 * t)], 1);
  assert.equal(straight.length, 1);
  assert.ok(bent[0].length > 4 * straight[0].length);
  for (const [x, y] of bent[0]) close(y, Math.sin(20 * x));
  const pole = sampleCurve((t) => [t, 1 / (t - 0.4)], 2);
  assert.equal(pole.length, 2);
  assert.ok(pole.every((line) => line.every(([x], k) => !k || x > 0.4 === line[0][0] > 0.4)));
  assert.equal(sampleCurve((t) => (t < 0.5 ? null : [t, 0]), 1).length, 1);
});

test("level lines lie on their level", () => {
  const grid = Array.from({ length: 41 }, (_, i) => Array.from({ length: 41 }, (__, j) => Math.hypot(j - 20, i - 20)));
  const points = levelLine(grid, 15, (j, i) => [j, i]).flat();
  assert.ok(points.length > 80);
  for (const [x, y] of points) close(Math.hypot(x - 20, y - 20), 15, 2e-3);
  assert.deepEqual(levelLine([[0, NaN], [1, 1]], 0.5, (j, i) => [j, i]), []);
});

test("a saddle square has two separate segments", () => {
  assert.equal(levelLine([[1, -1], [-1, 1]], 0, (j, i) => [j, i]).length, 2);
});

test("round numbers between two ends", () => {
  assert.deepEqual(roundNumbers(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(roundNumbers(-3e-12, 3e-12, 3), [-2e-12, 0, 2e-12]);
  assert.deepEqual(roundNumbers(1, 1, 5), []);
});

const height = (value, gradient) => ({
  evaluate: (at) => ({ value: [value(at)], jacobian: [gradient(at)] }),
  ...{ centre: [1, 0.5], value: [value([1, 0.5])], jacobian: [gradient([1, 0.5])] },
  ...{ inputs: ["x", "y"], outputs: ["f"], name: "f" },
});

test("the gradient is orthogonal to the level line at the point", () => {
  const map = height(([x, y]) => x * x * y, ([x, y]) => [2 * x * y, x * x]);
  const [panel] = levelScene(map, { radius: 0.5, digits: 4 }).panels;
  const arrow = panel.shapes.find(({ kind }) => kind === "arrow").points;
  const near = panel.shapes
    .filter(({ look }) => look === "function")
    .map(({ points }) => points)
    .filter(([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]) > 0)
    .sort(([a], [b]) => Math.hypot(a[0] - 1, a[1] - 0.5) - Math.hypot(b[0] - 1, b[1] - 0.5))[0];
  const along = [near[1][0] - near[0][0], near[1][1] - near[0][1]];
  const up = [arrow[1][0] - arrow[0][0], arrow[1][1] - arrow[0][1]];
  close((along[0] * up[0] + along[1] * up[1]) / Math.hypot(...along) / Math.hypot(...up), 0, 0.03);
});

test("second derivatives tell a bowl from a saddle", () => {
  const bowl = height(([x, y]) => x * x + 3 * y * y, ([x, y]) => [2 * x, 6 * y]);
  const saddle = height(([x, y]) => x * x - 3 * y * y, ([x, y]) => [2 * x, -6 * y]);
  const last = (map) => levelScene(map, { radius: 0.5, digits: 4 }).words[2];
  assert.match(last(bowl), /eigenvalues 6 and 2: curved upwards in all directions/);
  assert.match(last(saddle), /eigenvalues 2 and −6: a saddle/);
  const [[one, x]] = eigen([[2, 1], [1, 2]]);
  close(one, 3);
  close(Math.abs(x[0]), Math.SQRT1_2);
});

test("a kink has two tangents", () => {
  const map = (centre) => ({
    evaluate: ([x]) => ({ value: [Math.abs(x)], jacobian: [[Math.sign(x)]] }),
    ...{ centre: [centre], value: [Math.abs(centre)], jacobian: [[Math.sign(centre)]], inputs: ["x"], outputs: ["f"], name: "f" },
  });
  assert.match(graphScene(map(0), { radius: 1, digits: 4 }).words[0], /slopes −1 and 1/);
  assert.match(graphScene(map(0.5), { radius: 1, digits: 4 }).words[0], /of slope 1/);
  const pole = graphScene({ ...map(0), evaluate: ([x]) => ({ value: [1 / x], jacobian: [[-1 / x ** 2]] }), value: [Infinity], jacobian: [[-Infinity]] }, { radius: 1, digits: 4 });
  assert.match(pole.words[0], /no tangent/);
  assert.deepEqual(pole.legend.map(([look]) => look), ["function"]);
  assert.ok(pole.panels[0].frame.y.every(Number.isFinite));
});

/** Prey and predators, with an equilibrium at (4, 2.75). */
const hunt = {
  evaluate: ([x, y]) => ({
    value: [1.1 * x - 0.4 * x * y, 0.1 * x * y - 0.4 * y],
    jacobian: [[1.1 - 0.4 * y, -0.4 * x], [0.1 * y, 0.1 * x - 0.4]],
  }),
  ...{ centre: [4, 2], value: [1.2, 0], jacobian: [[0.3, -1.6], [0.2, 0]] },
  ...{ inputs: ["prey", "predators"], outputs: ["f1", "f2"], name: "f" },
};

test("equilibria are found, with their kind", () => {
  const found = equilibria(hunt, 2);
  assert.equal(found.length, 1);
  close(found[0][0], 4, 1e-9);
  close(found[0][1], 2.75, 1e-9);
  assert.match(fieldScene(hunt, { radius: 2, digits: 4 }).words[1], /centre of the linear part, λ = 0 ± 0.6633 i/);
});

test("kinds of equilibria", () => {
  assert.match(describe([[1, 0], [0, -2]], 4), /^saddle, λ = 1 and −2/);
  assert.match(describe([[-1, 0], [0, -2]], 4), /^stable node/);
  assert.match(describe([[0.1, 1], [-1, 0.1]], 4), /^unstable spiral/);
  assert.match(describe([[0, 1], [0, 0]], 4), /^degenerate/);
});

test("a matrix as squares, and its rank in words", () => {
  const { levels, values, words } = matrixScene([1, 2, 2, 4, 0, 0], 3, 2, 4);
  assert.deepEqual(levels, [[0.25, 0.5], [0.5, 1], [0, 0]]);
  close(values[0], 5);
  assert.match(words[0], /rank 1\.$/);
  assert.match(matrixScene([2, 0, 0, 1], 2, 2, 4).words[0], /rank 2, condition number 2/);
  assert.deepEqual(matrixScene([NaN, 1], 1, 2, 4).values, []);
});

/** Spherical coordinates, with their Jacobian by hand. */
const sphere = {
  evaluate: ([r, t, p]) => ({
    value: [r * Math.sin(t) * Math.cos(p), r * Math.sin(t) * Math.sin(p), r * Math.cos(t)],
    jacobian: [
      [Math.sin(t) * Math.cos(p), r * Math.cos(t) * Math.cos(p), -r * Math.sin(t) * Math.sin(p)],
      [Math.sin(t) * Math.sin(p), r * Math.cos(t) * Math.sin(p), r * Math.sin(t) * Math.cos(p)],
      [Math.cos(t), -r * Math.sin(t), 0],
    ],
  }),
  centre: [2, 0.8, 0.5],
  ...{ inputs: ["r", "t", "p"], outputs: ["x", "y", "z"], name: "f" },
};
Object.assign(sphere, sphere.evaluate(sphere.centre));
const seen = { radius: 0.1, digits: 6, step: [0.5, 0.2], turn: 0 };

/** Vectors in space from a view from above and one from the front, both of turn 0. */
const inSpace = (map, pick) => {
  const [above, front] = [90, 0].map((tilt) => pick(spaceScene(map, { ...seen, tilt }).panels.at(-1)));
  return above.map(([y, minusX], k) => [-minusX, y, front[k][1]]);
};

test("a camera's axes are orthonormal, and turn with it", () => {
  for (const [turn, tilt] of [[0, 0], [60, 25], [-170, -80]]) {
    const { right, up, away } = cameraOf(turn, tilt);
    close(determinant([away, right, up]), 1);
    close(right[2], 0);
  }
});

test("the parallelepiped's volume is the determinant times the cube's", () => {
  const arrows = ({ shapes }) => shapes.filter(({ kind }) => kind === "arrow").map(({ points }) => points[1]);
  const columns = inSpace(sphere, arrows);
  const [one] = svd(columns).values;
  const unit = (0.1 * svd(sphere.jacobian).values[0]) / one; // the picture's unit
  close(determinant(columns) * unit ** 3, 0.1 ** 3 * 4 * Math.sin(0.8), 1e-9);
  const { words } = spaceScene(sphere, { ...seen, tilt: 20 });
  assert.match(words[1], /volumes by 2\.86942 and keeps/);
  assert.match(words[2], /values are 2, 1\.43471, 1\./);
});

test("the cube's image is close to the parallelepiped, and closer for a smaller cube", () => {
  const share = (radius) => Number(/at most (\S+) %/.exec(spaceScene(sphere, { ...seen, radius, tilt: 20 }).words[3])[1]);
  close(share(0.2) / share(0.1), 2, 0.1);
});

test("a surface has a tangent parallelogram of the right area, and carries dx", () => {
  const torus = {
    evaluate: ([u, v]) => ({ value: [(2 + Math.cos(v)) * Math.cos(u), (2 + Math.cos(v)) * Math.sin(u), Math.sin(v)], jacobian: [] }),
    centre: [0, 0.7],
    value: [2 + Math.cos(0.7), 0, Math.sin(0.7)],
    jacobian: [[0, -Math.sin(0.7)], [2 + Math.cos(0.7), 0], [0, Math.cos(0.7)]],
    ...{ inputs: ["u", "v"], outputs: ["x", "y", "z"], name: "f" },
  };
  const { words, panels } = spaceScene(torus, { ...seen, tilt: 20 });
  assert.match(words[1], /areas by 2\.76484, /); // 2 + cos v
  const [a, b, image] = panels[1].shapes.filter(({ kind }) => kind === "arrow").map(({ points }) => points[1]);
  close(image[0], 0.5 * a[0] + 0.2 * b[0]);
  close(image[1], 0.5 * a[1] + 0.2 * b[1]);
});

test("axes of very different extents are scaled, and the words say so", () => {
  const needle = { ...sphere, evaluate: () => null, jacobian: [[1, 0, 0], [0, 1, 0], [0, 0, 50]] };
  const { panels, words } = spaceScene(needle, { ...seen, tilt: 20 });
  const lengths = panels[1].shapes.filter(({ kind }) => kind === "arrow").map(({ points }) => Math.hypot(...points[1]));
  assert.ok(Math.max(...lengths) / Math.min(...lengths) < 5);
  assert.match(words.at(-1), /scale of its own/);
});

test("words say which block of J is drawn", () => {
  const labels = { labels: ["x", "y", "z"], outputs: ["u", "v"] };
  assert.deepEqual(blockWords(labels, "map", [0, 2], [0, 1]), ["Here J is the block of (u, v) by (x, z).", "The other inputs are held."]);
  assert.deepEqual(blockWords(labels, "levels", [0, 1], [1]), ["Of 2 outputs it shows v.", "The other inputs are held."]);
  assert.deepEqual(blockWords({ ...labels, labels: ["t"] }, "graph", [0], [0, 1]), []);
});

test("a map in units of its inputs and outputs is the same map", () => {
  const scaled = scaledMap(square, [100, 0.1], [10, 1]);
  const there = scaled.evaluate([0.02, 3]);
  square.evaluate([2, 0.3]).value.forEach((one, k) => close(there.value[k], one / [10, 1][k]));
  close(determinant(there.jacobian), determinant(square.evaluate([2, 0.3]).jacobian));
  assert.deepEqual([...scaled.inputs, ...scaled.outputs], ["x / 10²", "y / 10⁻¹", "u / 10¹", "v"]);
  assert.ok(differ([1, 30]) && !differ([1, 3]) && !differ([0, 1]));
});
