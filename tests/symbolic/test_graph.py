"""The expression graph: folding stays exact, every operation's derivative is right, tapes agree."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from jacmagic.function.deadline import Deadline
from jacmagic.symbolic.graph import (
    ONE,
    OPERATIONS,
    ZERO,
    BudgetExceeded,
    Graph,
    differentiate,
    write_tape,
)
from jacmagic.symbolic.graph.derivatives import PARTIALS
from jacmagic.symbolic.graph.numbers import exact

# For every operation two or more points inside smooth pieces, where a difference quotient means
# something; for conditions, points and nothing more.
SAMPLES: dict[str, list[tuple[float, ...]]] = {
    "add": [(1.5, -2.25), (0.0, 3.0)],
    "sub": [(1.5, -2.25), (0.0, 3.0)],
    "mul": [(1.5, -2.25), (0.0, 3.0)],
    "div": [(1.5, -2.25), (0.0, 3.0)],
    "neg": [(1.5,), (-0.5,)],
    "pow": [(1.5, 2.5), (0.75, -1.25), (2.0, 0.0)],
    "sqrt": [(2.0,), (0.01,)],
    "exp": [(1.5,), (-3.0,)],
    "log": [(1.5,), (0.02,)],
    "expm1": [(1.5,), (-1e-9,)],
    "log1p": [(1.5,), (-0.98,)],
    "sin": [(0.3,), (-4.0,)],
    "cos": [(0.3,), (-4.0,)],
    "tan": [(0.3,), (-4.0,)],
    "asin": [(0.3,), (-0.9,)],
    "acos": [(0.3,), (-0.9,)],
    "atan": [(0.3,), (-9.0,)],
    "atan2": [(0.3, 0.8), (-1.0, -2.0), (2.0, -0.5)],
    "sinh": [(0.3,), (-2.0,)],
    "cosh": [(0.3,), (-2.0,)],
    "tanh": [(0.3,), (-2.0,)],
    "asinh": [(0.3,), (-2.0,)],
    "acosh": [(1.3,), (4.0,)],
    "atanh": [(0.3,), (-0.9,)],
    "sigmoid": [(0.3,), (-2.0,)],
    "erf": [(0.3,), (-1.2,)],
    "erfc": [(0.3,), (-1.2,)],
    "lgamma": [(0.3,), (4.5,), (-0.4,)],
    "digamma": [(0.3,), (4.5,), (-0.4,)],
    "polygamma": [(1.0, 0.7), (2.0, 3.5)],
    "i0": [(0.3,), (-2.0,)],
    "i1": [(0.3,), (-2.0,)],
    "j0": [(0.3,), (-2.0,)],
    "j1": [(0.3,), (-2.0,)],
    **{name: [(0.7,), (5.5,), (41.0,)] for name in ("y0", "y1")},
    **{name: [(0.3,), (2.5,), (41.0,)] for name in ("k0", "k1")},
    "erfinv": [(0.3,), (-0.8,), (0.05,)],
    "zeta": [(2.5, 1.3), (3.0, 0.4), (3.0, -0.4)],
    "gammainc": [(2.5, 1.3), (0.7, 4.0)],
    "gammaincc": [(2.5, 1.3), (0.7, 4.0)],
    "abs": [(0.3,), (-2.0,)],
    "sign": [(0.3,), (-2.0,)],
    "floor": [(0.3,), (-2.6,)],
    "ceil": [(0.3,), (-2.6,)],
    "mod": [(5.3, 2.0), (-5.3, 2.0), (5.3, -2.0)],
    "relu": [(0.3,), (-2.0,)],
    "max": [(0.3, 2.0), (2.0, 0.3)],
    "min": [(0.3, 2.0), (2.0, 0.3)],
    "clamp": [(0.3, -1.0, 1.0), (-2.0, -1.0, 1.0), (2.0, -1.0, 1.0)],
    "where": [(1.0, 0.3, 0.7), (0.0, 0.3, 0.7)],
    **{name: [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0)] for name in ("lt", "le", "gt", "ge", "eq", "ne")},
    "and": [(1.0, 0.0), (1.0, 1.0)],
    "or": [(1.0, 0.0), (0.0, 0.0)],
    "not": [(1.0,), (0.0,)],
}
# a condition, an integer, and orders by which there is no closed form
WITHOUT_SLOPE = {(name, 0) for name in ("where", "polygamma", "zeta", "gammainc", "gammaincc")}


def quotient(function: Callable[..., float], point: tuple[float, ...], j: int) -> float:
    """∂function/∂argument j by Richardson's extrapolation of central differences."""

    def central(step: float) -> float:
        up, down = list(point), list(point)
        up[j] += step
        down[j] -= step
        return (function(*up) - function(*down)) / (2 * step)

    h = 1e-3 * max(1.0, abs(point[j])) * (0.1 if abs(point[j]) < 0.1 else 1)
    return (64 * central(h / 4) - 20 * central(h / 2) + central(h)) / 45


