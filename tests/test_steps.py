"""The derivation steps: every rule has a sample, every result is the derivative, every end is the entry."""

from __future__ import annotations

import random

import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import jacmagic
from jacmagic.errors import PointError
from jacmagic.formula import tex
from jacmagic.steps import OUTER, RULES, derive

x, y = sympy.symbols("x y", real=True)

SAMPLES = {
    "constant": y,
    "variable": x,
    "sum": x**2 + y,
    "constant factor": 3 * sympy.sin(x),
    "quotient": sympy.sin(x) / (x + y),
    "product": x * sympy.sin(x * y),
    "square root": sympy.sqrt(x**2 + y**2),
    "reciprocal": 1 / (x**2 + 1),
    "power": (x + y) ** 5,
    "exponential to a base": 2**x,
    "general power": (x**2 + 1) ** x,
    "case by case": sympy.Piecewise((x**2, x > 0), (-x, True)),
    "larger or smaller": sympy.Max(x**2, y, evaluate=False),
    "chain rule": sympy.atan2(x * y, x),
    **{
        name: sympy.Mul(1, function(x * y / 3 + (2 if function is sympy.acosh else 0)))
        for function, (name, _, _) in OUTER.items()
    },
}
ENDLESS = sorted({rule.name for rule in RULES})


def holds(step, expression, variable) -> bool:
    """Whether a step's result is the derivative by central differences, at random points."""
    generator = random.Random(1)
    free = sorted(expression.free_symbols, key=str)
    for _ in range(4):
        point = {symbol: generator.uniform(0.2, 0.8) for symbol in free}

        def value(e, at):
            return complex(e.subs(at).evalf())

        h = 1e-6
        above = value(expression, {**point, variable: point.get(variable, 0.5) + h})
        below = value(expression, {**point, variable: point.get(variable, 0.5) - h})
        slope = (above - below) / (2 * h)
        if abs(slope - value(step.result, point)) > 1e-5 * (1 + abs(slope)):
            return False
    return True


@pytest.mark.parametrize("name", ENDLESS)
def test_every_rule_has_a_sample_and_is_right(name):
    """A rule without a sample fails; its result is the derivative and its name is used."""
    expression = SAMPLES[name]
    step = derive(expression, x)
    assert name in {found.rule for _, found in step.walk()} | {step.rule}
    assert holds(step, expression, x)


def test_no_sample_without_a_rule():
    """A sample whose rule is gone fails."""
    assert set(SAMPLES) == set(ENDLESS)


def expressions():
    """Random expressions of two variables."""
    leaves = st.sampled_from([x, y, sympy.Integer(2), sympy.Rational(1, 3)])

    def grow(inner):
        return st.one_of(
            st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
            st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
            st.tuples(inner, inner).map(lambda p: p[0] / (1 + p[1] ** 2)),
            inner.map(sympy.sin),
            inner.map(sympy.tanh),
            inner.map(lambda e: sympy.exp(-(e**2))),
            inner.map(lambda e: sympy.sqrt(1 + e**2)),
        )

    return st.recursive(leaves, grow, max_leaves=6)


@settings(max_examples=60, deadline=None)
@given(expressions())
def test_random_expressions(expression):
    """For any expression the assembled result is the derivative."""
    step = derive(expression, x)
    difference = step.result - sympy.diff(expression, x)
    for a, b in ((0.3, 0.7), (1.1, -0.4)):
        assert abs(complex(difference.subs({x: a, y: b}).evalf())) < 1e-9


def test_one_line_reads_like_a_board():
    """Before, with the inner derivative still to do, and after stand in one chain."""
    step = derive(sympy.sin(x**2), x)
    assert step.line == (
        r"\frac{\partial}{\partial x} \left(\sin{\left(x^{2} \right)}\right) = "
        r"\cos{\left(x^{2} \right)} \frac{\partial}{\partial x} \left(x^{2}\right) = "
        r"2 x \cos{\left(x^{2} \right)}"
    )
    assert [found.rule for _, found in step.walk()] == ["sine", "power"]


def test_text_form():
    """In a terminal each step is a line, indented by depth."""
    assert derive(sympy.sin(x**2), x).text.splitlines() == [
        "sine: d/dx (sin(x**2)) = 2*x*cos(x**2)",
        "  power: d/dx (x**2) = 2*x",
    ]


def test_steps_of_a_jacobian_end_in_its_entry():
    """The first line ends in the entry shown, the numbers put in, and the value."""
    point = tuple(torch.tensor(v, dtype=torch.float64) for v in (3, 4, 5))
    J = jacmagic.jacobian(lambda x1, x2, x3: (x1 + x2, x3 * x1, x2**3), point)
    assert J.steps(2, 1).line.endswith(r"= 3 x_{2}^{2} = 3 \cdot 4^{2} = 48")
    assert tex(J.formula[2, 1], dict(zip(J.symbols, ["x_{1}", "x_{2}", "x_{3}"], strict=True))) in (
        J.steps(2, 1).line
    )
    assert r"\text{power: }" in J.steps(2, 1).latex


def test_no_formula_no_steps():
    """Without a closed form the steps are refused with the reason."""
    J = jacmagic.jacobian(lambda x: x * torch.rand(()), torch.tensor(1.0))
    with pytest.raises(PointError, match="random"):
        J.steps(0, 0)
