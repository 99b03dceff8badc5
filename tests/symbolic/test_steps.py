"""The derivation of one entry: every rule has a sample, and what the rules assemble is true."""

from __future__ import annotations

import math
import random

import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import jacmagic
from jacmagic.render.mathml import to_mathml
from jacmagic.symbolic.steps import Step, derive
from jacmagic.symbolic.steps.functions import FUNCTIONS
from jacmagic.symbolic.steps.rules import STRUCTURES

x, y, z = sympy.symbols("x y z", real=True)
S = sympy.S

SAMPLES = {
    "constant": y**2,
    "variable": x,
    "sum": x**2 + 3 * x + y,
    "constant factor": 3 * y * sympy.sin(x),
    "softmax": sympy.exp(x * y) / (sympy.exp(x * y) + sympy.exp(y) + sympy.exp(2 * x)),
    "quotient": sympy.sin(x) / (sympy.exp(x) + sympy.exp(y)),
    "product": x**2 * sympy.sin(x) * sympy.log(x + 3),
    "reciprocal": 1 / (1 + x**2),
    "norm": sympy.sqrt(x**2 + (x * y - z) ** 2 + y**2),
    "power": (x * y + 2) ** 5,
    "logarithm of a size": sympy.log(sympy.Abs(x * y - 7)),
    "elementary function": sympy.sin(x * y),
    "constant base": 2 ** (x * y),
    "general power": (x + 1) ** (x * y),
    "cases": sympy.Piecewise((x**2, x > y), (-x, True)),
    "maximum and minimum": sympy.Max(x * y, x + z),
    "several arguments": sympy.atan2(x * y, x + z),
    "table of derivatives": sympy.Integral(sympy.sin(x * z), (z, 0, y)),
}
SHIFTED = {sympy.acosh: 2, sympy.gamma: 1, sympy.loggamma: 1}


def values(expression, seed: int, count: int = 4) -> list[complex]:
    """Return an expression at some random points of (0.2, 0.9)."""
    draw = random.Random(seed)
    points = [{s: draw.uniform(0.2, 0.9) for s in (x, y, z)} for _ in range(count)]
    return [complex(expression.subs(point).doit().evalf()) for point in points]


def assert_is_derivative(step: Step) -> None:
    """Compare a step's result with SymPy's own derivative."""
    ours, theirs = values(step.after, 1), values(step.before.diff(step.symbol), 1)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(other, rel=1e-9, abs=1e-9), (step.before, step.after)


def rules_used(step: Step) -> set[str]:
    """Return the names of all rules in a derivation."""
    return {step.rule}.union(*map(rules_used, step.children))


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure_has_a_sample(name: str) -> None:
    """A rule without a sample fails; the sample is the first that its rule fits, and is true."""
    sample = SAMPLES[name]
    first = next(key for key, rule in STRUCTURES.items() if rule(sample, x) is not None)
    assert first == name
    assert_is_derivative(derive(sample, x))


def test_no_sample_without_a_rule() -> None:
    """A sample whose rule is gone fails."""
    assert set(SAMPLES) == set(STRUCTURES)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_every_function_of_the_table(function: type) -> None:
    """Each function's derivative is true, by itself and inside a chain."""
    shift = SHIFTED.get(function, 0)
    plain, composed = derive(function(x + shift), x), derive(function(x * y - z + shift), x)
    assert FUNCTIONS[function][0] in plain.rule
    assert composed.rule == f"chain rule, {FUNCTIONS[function][0]}"
    for step in (plain, composed):
        if function in (sympy.floor, sympy.ceiling):
            assert step.after == 0  # SymPy leaves these unevaluated
        else:
            assert_is_derivative(step)


@pytest.mark.parametrize(
    "expression",
    [
        sympy.polygamma(0, x + 1),
        sympy.polygamma(2, x * y + 1),
        sympy.besseli(0, x),
        sympy.besselj(1, x * y),
        sympy.atan2(y, x),
        sympy.log(sympy.Abs(sympy.gamma(x + y))),
    ],
)
def test_functions_with_orders(expression) -> None:
    """An order is not a variable: the chain rule goes through the argument that is one."""
    assert_is_derivative(derive(expression, x))


def numbers() -> st.SearchStrategy:
    """Small integers and fractions."""
    return st.sampled_from([S(1), S(2), S(-3), S(1) / 2, S(5) / 3, sympy.pi])


def grown(inner: st.SearchStrategy) -> st.SearchStrategy:
    """Expressions that stay real and finite on (0.2, 0.9)."""
    positive = inner.map(lambda e: 1 + e**2)
    return st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] - p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, positive).map(lambda p: p[0] / p[1]),
        st.tuples(positive, inner).map(lambda p: p[0] ** sympy.tanh(p[1])),
        positive.map(sympy.sqrt),
        positive.map(sympy.log),
        inner.map(sympy.sin),
        inner.map(sympy.tanh),
        inner.map(sympy.atan),
        inner.map(lambda e: sympy.exp(-(e**2))),
        inner.map(sympy.Abs),
        st.tuples(inner, inner).map(lambda p: sympy.Piecewise((p[0], x > y), (p[1], True))),
    )