def value_of(graph: Graph, node: int, inputs: list[int], point: tuple[float, ...]) -> float:
    """One node's value at a point."""
    return write_tape(graph, [node], inputs).evaluate(point)[0]


def test_every_operation_has_a_sample_and_every_sample_an_operation() -> None:
    """The table of samples and the table of operations name the same things."""
    assert set(SAMPLES) == set(OPERATIONS)


def test_every_operation_has_partials_unless_it_is_a_condition() -> None:
    """Only truth values and the choice between two values stand outside the table of partials."""
    conditions = {name for name, operation in OPERATIONS.items() if operation.condition}
    assert set(PARTIALS) == set(OPERATIONS) - conditions - {"where"}


@pytest.mark.parametrize("name", SAMPLES)
def test_arity_and_kind_are_as_declared(name: str) -> None:
    """Each sample has as many numbers as the operation takes; conditions give 0 or 1."""
    operation = OPERATIONS[name]
    for point in SAMPLES[name]:
        assert len(point) == operation.arity
        if operation.condition:
            assert operation.evaluate(*point) in (0, 1)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("constants", [False, True])
def test_derivatives_agree_with_difference_quotients(name: str, constants: bool) -> None:
    """∂op/∂argument equals a difference quotient, with the other arguments variables or numbers."""
    evaluate, arity = OPERATIONS[name].evaluate, OPERATIONS[name].arity
    for point in SAMPLES[name]:
        for j in range(arity):
            if (name, j) in WITHOUT_SLOPE or OPERATIONS[name].condition:
                continue
            graph = Graph()
            variables = [graph.variable(f"v{k}") for k in range(arity)]
            nodes = [
                graph.number(point[k]) if (name, k) in WITHOUT_SLOPE or (constants and k != j)
                else variables[k]
                for k in range(arity)
            ]  # fmt: skip
            row = differentiate(graph, [graph.apply(name, *nodes)], variables)[0]
            found = value_of(graph, row.get(j, ZERO), variables, point)
            expected = quotient(evaluate, point, j)
            assert found == pytest.approx(expected, rel=2e-8, abs=2e-9), (name, point, j)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_condition_carries_no_derivative(name: str) -> None:
    """Comparisons and connectives of variables have an empty row."""
    if OPERATIONS[name].condition:
        graph = Graph()
        variables = [graph.variable(f"v{k}") for k in range(OPERATIONS[name].arity)]
        assert differentiate(graph, [graph.apply(name, *variables)], variables) == [{}]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("odd", [0.0, -0.0, math.inf, -math.inf, math.nan, -1.0, 1e300, 1e-300])
