"""The judge in the browser's code, run by Node.js: derivatives, verdicts, named mistakes, hints."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

import jacmagic
from jacmagic.symbolic.graph import OPERATIONS, Graph, differentiate, write_tape
from jacmagic.symbolic.graph.derivatives import PARTIALS
from jacmagic.view.exercise.traits import BROWSER, function_of

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "jacmagic" / "view" / "static"
F64 = torch.float64

DERIVATIVES = """
import { readFileSync } from "node:fs";
import { differentiate, NUMBERS, partials } from "%(static)s/quiz_partials.mjs";
import { meaning, node, variable } from "%(static)s/quiz_tree.mjs";
import { bounded } from "%(static)s/quiz_values.mjs";
const found = JSON.parse(readFileSync(0, "utf8")).map(([op, points]) => points.map((point) => {
  const slopes = partials(NUMBERS, op, meaning(op)(...point), point);
  const tree = node(op, ...point.map((_, k) => variable(k)));
  const trees = point.map((_, k) => bounded([differentiate(tree, k)], point).found[0].value);
  return [slopes.map((slope) => slope ?? 0), trees].map((row) => row.map(String));
}));
console.log(JSON.stringify(found));
"""


def run_node(script: str, data: object, *arguments: str) -> object:
    """Return what a script for Node.js writes about some data."""
    node = shutil.which("node")
    assert node, "node is needed: apt-get install nodejs"
    command = [node, "--input-type=module", "-e", script] if not arguments else [node, *arguments]
    made = subprocess.run(
        command, input=json.dumps(data), capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def in_python(operation: str, point: list[float]) -> list[float]:
    """Return the partial derivatives of an operation as the graph has them."""
    graph = Graph()
    inputs = [graph.variable(f"v{k}") for k in range(len(point))]
    (row,) = differentiate(graph, [graph.node(operation, *inputs)], inputs)
    nodes = [row.get(k, 0) for k in range(len(inputs))]
    return write_tape(graph, nodes, inputs).evaluate(point)


def test_each_operation_has_the_derivative_that_python_has():
    """Dual numbers and trees agree with the graph's table at random points, for each operation."""
    names = sorted(set(PARTIALS) & BROWSER)
    assert {*BROWSER} - set(PARTIALS) == {n for n in OPERATIONS if OPERATIONS[n].condition} | {
        "where"
    }
    draw = Random(3)
    jobs = []
    for name in names:
        lows = {"acosh": 1.1, "polygamma": 1, "log": 0.1, "sqrt": 0.1, "pow": 0.2}
        high = 0.9 if name in ("asin", "acos", "atanh") else 3.0
        arity, low = OPERATIONS[name].arity, lows.get(name, -0.9 if high < 1 else -3.0)
        points = [[draw.uniform(low, high) for _ in range(arity)] for _ in range(6)]
        if name == "polygamma":
            points = [[1.0, abs(point[1])] for point in points]
        jobs.append([name, points])
    found = run_node(DERIVATIVES % {"static": STATIC.as_uri()}, jobs)
    for (name, points), rows in zip(jobs, found, strict=True):
        for point, (duals, trees) in zip(points, rows, strict=True):
            expected = in_python(name, point)
            count = 1 if name == "mod" else len(expected)
            for values in (duals, trees):
                numbers = [float(one.replace("Infinity", "inf")) for one in values]
                assert np.allclose(numbers[:count], expected[:count], rtol=1e-11), (name, point)


# ── verdicts ──────────────────────────────────────────────────────────────────────────────────


def scalars(*numbers: float) -> tuple[torch.Tensor, ...]:
    """Return scalar tensors."""
    return tuple(torch.tensor(one, dtype=F64) for one in numbers)


def judged(jacobian: jacmagic.Jacobian, answers: list[tuple]) -> list[dict]:
    """Return the results of answers (row, column, line, line …)."""
    asked = [{"exercise": 0, "row": i, "column": j, "lines": lines} for i, j, *lines in answers]
    data = {"exercises": [function_of(jacobian)], "answers": asked}
    return run_node("", data, str(ROOT / "tools" / "judge.mjs"))


def composed() -> jacmagic.Jacobian:
    """Return a Jacobian of products, chains, quotients and powers, with a named constant."""

    def g(x, y, alpha=1.1):
        return (
            alpha * x * torch.sin(x**2 * y) / (1 + y),
            torch.exp(-x * y) * torch.cos(x),
            torch.sqrt(1 + x**2),
            (2 * x + 1) ** 3,
            torch.log(x**2 + 1),
        )

    return jacmagic.jacobian(g, scalars(1.5, 2))