EXPRESSIONS = st.recursive(st.sampled_from([x, y]) | numbers(), grown, max_leaves=7)


@settings(max_examples=80, deadline=None)
@given(EXPRESSIONS)
def test_any_expression(expression) -> None:
    """Whatever is derived is the derivative, and can be written in LaTeX, MathML and text."""
    expression = sympy.sympify(expression)
    step = derive(expression, x)
    assert_is_derivative(step)
    assert "<math" in to_mathml(step.latex)
    assert step.text.count("\n") + 1 == len(step.equations)


@settings(max_examples=40, deadline=None)
@given(EXPRESSIONS)
def test_results_come_from_the_children_only(expression) -> None:
    """With other children a rule assembles another result: nothing is looked up behind its back."""

    def check(step: Step) -> None:
        applied = step.applied
        assert applied is not None
        afters = tuple(child.after for child in step.children)
        with sympy.core.parameters.distribute(False):
            assert applied.assemble(afters, applied.kept) == step.after
        for child, part in zip(step.children, applied.inner, strict=True):
            assert child.before == part
            check(child)

    check(derive(sympy.sympify(expression), x))


def test_text() -> None:
    """The rule with ∂/∂x still in it, then what it becomes; deeper steps are indented."""
    assert derive(x * sympy.sin(x * y), x).text.splitlines() == [
        "∂/∂x (x*sin(x*y)) = ∂/∂x (x) · sin(x*y) + x · ∂/∂x (sin(x*y))   product",
        "  ∂/∂x (sin(x*y)) = cos(x*y) · ∂/∂x (x*y) = y*cos(x*y)          chain rule, sine",
        "    ∂/∂x (x*y) = y · ∂/∂x (x) = y                               constant factor",
        "∂/∂x (x*sin(x*y)) = x*y*cos(x*y) + sin(x*y)",
    ]


def test_latex() -> None:
    """An aligned block: equations on the left, the rules on the right, ending in the entry."""
    assert derive(sympy.sin(x**2), x, names={x: r"\theta"}).latex.splitlines() == [
        r"\begin{aligned}",
        r"&\frac{\partial}{\partial \theta} \left( \sin{\left(\theta^{2} \right)} \right) = "
        r"\cos{\left(\theta^{2} \right)} \cdot \frac{\partial}{\partial \theta} \left( \theta^{2} "
        r"\right) && \quad \text{chain rule, sine: } "
        r"\left(\sin u\right)' = \cos u \cdot u' \\[1ex]",
        r"&\quad \frac{\partial}{\partial \theta} \left( \theta^{2} \right) = 2 \theta && "
        r"\quad \text{power: } \left(u^{n}\right)' = n u^{n - 1} \\[1ex]",
        r"&\frac{\partial}{\partial \theta} \left( \sin{\left(\theta^{2} \right)} \right) = "
        r"2 \theta \cos{\left(\theta^{2} \right)} && ",
        r"\end{aligned}",
    ]


@pytest.mark.parametrize(
    ("expression", "formula"),
    [
        (sympy.tan(x), r"\left(\tan u\right)' = 1 + \tan^{2} u"),
        (sympy.tan(2 * x), r"\left(\tan u\right)' = \left(1 + \tan^{2} u\right) \cdot u'"),
        (sympy.sign(2 * x), r"\left(\operatorname{sign} u\right)' = 0 \quad (u \neq 0)"),
        (
            sympy.Abs(2 * x - y),
            r"\left(|u|\right)' = \operatorname{sign} u \cdot u' \quad (u \neq 0)",
        ),
        (1 / (1 + x), r"\left(\frac{1}{u}\right)' = -\frac{u'}{u^{2}}"),
        (-sympy.sin(x), "(-u)' = -u'"),
    ],
)
def test_formulas_hold_as_written(expression, formula: str) -> None:
    """What a rule says fits what it does: brackets around sums, conditions at the end."""
    assert derive(expression, x).formula == formula


def test_a_constant_has_one_line() -> None:
    """A derivation that says nothing is not stretched."""
    assert derive(y, x).text == "∂/∂x (y) = 0   constant"
    assert derive(x, x).text == "∂/∂x (x) = 1   variable"