def test_no_evaluator_raises(name: str, odd: float) -> None:
    """Every operation answers every float with a number."""
    operation = OPERATIONS[name]
    if name == "polygamma":
        assert isinstance(float(operation.evaluate(1.0, odd)), float)
    else:
        assert isinstance(float(operation.evaluate(*[odd] * operation.arity)), float)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("div", (1.0, 0.0), math.inf),
        ("log", (0.0,), -math.inf),
        ("sqrt", (-1.0,), math.nan),
        ("exp", (1000.0,), math.inf),
        ("pow", (0.0, -1.0), math.inf),
        ("pow", (-8.0, 1 / 3), math.nan),
        ("sigmoid", (-800.0,), 0.0),
        ("max", (math.nan, 1.0), math.nan),
        ("i0", (800.0,), math.inf),
        ("i1", (-800.0,), -math.inf),
        ("mod", (-1.0, 3.0), 2.0),
        ("y0", (0.0,), -math.inf),
        ("y1", (-1.0,), math.nan),
        ("k0", (0.0,), math.inf),
        ("k1", (800.0,), 0.0),
        ("erfinv", (1.0,), math.inf),
        ("erfinv", (1.5,), math.nan),
        ("zeta", (1.0, 2.0), math.inf),
        ("zeta", (0.5, 2.0), math.nan),
        ("gammainc", (2.0, 0.0), 0.0),
        ("gammaincc", (2.0, math.inf), 0.0),
        ("gammainc", (-1.0, 1.0), math.nan),
    ],
)
def test_evaluators_follow_ieee_754(
    name: str, arguments: tuple[float, ...], expected: float
) -> None:
    """Poles, domains and overflow give infinities and nan, as torch gives them."""
    assert OPERATIONS[name].evaluate(*arguments) == pytest.approx(expected, nan_ok=True)


# ── numbers ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.5, Fraction(1, 2)),
        (0.1, Fraction(1, 10)),
        (1 / 3, Fraction(1, 3)),
        (8 / 3, Fraction(8, 3)),
        (9.81, Fraction(981, 100)),
        (3.0, 3),
        (-0.0, 0),
        (True, 1),
        (6.674e-11, Fraction(6674, 10**14)),
        (math.pi, math.pi),
        (math.inf, math.inf),
    ],
)
def test_numbers_are_what_a_person_meant(value: float, expected: float | Fraction) -> None:
    """Short decimals and simple fractions become exact, irrational numbers stay floats."""
    assert exact(value) == expected
    assert type(exact(value)) is type(expected)


@given(st.floats(allow_nan=False))
def test_an_exact_number_is_the_same_float(value: float) -> None:
    """However a number is understood, it converts back to the float that was given."""
    assert float(exact(value)) == value


def test_sums_of_decimals_are_exact() -> None:
    """0.1 + 0.2 is 3/10, and 1/3 · 3 is 1."""
    g = Graph()
    assert g.value(g.add(g.number(0.1), g.number(0.2))) == Fraction(3, 10)
    assert g.mul(g.number(1 / 3), g.number(3)) == ONE


def test_nan_is_one_node_and_zero_has_no_sign() -> None:
    """Equal numbers are one node, also those that do not equal themselves."""
    g = Graph()
    assert g.number(math.nan) == g.number(math.nan)
    assert g.number(-0.0) == ZERO
    assert g.number(1.0) == ONE == g.number(True)


def test_exact_numbers_that_grow_too_long_become_floats() -> None:
    """Powers of large numbers overflow to floats and infinities instead of filling memory."""
    g = Graph()
    big = g.pow(g.number(10**14), g.number(10))
    assert g.value(big) == 1e140
    assert isinstance(g.value(big), float)
    assert g.value(g.pow(g.number(10**14), g.number(60))) == math.inf
    assert g.value(g.pow(g.number(-(10**14)), g.number(61))) == -math.inf


# ── building ──────────────────────────────────────────────────────────────────────────────────


