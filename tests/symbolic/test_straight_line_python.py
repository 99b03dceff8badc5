"""The compiled tape gives what the interpreted one gives, everywhere: bits, infinities and nan."""

from __future__ import annotations

import itertools
import math
import re
import time
from contextlib import suppress

import numpy as np
import pytest
import torch
from corpus import CORPUS, Case

import jacmagic
from jacmagic.errors import PointError
from jacmagic.function.interop import lifted
from jacmagic.symbolic.codegen.languages import LANGUAGES
from jacmagic.symbolic.codegen.runner import RAISED, Runner, compiled, source
from jacmagic.symbolic.graph import OPERATIONS, ZERO, Graph, Tape, differentiate, write_tape
from jacmagic.symbolic.graph.arrays import ARRAYS, by_number, schedule
from jacmagic.symbolic.trace import Trace, trace

NASTY = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-320, -1e-8, 700.0, -1e4, 1e308, -1e308)
NASTY += (math.inf, -math.inf, math.nan)
KNOWN = [case for case in CORPUS if not case.refuses]


def one_operation(name: str) -> Tape:
    """Return the tape of one operation of inputs."""
    arity = OPERATIONS[name].arity
    return Tape(arity, (), ((name, *range(arity)),), (arity,))


def points_of(name: str) -> list[tuple[float, ...]]:
    """Every combination of nasty numbers; orders of polygamma are small integers."""
    arity = OPERATIONS[name].arity
    if name == "polygamma":
        return [(order, x) for order in (0.0, 1.0, 3.0) for x in NASTY if abs(x) < 1e5 or x != x]
    few = NASTY if arity < 3 else NASTY[::2]
    return [*itertools.product(few, repeat=arity)]


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    """Equal bit by bit, with the signs of zeros; any nan is a nan."""
    return np.array_equal(found, expected, equal_nan=True) and np.array_equal(
        np.signbit(found[~np.isnan(found)]), np.signbit(expected[~np.isnan(expected)])
    )


def tape_of(case: Case) -> Tape:
    """Values and Jacobian of a function of the corpus."""
    tensors = case.tensors()
    names = [f"v{k}" for k in range(sum(tensor.numel() for tensor in tensors))]
    found = trace(lifted(case.function), tensors, names)
    assert isinstance(found, Trace)
    rows = differentiate(found.graph, found.outputs, found.inputs)
    entries = [row.get(j, ZERO) for row in rows for j in range(len(names))]
    return write_tape(found.graph, [*found.outputs, *entries], found.inputs)


def point_of(case: Case) -> list[float]:
    """Where the case stands, as one list."""
    return [number for tensor in case.tensors() for number in tensor.reshape(-1).tolist()]


@pytest.mark.parametrize("name", OPERATIONS)
def test_compiled_operations_are_the_interpreted_ones(name: str) -> None:
    """At zeros of both signs, huge, infinite and undefined numbers every bit is the same."""
    tape = one_operation(name)
    runner = Runner(tape, first_runs=0)
    for point in points_of(name):
        assert same(runner(point), np.array(tape.evaluate(point))), point


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_on_arrays_are_those_on_numbers(name: str) -> None:
    """NumPy's functions agree to the last digits, and on infinities, nan and signs of zero."""
    points = points_of(name)
    tape = one_operation(name)
    expected = np.array([tape.evaluate(point)[0] for point in points])
    found = schedule(tape, tape.outputs).at_all(np.array(points, dtype=float))[:, 0]
    plain = np.isfinite(expected) & (expected != 0)
    np.testing.assert_allclose(found[plain], expected[plain], rtol=1e-14)
    assert same(found[~plain], expected[~plain])


def test_the_tables_hold_only_operations() -> None:
    """Every template of a language and every array function belongs to an operation."""
    for words in LANGUAGES.values():
        assert words.operations | set(ARRAYS) <= set(OPERATIONS)
        assert set(words.ieee) <= set(words.calls)
    assert by_number("erf")(np.array([0.0, math.inf])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_a_compiled_jacobian_is_the_interpreted_one(case: Case) -> None:
    """At the point, beside it and at nasty points the compiled tape gives the same bits."""
    tape = tape_of(case)
    run = Runner(tape, first_runs=0)
    straight = compiled(tape, tape.outputs)
    here = point_of(case)
    n = len(here)
    random = np.random.default_rng(len(case.name))
    points = [here, *(here * random.uniform(0.9, 1.1, (3, n))).tolist()]
    points += [[value] * n for value in NASTY]
    points += random.choice(NASTY, (6, n)).tolist()
    for point in points:
        expected = np.array(tape.evaluate(point))
        if not run._prefers_arrays(1):
            assert same(run(point), expected)
        with suppress(*RAISED):
            assert same(np.array(straight(point), dtype=float), expected)


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_many_points_at_once_are_the_points_one_by_one(case: Case) -> None:
    """The NumPy reader agrees with the interpreter at every point of a batch."""
    tape, here = tape_of(case), np.array(point_of(case))
    random = np.random.default_rng(len(case.name))
    points = here * random.uniform(0.95, 1.05, (5, len(here)))
    expected = np.array([tape.evaluate(point) for point in points.tolist()])
    found = schedule(tape, tape.outputs).at_all(points)
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * scale)
    np.testing.assert_allclose(Runner(tape).at_all(points), found, rtol=1e-9, atol=1e-12 * scale)
    single = schedule(tape, tape.outputs).at(points[0].tolist())
    np.testing.assert_allclose(single, found[0], rtol=1e-12, atol=1e-12 * scale)