RIGHT = [
    (0, 0, "α/(1+y) (sin(x²y) + 2x²y cos(x²y))"),
    (0, 1, "alpha x (x^2 cos(x^2 y)(1+y) - sin(x^2 y))/(1+y)^2"),
    (0, 0, r"\frac{\alpha}{1+y}\left(\sin(x^{2}y)+2x^{2}y\cos(x^{2}y)\right)"),
    (1, 0, "-y e^(-xy) cos x - e^(-xy) sin x"),
    (1, 0, "-exp(-x*y)*(y*cos(x) + sin(x))"),
    (2, 0, "x/√(1+x²)"),
    (3, 0, "24x² + 24x + 6"),
    (3, 1, "0"),
    (4, 0, "2x/(x²+1)"),
    (1, 0, "d/dx(e^(-xy)) cos x + e^(-xy) (cos x)'", "-y e^(-xy) cos x - e^(-xy) sin x"),
    (3, 0, "D((2x+1)^3) = 3(2x+1)^2 d/dx(2x+1) = 6(2x+1)^2"),
]
WRONG = [
    (0, 0, "α/(1+y) (sin(x²y) + x cos(x²y))", "inner derivative", "derivative of x²·y"),
    (0, 0, "α/(1+y) 2xy cos(x²y)", "product rule", "product of the derivatives"),
    (0, 1, "α x (sin(x²y) - x² cos(x²y)(1+y))/(1+y)²", "quotient rule", "other order"),
    (1, 0, "-y e^(-xy) cos x + e^(-xy) sin x", "product rule", "u′v − uv′"),
    (1, 1, "-y e^(-xy) cos x - e^(-xy) sin x", "variable", "by x, not by y"),
    (2, 0, "1/(2√(1+x²))", "inner derivative", "Chain rule"),
    (2, 0, "2x/√(1+x²)", "factor", "without the 2"),
    (3, 0, "6(2x+1)^3", "power", "not lowered"),
    (3, 0, "2(2x+1)^2", "power", "without the exponent as a factor"),
    (3, 0, "(2x+1)^3", "function itself", "itself"),
    (3, 0, "0", "zero", "depends on x"),
    (4, 0, "0.923", "number at the point", "as a function of x"),
    (4, 0, "1/(x²+1)", "inner derivative", "derivative of x² + 1"),
    (4, 0, "2x/(x²+1) + 3", "extra term", "added"),
    (4, 0, "2x/x²+1", "brackets", "below"),
    (1, 0, "-e^(-xy) ((x + y) cos x + sin x)", "constant", "y is a constant"),
    (1, 0, "-e^(-xy) (y cos 2x - x + sin x)", "brackets", "argument"),
    (1, 0, "-y e^-xy cos x - e^(-xy) sin x", "brackets", "exponent"),
    (0, 0, "α/(1+y) (sin(x²y) + 2x²y cos(x²))", "argument", "cos(x²)"),
]
DOUBT = [
    (4, 0, "", "unread", "Type an expression"),
    (4, 0, "2z/(x²+1)", "unread", "There is no z here: the names are x, y, α"),
    (4, 0, "1/0", "doubt", "no value near the point"),
    (3, 0, "5.999(2x+1)^2", "doubt", "exact numbers"),
    (
        0,
        1,
        "1.1 x (x² cos(x²y)(1+y) - α/1.1 sin(x²y))/(1+y)²",
        "doubt",
        "values of the constants only",
    ),
]


def test_right_answers_in_other_forms_are_right():
    """Expanded, factored, by other functions, line by line: each is right."""
    for answer, result in zip(RIGHT, judged(composed(), RIGHT), strict=True):
        assert result["verdict"] == "right", (answer, result)


def test_mistakes_are_named():
    """Each mistake has its kind and a sentence in the function's own terms."""
    answers = [(i, j, line) for i, j, line, *_ in WRONG]
    for answer, result in zip(WRONG, judged(composed(), answers), strict=True):
        assert (result["verdict"], result["kind"]) == ("wrong", answer[3]), (answer, result)
        assert answer[4] in result["text"]


def test_what_is_neither_right_nor_wrong_says_why():
    """Unread text, no value near the point, rounded numbers."""
    answers = [(i, j, line) for i, j, line, *_ in DOUBT]
    for answer, result in zip(DOUBT, judged(composed(), answers), strict=True):
        assert result["verdict"] == answer[3] and answer[4] in result["text"], (answer, result)


def test_the_first_wrong_line_is_named_from_the_line_before():
    """The chain rule is forgotten in the second line, after a right first one."""
    lines = ("d/dx(e^(-xy)) cos x + e^(-xy) d/dx(cos x)", "e^(-xy) cos x - e^(-xy) sin x")
    (result,) = judged(composed(), [(1, 0, *lines)])
    assert result["kind"] == "inner derivative" and "−x·y" in result["text"]


def test_a_matrix_a_kink_and_a_small_domain_are_judged():
    """Components of a matrix have names; near a kink, the branch of the point counts."""
    w = torch.tensor([[0.7, 0.2], [0.1, 0.4]], dtype=F64)
    J = jacmagic.jacobian(lambda w: torch.relu(w[0]).sum() * w[1, 0], w)
    answers = [(0, 0, "w[1,0]"), (0, 1, "w10"), (0, 2, "w_00 + w₀₁"), (0, 3, "0")]
    assert [one["verdict"] for one in judged(J, answers)] == ["right"] * 4
    J = jacmagic.jacobian(lambda theta: torch.log(theta), scalars(math.pi / 6)[0])
    found = judged(J, [(0, 0, "1/θ"), (0, 0, "1/theta"), (0, 0, "1/θ²")])
    assert [one["verdict"] for one in found] == ["right", "right", "wrong"]


@pytest.mark.parametrize("kind", ["entries", "steps", "rules"])
def test_a_page_carries_the_function_and_no_derivative(kind, tmp_path):
    """The tape has sin and no cos; the right rules are hashes; nothing else is derived."""
    from jacmagic.view.exercise.traits import traits_of

    def g(x, y):
        return torch.sin(x) * y**2, torch.exp(x * y)

    exercise = jacmagic.jacobian(g, scalars(1.5, 2)).quiz(kind)
    text = json.dumps(traits_of(exercise))
    assert "sin" in text
    names = {name for name, *_ in traits_of(exercise)["exercise"]["tape"]["operations"]}
    assert names == {"sin", "mul", "pow", "exp"}
    if kind != "rules":  # whose choices are names of functions
        assert "cos" not in text
    assert "answer" not in text
    page = exercise.save_html(tmp_path / "page.html").read_text("utf-8")
    assert "jm-packed" in page and len(page) < 100_000
