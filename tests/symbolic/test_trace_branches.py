"""What a trace assumes: branches, masks, winners and integers, each with its line."""

from __future__ import annotations

import pytest
import torch
from traces import (
    agree,
    assumptions_of,
    line_of,
    matrix_at,
    traced,
    values_at,
    vector,
)

from jacmagic.symbolic.graph import OPERATIONS, write_tape

# ── branches ──────────────────────────────────────────────────────────────────────────────────────


def branching(x: torch.Tensor) -> torch.Tensor:
    """Return a branch, a loop that depends on the input, and an assertion."""
    assert x[0] < 10  # assertion
    y = x[1] ** 2
    if x[0] > x[1]:  # branch
        y = x[0] ** 2
    while y > 5:  # loop
        y = y / 2
    return y


def test_a_branch_is_an_assumption_with_its_line() -> None:
    """The condition that held is recorded with the line that asked."""
    found = traced(branching, vector(3, 1))
    first = line_of(branching, "assertion")
    assert assumptions_of(found) == [
        ("lt(v0, 10)", first),
        ("gt(v0, v1)", line_of(branching, "branch")),
        ("gt(pow(v0, 2), 5)", line_of(branching, "loop")),
        ("le(div(pow(v0, 2), 2), 5)", line_of(branching, "loop")),
    ]
    assert matrix_at(found, 3, 1).tolist() == [[3, 0]]


def test_a_branch_not_taken_is_negated() -> None:
    """Where the condition was false its opposite is assumed."""
    found = traced(branching, vector(1, 2))
    assert ("le(v0, v1)", line_of(branching, "branch")) in assumptions_of(found)


def test_conditions_true_of_all_numbers_are_not_recorded() -> None:
    """x == x, isfinite and comparisons of constants say nothing."""

    def f(x: torch.Tensor) -> torch.Tensor:
        assert bool((x == x).all()) and bool(torch.isfinite(x).all())
        return x if torch.tensor(1.0) < 2 else -x

    assert traced(f, vector(1, 2)).assumptions == ()


def test_max_of_python_compares() -> None:
    """Python's max and sorted compare pair by pair, and each comparison is an assumption."""
    found = traced(lambda x: sorted(x)[1] * max(x[0], x[1]), vector(3, 1))
    assert matrix_at(found, 3, 1).tolist() == [[6, 0]]
    assert all(OPERATIONS[found.graph.operations[a.condition]].condition for a in found.assumptions)


def test_where_stays_valid_everywhere() -> None:
    """torch.where, relu, clamp, max and abs need no assumption."""

    def f(x: torch.Tensor) -> torch.Tensor:
        chosen = torch.where(x > 1, x**2, -x)
        return chosen + torch.relu(x) + x.clamp(-1, 1) + x.abs() + x.max() + (x > 0) * x

    assert agree(f, vector(0.5, 2), vector(-3, 0.1)).assumptions == ()


def test_reading_through_a_mask_assumes_the_mask() -> None:
    """x[x > 0] has as many elements as there are now."""
    found = agree(lambda x: x[x > 0].sum() ** 2, vector(2, -1), vector(3, -5))
    assert [text for text, _ in assumptions_of(found)] == ["gt(v0, 0)", "le(v1, 0)"]


def test_writing_one_value_through_a_mask_assumes_nothing() -> None:
    """x[x > 0] = c is a choice for each element."""

    def f(x: torch.Tensor) -> torch.Tensor:
        out = x * 2
        out[x > 0] = 7.0
        return out * x

    assert agree(f, vector(2, -1), vector(-3, 5)).assumptions == ()


def test_the_winners_index_is_assumed_only_if_used() -> None:
    """max(dim) stays valid everywhere until its index points somewhere."""
    assert traced(lambda x: x.reshape(2, 2).max(1).values, vector(1, 2, 4, 3)).assumptions == ()
    found = traced(lambda x: x[x.max(0).indices] * x[x.argmin()], vector(1, 2, 3))
    texts = {text for text, _ in assumptions_of(found)}
    assert texts == {"ge(v2, v0)", "ge(v2, v1)", "le(v0, v1)", "le(v0, v2)"}


def test_a_whole_number_that_is_read_is_assumed() -> None:
    """int(x) and a count become conditions under which the formula holds."""

    def f(x: torch.Tensor) -> torch.Tensor:
        n = int(x[0])
        k = int((x > 0).sum())
        return x[1] ** n * k

    found = traced(f, vector(2.7, 1.5))
    assert values_at(found, 2.7, 1.5) == pytest.approx([4.5])
    tape = write_tape(found.graph, [a.condition for a in found.assumptions], found.inputs)
    assert all(tape.evaluate([2.1, 1]))
    assert not all(tape.evaluate([3.1, 1]))
    assert not all(tape.evaluate([2.1, -1]))


def test_an_index_that_depends_on_the_inputs_is_assumed() -> None:
    """A table looked up at floor(x) is valid while the floor stays."""
    table = vector(1, 4, 9)

    def f(x: torch.Tensor) -> torch.Tensor:
        i = torch.floor(x[0]).long()
        return table[i] + (table[i + 1] - table[i]) * (x[0] - i)

    found = agree(f, vector(0.25), vector(0.75))
    assert found.assumptions