def test_the_source_holds_slot_numbers_and_nothing_of_the_users() -> None:
    """Names are v and a number; whatever an input is called never reaches Python's compiler."""
    graph = Graph()
    x = graph.variable("__import__('os')")
    y = graph.variable("x\n    raise SystemExit")
    node = graph.apply("sin", graph.add(graph.mul(x, graph.number(0.25)), graph.apply("erf", y)))
    tape = write_tape(graph, [node, graph.number(math.inf)], [x, y])
    words = set(re.findall(r"[a-zA-Z_]\w*", source(tape, tape.outputs)))
    assert words <= {*(f"v{slot}" for slot in range(20)), *"def run point return".split()} | {
        *"math inf sin erf".split()
    }
    assert compiled(tape, tape.outputs)([4.0, 0.0]) == [math.sin(1.0), math.inf]


def test_a_tape_without_operations_runs() -> None:
    """Constants and inputs may be outputs, and there may be no points at all."""
    tape = Tape(2, (3.0,), (), (1, 2, 0))
    runner = Runner(tape, first_runs=0)
    assert runner([5.0, 6.0]).tolist() == [6.0, 3.0, 5.0]
    assert runner.at_all(np.array([[5.0, 6.0], [7.0, 8.0]])).tolist() == [[6, 3, 5], [8, 3, 7]]
    assert runner.at_all(np.empty((0, 2))).shape == (0, 3)
    assert Runner(Tape(1, (2.0,), (), (1,)), first_runs=0)([9.0]).tolist() == [2.0]


def test_a_wide_tape_runs_by_levels_and_a_deep_one_as_python() -> None:
    """Whichever way is quicker is taken, and both give the interpreter's numbers."""
    graph = Graph()
    xs = [graph.variable(f"x{k}") for k in range(300)]
    wide = write_tape(graph, [graph.apply("sin", graph.square(x)) for x in xs], xs)
    deep_node = xs[0]
    for _ in range(400):
        deep_node = graph.apply("sin", graph.add(deep_node, xs[1]))
    deep = write_tape(graph, [deep_node], xs)
    point = np.linspace(-1, 1, 300).tolist()
    for tape, by_levels in ((wide, True), (deep, False)):
        runner = Runner(tape, first_runs=0)
        assert runner._prefers_arrays(1) is by_levels
        np.testing.assert_allclose(runner(point), tape.evaluate(point), rtol=1e-13)


def branching(x, y):
    """Two branches, and a pole in one."""
    if x > 0:
        return x * y, torch.sin(x)
    return x / y, y**2


def doubles(*numbers: float) -> tuple[torch.Tensor, ...]:
    """Scalars as float64."""
    return tuple(torch.tensor(number, dtype=torch.float64) for number in numbers)


def test_an_evaluator_is_the_jacobian_at_any_point() -> None:
    """`g(*numbers)` and `g.batch(points)` are `J.at(…).matrix`, in every branch and on a pole."""
    J = jacmagic.jacobian(branching, doubles(1.0, 2.0))
    g = J.evaluator()
    points = np.random.default_rng(0).normal(size=(40, 2))
    batch = g.batch(points)
    assert batch.shape == (40, 2, 2)
    for point, matrix in zip(points.tolist(), batch, strict=True):
        expected = J.at(x=point[0], y=point[1]).to_numpy()
        np.testing.assert_allclose(g(*point), expected, rtol=1e-12)
        np.testing.assert_allclose(matrix, expected, rtol=1e-12)
    assert g(-1, 0).tolist() == [[math.inf, math.inf], [0.0, 0.0]]
    assert g.batch([[-1, 0]])[0].tolist() == g(-1, 0).tolist()
    assert repr(g) == "Evaluator: 2 numbers to a Jacobian of 2 × 2"


def test_a_branch_without_a_closed_form_is_torchs() -> None:
    """Where the other branch cannot be traced, the evaluator gives torch's numbers."""

    def function(x):
        if x > 0:
            return x**2
        return x**3 * torch.rand((), generator=torch.Generator().manual_seed(0), dtype=x.dtype)

    J = jacmagic.jacobian(function, doubles(1.0))
    expected = J.at(x=-1.0).to_numpy()
    g = J.evaluator()
    np.testing.assert_allclose(g(-1.0), expected)
    np.testing.assert_allclose(g.batch([[2.0], [-1.0]]), [[[4.0]], expected])


def test_an_evaluator_refuses_points_of_another_size() -> None:
    """Too many numbers, too few, or points that are not rows are refused in one line."""
    g = jacmagic.jacobian(branching, doubles(1.0, 2.0)).evaluator()
    with pytest.raises(PointError, match="expected 2 numbers for each point; found 3"):
        g(1, 2, 3)
    with pytest.raises(PointError, match=r"found an array of shape \(2,\)"):
        g.batch([1, 2])


def test_without_a_closed_form_there_is_no_evaluator() -> None:
    """What has no closed form says so instead of giving a function."""
    J = jacmagic.jacobian(lambda x: torch.rand(1, dtype=x.dtype) * x, doubles(1.0))
    with pytest.raises(PointError, match="expected a closed form to compile; found none"):
        J.evaluator()


def test_the_compiled_seed_is_far_quicker_than_a_slider_needs() -> None:
    """A 3 × 3 Jacobian takes well under a tenth of a millisecond, on a busy machine too."""
    J = jacmagic.jacobian(lambda x, y, z: (x + y, z * x, y**3), doubles(3.0, 4.0, 5.0))
    g = J.evaluator()
    took = []
    for _ in range(50):
        start = time.perf_counter()
        g(3.0, 4.0, 5.0)
        took.append(time.perf_counter() - start)
    assert min(took) < 1e-4
