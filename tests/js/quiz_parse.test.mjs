/** The parser of typed mathematics: what is read, and what is refused with which sentence. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseLine } from "../../jacmagic/view/static/quiz_line.mjs";
import { Names } from "../../jacmagic/view/static/quiz_names.mjs";
import { parse } from "../../jacmagic/view/static/quiz_parse.mjs";
import { carriedOut } from "../../jacmagic/view/static/quiz_partials.mjs";
import { textOf } from "../../jacmagic/view/static/quiz_text.mjs";
import { namedConstant, variable } from "../../jacmagic/view/static/quiz_tree.mjs";
import { bounded } from "../../jacmagic/view/static/quiz_values.mjs";

const TEXTS = ["x₁", "x₂", "θ", "w₀", "x"];
const SPELLINGS = [["x1", "x₁"], ["x2", "x₂"], ["theta", "θ"], ["w[0]", "w₀"], ["x"]];
const NAMES = new Names([
  ...SPELLINGS.map((spellings, k) => ({ spellings, text: TEXTS[k], node: variable(k) })),
  { spellings: ["alpha", "α"], text: "α", node: namedConstant("α", 1.1) },
]);
const POINT = [2, 3, 0.5, 0.7, 1.5];
const value = (/** @type {any} */ tree) => bounded([carriedOut(tree)], POINT).found[0].value;
const read = (/** @type {string} */ text) => value(parse(text, NAMES, 4));

const [x1, x2, theta, w0, x] = POINT;
const READ = /** @type {[string, number][]} */ ([
  ["2x1", 2 * x1], ["x1x2", x1 * x2], ["x2 x1", x1 * x2], ["x_1 + x_{2}", x1 + x2], ["x₁·x₂", x1 * x2], ["2x_1^2", 2 * x1 ** 2],
  ["−x²", -(x ** 2)], ["x⁻¹", 1 / x], ["2^−x", 2 ** -x], ["x^2^3", x ** 8], ["-x^2", -(x ** 2)], ["x/2x", (x / 2) * x], ["2e3", 2000],
  ["sin x", Math.sin(x)], ["sin2x", Math.sin(2 * x)], ["xsinx", x * Math.sin(x)], ["sin x cos x", Math.sin(x) * Math.cos(x)],
  ["sin^2 x", Math.sin(x) ** 2], ["sin²(x)", Math.sin(x) ** 2], ["sin(x)²", Math.sin(x) ** 2], ["sin^-1(0.5)", Math.asin(0.5)],
  ["ln x^2", Math.log(x ** 2)], ["log(x)", Math.log(x)], ["log10 x", Math.log10(x)], ["e^x", Math.exp(x)], ["xe^(-x)", x * Math.exp(-x)],
  ["exp(x)", Math.exp(x)], ["√x", Math.sqrt(x)], ["√(x+1)", Math.sqrt(x + 1)], ["|x - 3|", 1.5], ["2|x|", 3], ["π/6", Math.PI / 6],
  ["pi x", Math.PI * x], ["theta", theta], ["θ^2", theta ** 2], ["ϑ", theta], ["w[0]", w0], ["w0", w0], ["w_0", w0], ["w₀", w0],
  ["αx", 1.1 * x], ["x(x+1)", x * (x + 1)], ["[x+1]{2}", 2 * (x + 1)], ["atan2(x1, x2)", Math.atan2(x1, x2)], ["max(x, 2, 5)", 5],
  ["x**2", x ** 2], ["sin x e^x", Math.sin(x) * Math.exp(x)], ["sin x (x+1)", Math.sin(x) * (x + 1)], ["sin 2(x+1)", Math.sin(2 * (x + 1))],
  ["sin -2x", Math.sin(-2 * x)], ["sin 2πx", Math.sin(2 * Math.PI * x)], ["d/dx (x+1)^2", 2 * (x + 1)], ["d(x^2)/dx", 2 * x], ["∂(x^2)/∂x", 2 * x], ["d/dx(x^2)", 2 * x], ["d/dx x^2", 2 * x], ["∂/∂x₁(x₁³)", 3 * x1 ** 2], ["(x^2)'", 2 * x], ["D(x^3)", 3 * x ** 2],
  ["D_x(x^3)", 3 * x ** 2], ["d/dx(d/dx(x^3))", 6 * x], ["((x^3)')′", 6 * x], ["sec x", 1 / Math.cos(x)], ["sigmoid(0)", 0.5],
]);

test("ordinary mathematics is read", () => {
  for (const [text, expected] of READ) assert.ok(Math.abs(read(text) - expected) < 1e-12 * Math.abs(expected), text);
});

