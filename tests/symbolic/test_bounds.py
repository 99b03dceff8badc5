"""Rounding-error bounds hold, and fifty digits are fifty digits."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jacmagic.function.precision import Dtype
from jacmagic.symbolic.graph import OPERATIONS, Graph, write_tape
from jacmagic.symbolic.graph.bounds import bounds
from jacmagic.symbolic.graph.precise import _CHOSEN, _FUNCTIONS, _SIDES, precise

DOUBLE = Dtype("float64", 2.0**-53, 2.0**-1022, 1.7976931348623157e308)
SINGLE = Dtype("float32", 2.0**-24, 2.0**-126, 3.4e38)
SMOOTH = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "atan": np.arctan,
    "abs": np.abs,
    "max": np.maximum,
    "relu": lambda x: np.maximum(x, np.float32(0)),
}
numbers = st.floats(min_value=2.0**-10, max_value=2.0**10, width=32)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(numbers, min_size=2, max_size=3), st.randoms(use_true_random=False))
def test_errors_in_float32_stay_within_their_bounds(point, chance) -> None:
    """Random expressions in float32 differ from the exact values by less than their bounds."""
    graph = Graph()
    inputs = [graph.variable(f"x{k}") for k in range(len(point))]
    nodes, singles = list(inputs), [np.float32(value) for value in point]
    with np.errstate(all="ignore"):
        for _ in range(12):
            name = chance.choice(sorted(SMOOTH))
            operands = [chance.randrange(len(nodes)) for _ in range(OPERATIONS[name].arity)]
            nodes.append(graph.node(name, *(nodes[k] for k in operands)))
            singles.append(np.float32(SMOOTH[name](*(singles[k] for k in operands))))
    tape = write_tape(graph, nodes, inputs)
    values, errors = bounds(tape, point, SINGLE)
    exact = precise(tape, point, values)
    for node, single, true in zip(tape.outputs, singles, exact, strict=True):
        if true is not None and np.isfinite(single) and abs(true) < 1e37:
            assert abs(float(single) - true) <= errors[node] * (1 + 1e-6)


@pytest.mark.parametrize(
    ("build", "point", "relative"),
    [
        (lambda g, x: g.apply("sin", g.mul(g.number(2 * math.pi), x)), 2024.0, None),
        (lambda g, x: g.sub(g.number(1), g.apply("cos", x)), 1e-4, 1e-7),
        (lambda g, x: g.apply("log", x), 1 + 2.0**-30, 1e-14),
        (lambda g, x: g.apply("exp", g.square(x)), 20.0, 1e-12),
    ],
)
def test_a_bound_grows_with_the_condition(build, point, relative) -> None:
    """Cancellation and large arguments are seen; a benign function keeps a small bound."""
    graph = Graph()
    x = graph.variable("x")
    tape = write_tape(graph, [build(graph, x)], [x])
    values, errors = bounds(tape, [point], DOUBLE)
    (slot,) = tape.outputs
    (exact,) = precise(tape, [point], values)
    assert abs(values[slot] - exact) <= errors[slot]
    if relative is not None:
        assert errors[slot] <= relative * abs(values[slot])


def test_poles_and_edges_within_the_error_have_no_bound() -> None:
    """Where an operand may be 0 a quotient's bound is infinite; a comparison may go both ways."""
    graph = Graph()
    x, y = graph.variable("x"), graph.variable("y")
    third = graph.mul(graph.number(0.1), graph.sub(x, graph.mul(graph.number(1.1), y)))
    chosen = graph.where(graph.apply("gt", third, graph.number(0)), graph.number(5), ZERO_OF(graph))
    tape = write_tape(graph, [graph.div(y, third), chosen], [x, y])
    _, errors = bounds(tape, [1.1, 1.0], DOUBLE)
    assert math.isinf(errors[tape.outputs[0]])
    assert errors[tape.outputs[1]] >= 5


def ZERO_OF(graph: Graph) -> int:
    """Return the node of 0."""
    return graph.number(0)


def test_every_operation_has_fifty_digits() -> None:
    """No operation of the graph is missing from the precise reader."""
    assert set(OPERATIONS) == {*_FUNCTIONS, *_SIDES, *_CHOSEN, "where"}


def test_cancellation_beyond_fifty_digits_is_seen() -> None:
    """(10⁶⁰ + x) − 10⁶⁰ is x, not 0, and sin² + cos² − 1 is 0 at last."""
    graph = Graph()
    x = graph.variable("x")
    large = graph.number(1e60)
    difference = graph.node("sub", graph.node("add", large, x), large)
    one = graph.add(graph.square(graph.apply("sin", x)), graph.square(graph.apply("cos", x)))
    tape = write_tape(graph, [difference, graph.sub(one, graph.number(1))], [x])
    near, zero = precise(tape, [1e-9], tape.slots([1e-9]))
    assert near == mpmath.mpf(1e-9) and zero == 0


def test_digits_that_a_sum_swallows_are_found() -> None:
    """(x·eˣ − eˣ + 1)/x² is 1/2, though 1 + x is 1 in fifty digits and in a hundred."""
    g = Graph()
    x = g.variable("x")
    power = g.apply("exp", x)
    above = g.add(g.sub(g.mul(x, power), power), g.number(1))
    tape = write_tape(g, [g.div(above, g.square(x))], [x])
    (value,) = precise(tape, [1e-150], tape.slots([1e-150]))
    assert float(value) == 0.5


def test_what_is_no_real_number_has_no_digits() -> None:
    """The logarithm of a negative number and 1/0 are None, and so is what is made of them."""
    graph = Graph()
    x = graph.variable("x")
    bad = graph.apply("log", x)
    tape = write_tape(graph, [bad, graph.div(graph.number(1), graph.add(x, graph.number(1)))], [x])
    assert precise(tape, [-1.0], tape.slots([-1.0])) == [None, None]


def test_what_overflows_in_float64_is_decided_by_the_digits() -> None:
    """eˣ/(1 + eˣ) is nan at 10⁴, but larger than ½, and so is everything chosen by it."""
    graph = Graph()
    x, one = graph.variable("x"), graph.number(1)
    growing = graph.apply("exp", x)
    share = graph.node("div", growing, graph.node("add", growing, one))
    half = graph.number(0.5)
    chosen = [
        graph.node("where", graph.node("gt", share, half), x, one),
        graph.node("where", graph.node("not", graph.node("le", share, half)), x, one),
        graph.node("max", share, half),
        graph.node("floor", graph.node("add", share, half)),
    ]
    tape = write_tape(graph, chosen, [x])
    assert precise(tape, [1e4], tape.slots([1e4])) == [1e4, 1e4, 1, 1]


def test_a_zero_whose_noise_is_zero_by_chance_is_zero() -> None:
    """k·(x/3) − (k·x)/3 is 0 in every precision, however its noise comes out."""
    graph = Graph()
    x, three = graph.variable("x"), graph.number(3)
    third = graph.node("div", x, three)
    roots = []
    for k in range(2, 40):
        factor = graph.number(k)
        other = graph.node("div", graph.node("mul", factor, x), three)
        roots.append(graph.node("sub", graph.node("mul", factor, third), other))
    tape = write_tape(graph, roots, [x])
    assert precise(tape, [0.7], tape.slots([0.7])) == [0] * len(roots)