def folds() -> list[tuple[str, Callable[[Graph, int, int], int], Callable[[Graph, int, int], int]]]:
    """Pairs of constructions that must be one node."""
    two = lambda g: g.number(2)  # noqa: E731 - a table of formulas reads better
    return [
        ("x + 0 = x", lambda g, x, y: g.add(x, ZERO), lambda g, x, y: x),
        ("0 + x = x", lambda g, x, y: g.add(ZERO, x), lambda g, x, y: x),
        ("x + (−y) = x − y", lambda g, x, y: g.add(x, g.neg(y)), lambda g, x, y: g.sub(x, y)),
        ("x − (−y) = x + y", lambda g, x, y: g.sub(x, g.neg(y)), lambda g, x, y: g.add(x, y)),
        ("x − x = 0", lambda g, x, y: g.sub(x, x), lambda g, x, y: ZERO),
        ("0 − x = −x", lambda g, x, y: g.sub(ZERO, x), lambda g, x, y: g.neg(x)),
        ("−(−x) = x", lambda g, x, y: g.neg(g.neg(x)), lambda g, x, y: x),
        ("1·x = x", lambda g, x, y: g.mul(ONE, x), lambda g, x, y: x),
        ("x·0 = 0", lambda g, x, y: g.mul(x, ZERO), lambda g, x, y: ZERO),
        ("x·2 = 2·x", lambda g, x, y: g.mul(x, two(g)), lambda g, x, y: g.mul(two(g), x)),
        (
            "2·(2·x) = 4·x",
            lambda g, x, y: g.mul(two(g), g.mul(two(g), x)),
            lambda g, x, y: g.mul(g.number(4), x),
        ),
        ("(−x)·y = −(x·y)", lambda g, x, y: g.mul(g.neg(x), y), lambda g, x, y: g.neg(g.mul(x, y))),
        ("(1/x)·y = y/x", lambda g, x, y: g.mul(g.div(ONE, x), y), lambda g, x, y: g.div(y, x)),
        ("x/1 = x", lambda g, x, y: g.div(x, ONE), lambda g, x, y: x),
        ("x/(−1) = −x", lambda g, x, y: g.div(x, g.number(-1)), lambda g, x, y: g.neg(x)),
        ("x⁰ = 1", lambda g, x, y: g.pow(x, ZERO), lambda g, x, y: ONE),
        ("x¹ = x", lambda g, x, y: g.pow(x, ONE), lambda g, x, y: x),
        ("x^½ = √x", lambda g, x, y: g.pow(x, g.number(0.5)), lambda g, x, y: g.apply("sqrt", x)),
        ("x + y twice", lambda g, x, y: g.apply("add", x, y), lambda g, x, y: g.add(x, y)),
        (
            "¬(x < y) = x ≥ y",
            lambda g, x, y: g.negate(g.apply("lt", x, y)),
            lambda g, x, y: g.apply("ge", x, y),
        ),
        (
            "¬¬(x ∧ y)",
            lambda g, x, y: g.negate(g.negate(g.apply("and", x, y))),
            lambda g, x, y: g.apply("and", x, y),
        ),
        ("x where true", lambda g, x, y: g.where(ONE, x, y), lambda g, x, y: x),
        ("y where false", lambda g, x, y: g.where(ZERO, x, y), lambda g, x, y: y),
        ("x either way", lambda g, x, y: g.where(g.apply("lt", x, y), x, x), lambda g, x, y: x),
    ]


@pytest.mark.parametrize(("law", "one", "other"), folds(), ids=[fold[0] for fold in folds()])
def test_equal_forms_are_one_node(
    law: str, one: Callable[[Graph, int, int], int], other: Callable[[Graph, int, int], int]
) -> None:
    """Each law of folding gives the very same node."""
    g = Graph()
    x, y = g.variable("x"), g.variable("y")
    assert one(g, x, y) == other(g, x, y), law


def test_the_users_form_survives() -> None:
    """Nothing is expanded or sorted: x3*x1 stays in this order, a product of sums unexpanded."""
    g = Graph()
    x1, x3 = g.variable("x1"), g.variable("x3")
    product = g.mul(x3, x1)
    assert g.operands(product) == (x3, x1)
    assert product != g.mul(x1, x3)
    assert g.operations[g.mul(g.add(x1, x3), x1)] == "mul"


def test_arguments_come_before_the_nodes_that_use_them() -> None:
    """The order of nodes is topological, and reach lists it in that order."""
    g = Graph()
    x = g.variable("x")
    root = g.total(g.pow(x, g.number(k)) for k in range(1, 6))
    reached = g.reach([root])
    assert reached == sorted(reached)
    assert all(operand < node for node in reached for operand in g.operands(node))
    assert g.reach([ZERO, x]) == [ZERO, x]


def test_nodes_bear_the_line_at_which_they_were_made() -> None:
    """Lines are kept from the first time, and derivatives inherit those of their origin."""
    g = Graph()
    x = g.variable("x")
    g.line = 7
    sine = g.apply("sin", x)
    g.line = 9
    assert g.apply("sin", x) == sine
    assert g.lines[sine] == 7
    cosine = differentiate(g, [sine], [x])[0][0]
    assert g.lines[cosine] == 7
    assert g.line is None


def test_sums_and_products_of_nothing() -> None:
    """An empty sum is 0 and an empty product 1."""
    g = Graph()
    assert (g.total([]), g.product([])) == (ZERO, ONE)