test("LaTeX is read as it is typeset", () => {
  for (const [text, expected] of /** @type {[string, number][]} */ ([
    ["\\frac{x}{2}", x / 2], ["\\dfrac1x", 1 / x], ["\\frac{1}x", 1 / x], ["x^\\frac{1}{2}", Math.sqrt(x)], ["\\frac\\pi2", Math.PI / 2],
    ["x^{2}", x ** 2], ["2x\\cos x", 2 * x * Math.cos(x)], ["\\cos x\\sin x", Math.cos(x) * Math.sin(x)], ["\\sin^{2}{x}", Math.sin(x) ** 2],
    ["\\left(1-x^{2}\\right)^{-1}", 1 / (1 - x ** 2)], ["\\left|x-3\\right|", 1.5], ["\\lvert x-3\\rvert", 1.5], ["2\\cdot x\\,x_1", 2 * x * x1],
    ["\\sqrt{x+1}", Math.sqrt(x + 1)], ["\\sqrt[3]{x}", Math.cbrt(x)], ["\\sqrt2x", Math.SQRT2 * x], ["\\theta x_{1}", theta * x1], ["x\\vartheta", x * theta],
    ["\\operatorname{sech}^2 x", 1 / Math.cosh(x) ** 2], ["\\mathrm{e}^{-x}", Math.exp(-x)], ["\\tan^{-1}x", Math.atan(x)], ["\\log_{10} x", Math.log10(x)],
    ["\\frac{d}{dx}(x^2)", 2 * x], ["\\frac{\\mathrm{d}}{\\mathrm{d}x}(x^2)", 2 * x], ["\\frac{\\partial}{\\partial x_1} x_1^3", 3 * x1 ** 2],
    ["\\frac{d(x^2)}{dx}", 2 * x], ["\\max\\{x, 2\\}", 2], ["\\max{\\left(x, 2\\right)}", 2], ["$\\ln x$.", Math.log(x)], ["\\(2\\alpha\\)", 2.2], ["½x", x / 2], ["2½", 2.5],
  ])) {
    assert.ok(Math.abs(read(text) - expected) < 1e-12 * Math.abs(expected), text);
  }
});

test("what is read can be written and read again", () => {
  for (const [text] of READ) {
    const tree = parse(text, NAMES, 4);
    const again = textOf(tree, TEXTS);
    assert.ok(Math.abs(read(again) - value(tree)) <= 1e-12 * Math.abs(value(tree)), `${text} → ${again}`);
  }
});

test("what cannot be read is refused with a sentence", () => {
  for (const [text, message] of /** @type {[string, RegExp][]} */ ([
    ["", /Type an expression/], ["x4", /There is no x4 here: the names are x₁.*x\^4/], ["foo(x)", /There is no foo/],
    ["(x", /not closed/], ["x)", /was not opened/], ["x+", /missing after \+/], ["*x", /missing before \*/], ["()", /nothing between/],
    ["0,5", /point: 0\.5/], ["sin(0,5)", /point: 0\.5/], ["x, 1", /between arguments only/], ["sin", /needs an argument/],
    ["max(x)", /takes two arguments/], ["3.5.2", /sign is missing between 3\.5 and \.2/], ["x?", /sign \?/], ["|x", /not closed/],
    ["\\frac{1}", /lacks its argument/], ["\\begin{x}", /begin cannot be read/], ["\\frac{1}{2", /not closed/], ["x".repeat(3000), /longer than/], ["(".repeat(500), /too many brackets/], ["-".repeat(500) + "x", /too many signs/],
    ["d/dα(x)", /There is no α|names are/], ["constructor", /There is no constructor/], ["__proto__", /There is no|cannot be read/],
    ["x''''''", /At most 3 derivatives/], ["D(D(D(D(x))))", /At most 3 derivatives/], ["x".repeat(1900), /There is no/],
  ])) {
    assert.throws(() => parse(text, NAMES, 4), message, text.slice(0, 20));
  }
});

test("a line may have several sides, and a left-hand side", () => {
  for (const [line, sides] of /** @type {[string, number][]} */ ([
    ["2x", 1], ["= 2x", 1], ["∂f₁/∂x = 2x", 1], ["f'(x) = 2x", 1], ["d/dx(x^2) = 2x = x + x", 3],
    ["\\frac{\\partial f}{\\partial x} = 2x", 1], ["J₁₁ = 2x", 1], ["f_x = 2x", 1],
    ["=> 2x.", 1], ["⇒ 2x", 1],
  ])) {
    assert.equal(parseLine(line, NAMES, 4).length, sides, line);
  }
});

test("names that are alike are told apart by their exact spelling", () => {
  const both = new Names([
    { spellings: ["x1"], text: "x1", node: variable(0) },
    { spellings: ["x[1]", "x₁"], text: "x₁", node: variable(1) },
  ]);
  assert.equal(parse("x[1]", both, 0).index, 1);
  assert.equal(parse("x1", both, 0).index, 0);
  assert.equal(parse("x_1", both, 0).index, 0);
});