def test_it_ends_in_the_entry_that_is_shown() -> None:
    """Where the entry has another form, the last line says that both are the same."""
    step = derive(2 * x * (x + y), x, entry=4 * x + 2 * y)
    assert step.after == 4 * x + 2 * y
    assert step.text.splitlines()[-1] == "∂/∂x (2*x*(x + y)) = 2*(2*x + y) = 4*x + 2*y"
    assert step.latex.splitlines()[-2].endswith(r"= 4 x + 2 y && ")
    assert derive(x**2, x, entry=2 * x).rule == "power"


def test_repeated_parts_are_derived_once() -> None:
    """A shared part has one step, and is written once."""
    part = sympy.sin(x * y)
    step = derive(part * sympy.exp(part) + sympy.cos(part), x)
    written = [line.text for line in step.equations]
    assert sum(line.strip().startswith("∂/∂x (sin(x*y)) =") for line in written) == 1
    assert len(set(written)) == len(written)


def test_long_derivations_are_cut() -> None:
    """A derivation too long to read ends in a line that says so, and still in the entry."""
    step = derive(sympy.Add(*(sympy.sin(x**k) for k in range(2, 60))), x)
    assert "more steps" in step.equations[-2].rule
    assert step.equations[-1].text.startswith("∂/∂x")


def test_products_of_sums_keep_their_brackets() -> None:
    """A factor that is a sum is in brackets while its neighbour is differentiated."""
    first = derive((x + y) * sympy.exp(x), x).equations[0].latex
    assert r"\left( x + y \right) \cdot \frac{\partial}{\partial x} \left( e^{x} \right)" in first


def test_conditions_of_cases_stay_as_written() -> None:
    """Only products of derivatives carry dots."""
    first = derive(sympy.Max(x * y, 1), x).equations[0].latex
    assert r"\text{for}\: x y > 1" in first


def test_kinks_go_with_the_rule() -> None:
    """Max is the derivative of whichever argument is larger."""
    step = derive(sympy.Max(0, x), x)
    assert step.after.subs(x, 2) == 1 and step.after.subs(x, -2) == 0
    assert math.isclose(derive(sympy.Min(x**2, 4), x).after.subs(x, 1.5), 3)


def test_notebooks_show_it() -> None:
    """A step by itself is displayed as mathematics in a notebook and as lines in a terminal."""
    step = derive(x**2, x)
    assert step._repr_latex_() == f"$$\n{step.latex}\n$$"
    assert str(step) == step.text


def test_the_last_line_ends_in_numbers() -> None:
    """After the derivative come its form in the matrix, the numbers put in, and the value."""
    s = sympy.Symbol("s", real=True)
    step = derive(
        sympy.exp(2 * x),
        x,
        named=2 * s,
        numbers={x: "-0.5", s: r"3.679 \cdot 10^{-1}"},
        value="0.7358",
    )
    assert step.text.splitlines()[-1] == (
        "∂/∂x (exp(2*x)) = 2*exp(2*x) = 2*s = 2*3.679e-1 = 0.7358"
    )
    assert step.equations[-1].latex.endswith(
        r"= 2 s = 2 \cdot \left(3.679 \cdot 10^{-1}\right) = 0.7358"
    )


def test_one_line_derivations_end_in_numbers_too() -> None:
    """A single rule needs no closing line: its own goes on."""
    step = derive(x**3, x, numbers={x: "-4"}, value="48")
    assert step.text == "∂/∂x (x**3) = 3*x**2 = 3*(-4)**2 = 48   power"


def test_a_derivative_above_a_fraction_bar_keeps_its_bracket() -> None:
    """Only a numerator that is a bracket as a whole loses it."""
    step = derive(1 / (x + y + 1), x)
    assert step.equations[0].latex.count(r"\left(") == step.equations[0].latex.count(r"\right)")


def test_plain_text_keeps_denominators_together() -> None:
    """Without a fraction bar, what stands below needs brackets."""
    step = derive(sympy.sin(x) / (1 + x**2), x)
    assert step.text.splitlines()[0].startswith(
        "∂/∂x (sin(x)/(x**2 + 1)) = "
        "(∂/∂x (sin(x)) · (x**2 + 1) - sin(x) · ∂/∂x (x**2 + 1))/(x**2 + 1)**2"
    )


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.nn.functional.softshrink(x, 0.3).abs().amax(),
        lambda x: torch.where(x > 0, x.sin(), x.relu()).amin(),
        lambda x: torch.maximum(x, x.flip(0)).clamp(-0.2, 0.6).prod(),
        lambda x: torch.nn.functional.hardtanh(x * 2).amax(),
    ],
)
def test_cases_within_conditions_are_derived(function):
    """Conditions that contain cases themselves are typeset as they are, not solved."""
    J = jacmagic.jacobian(function, torch.tensor([0.7, -0.3, 0.2], dtype=torch.float64))
    for column in range(3):
        text = J.steps(0, column).text
        assert text.splitlines()[0].startswith("∂"), text