# ── derivatives ───────────────────────────────────────────────────────────────────────────────


def test_structural_zeros_are_absent() -> None:
    """A row holds the columns on which its output depends, and no other."""
    g = Graph()
    x, y = g.variable("x"), g.variable("y")
    rows = differentiate(g, [g.add(x, g.number(3)), g.mul(x, y), g.number(5), y], [x, y])
    assert [set(row) for row in rows] == [{0}, {0, 1}, set(), {1}]
    assert rows[0] == {0: ONE}
    assert rows[3] == {1: ONE}


def test_what_cancels_is_a_structural_zero() -> None:
    """d(x − x) has no entry, and neither has the floor of a variable."""
    g = Graph()
    x = g.variable("x")
    assert differentiate(g, [g.sub(x, x), g.apply("floor", x)], [x]) == [{}, {}]


CLAMPED = torch.autograd.functional.jacobian(lambda x: x.clamp(-1, 1), torch.ones(())).item()


@pytest.mark.parametrize(
    ("name", "point", "slopes"),
    [
        ("relu", (0.0,), (0.0,)),
        ("abs", (0.0,), (0.0,)),
        ("max", (2.0, 2.0), (0.5, 0.5)),
        ("min", (2.0, 2.0), (0.5, 0.5)),
        ("clamp", (1.0, -1.0, 1.0), (CLAMPED, 0.0, 0.0)),
        ("clamp", (-1.0, -1.0, 1.0), (CLAMPED, 0.0, 0.0)),
        ("pow", (0.0, 2.0), (0.0, 0.0)),
        ("i1", (0.0,), (0.5,)),
        ("j1", (0.0,), (0.5,)),
    ],
)
def test_kinks_and_limits_follow_torchs_convention(
    name: str, point: tuple[float, ...], slopes: tuple[float, ...]
) -> None:
    """At a kink the table says what torch says."""
    g = Graph()
    variables = [g.variable(f"v{k}") for k in range(len(point))]
    row = differentiate(g, [g.apply(name, *variables)], variables)[0]
    entries = [row.get(k, ZERO) for k in range(len(point))]
    assert write_tape(g, entries, variables).evaluate(point) == list(slopes)


def test_zero_to_a_variable_power_has_no_slope() -> None:
    """0ᵛ is constant for v ≥ 0, as torch has it."""
    g = Graph()
    v = g.variable("v")
    row = differentiate(g, [g.pow(ZERO, v)], [v])[0]
    assert value_of(g, row[0], [v], (2.0,)) == 0


BINARY = ["add", "sub", "mul", "div", "pow2", "max", "where"]
UNARY = ["neg", "sin", "exp", "tanh", "atan", "abs"]
LEAVES = st.one_of(st.sampled_from(["x", "y"]), st.integers(-3, 3), st.sampled_from([0.5, 0.1]))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(BINARY), inner, inner),
        st.tuples(st.sampled_from(UNARY), inner),
    ),
    max_leaves=12,
)


def build(g: Graph, tree: object) -> int:
    """Return a tree as nodes."""
    if isinstance(tree, str):
        return g.variable(tree)
    if not isinstance(tree, tuple):
        return g.number(tree)  # type: ignore[arg-type] # the leaves are names and numbers
    name, *parts = tree
    nodes = [build(g, part) for part in parts]
    if name == "pow2":
        return g.add(g.square(nodes[0]), nodes[1])
    return g.where(g.apply("lt", *nodes), *nodes) if name == "where" else g.apply(name, *nodes)


def run(tree: object, point: dict[str, float]) -> float:
    """Return a tree as a number, by floats alone."""
    if isinstance(tree, str):
        return point[tree]
    if not isinstance(tree, tuple):
        return float(tree)  # type: ignore[arg-type] # the leaves are names and numbers
    name, *parts = tree
    values = [run(part, point) for part in parts]
    if name == "pow2":
        return OPERATIONS["pow"].evaluate(values[0], 2.0) + values[1]
    if name == "where":
        return values[0] if values[0] < values[1] else values[1]
    return OPERATIONS[name].evaluate(*values)


def test_truth_values_that_are_known_disappear() -> None:
    """Beside a condition a known truth value decides or is left out."""
    g = Graph()
    condition = g.apply("gt", g.variable("x"), ZERO)
    assert g.apply("and", condition, ONE) == g.apply("or", ZERO, condition) == condition
    assert g.apply("and", ZERO, condition) == g.apply("or", ZERO, ZERO) == ZERO
    assert g.apply("or", condition, ONE) == g.apply("and", ONE, ONE) == ONE


@given(TREES, st.floats(-2, 2), st.floats(-2, 2))
def test_folding_never_changes_a_value(tree: object, x: float, y: float) -> None:
    """A tree built as nodes has the value of the same tree computed with plain floats."""
    g = Graph()
    variables = [g.variable("x"), g.variable("y")]
    expected = run(tree, {"x": x, "y": y})
    found = value_of(g, build(g, tree), variables, (x, y))
    if math.isfinite(expected) and abs(expected) < 1e8 and _steady(tree, x, y):
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


def _steady(tree: object, x: float, y: float) -> bool:
    """Whether the tree is continuous and well-conditioned here, so that rounding cannot jump."""
    near = [
        run(tree, {"x": x + dx, "y": y + dy}) for dx in (-1e-9, 0, 1e-9) for dy in (-1e-9, 0, 1e-9)
    ]
    return all(math.isfinite(v) for v in near) and max(near) - min(near) < 1e-6


@given(TREES, st.floats(-2, 2), st.floats(-2, 2))
def test_a_tape_survives_json(tree: object, x: float, y: float) -> None:
    """Written to JSON text and read back, the plain lists give the same values."""
    g = Graph()
    variables = [g.variable("x"), g.variable("y")]
    node = build(g, tree)
    rows = differentiate(g, [node], variables)
    outputs = [node, rows[0].get(0, ZERO), rows[0].get(1, ZERO)]
    tape = write_tape(g, outputs, variables)
    plain = json.loads(json.dumps(tape.to_json(), allow_nan=False))
    slots = [x, y, *(float(constant) for constant in plain["constants"])]
    for name, *reads in plain["operations"]:
        slots.append(float(OPERATIONS[name].evaluate(*[slots[read] for read in reads])))
    again = [slots[output] for output in plain["outputs"]]
    assert again == pytest.approx(tape.evaluate((x, y)), nan_ok=True)


def test_a_tape_holds_only_what_its_outputs_need() -> None:
    """Inputs come first, then constants, then operations; unused nodes are left out."""
    g = Graph()
    x, y = g.variable("x"), g.variable("y")
    g.apply("sin", y)
    tape = write_tape(g, [g.mul(g.number(3), x), y], [x, y])
    assert tape.to_json() == {
        "inputs": 2,
        "constants": [3.0],
        "operations": [["mul", 2, 0]],
        "outputs": [3, 1],
    }


def test_infinities_and_nan_are_strings_in_json() -> None:
    """JSON has no infinity: the constants say it in words that float() reads."""
    g = Graph()
    tape = write_tape(g, [g.number(math.inf), g.number(-math.inf), g.number(math.nan)], [])
    assert tape.to_json()["constants"] == ["inf", "-inf", "nan"]


# ── budget ────────────────────────────────────────────────────────────────────────────────────


def test_a_graph_has_a_largest_size() -> None:
    """Beyond its limit of nodes a graph refuses to grow."""
    g = Graph(limit=50)
    node = g.variable("x")
    with pytest.raises(BudgetExceeded, match="more than 50 nodes"):
        for _ in range(100):
            node = g.apply("sin", node)


def test_a_graph_has_a_deadline() -> None:
    """After its deadline a graph refuses to grow within a few hundred nodes."""
    g = Graph(deadline=Deadline(-1))
    node = g.variable("x")
    with pytest.raises(BudgetExceeded, match="time"):
        for _ in range(1000):
            node = g.apply("sin", node)


def test_differentiation_respects_the_limit() -> None:
    """The limit holds for derivatives as well."""
    g = Graph(limit=60)
    x = g.variable("x")
    node = x
    for _ in range(40):
        node = g.apply("tanh", node)
    with pytest.raises(BudgetExceeded, match="nodes"):
        differentiate(g, [node], [x])
