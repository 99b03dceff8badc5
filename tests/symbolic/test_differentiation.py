"""Reverse mode on the graph: the same numbers as forward mode, in memory that grows with n."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
import torch
from traces import F64, traced

from jacmagic.function.deadline import Deadline
from jacmagic.symbolic.economy.elimination import eliminate
from jacmagic.symbolic.graph import BudgetExceeded, differentiate, differentiation, write_tape

FUNCTIONS: list[Callable] = [
    lambda x: (torch.sin(x) ** 2).sum(),
    lambda x: torch.sin(x).prod(),
    lambda x: torch.logsumexp(x, 0),
    lambda x: torch.softmax(x, 0) * x.norm(),
    lambda x: torch.cumsum(x, 0).pow(2).sum(),
    lambda x: torch.where(x > 0, x, x**2).sum() * torch.nn.functional.logsigmoid(x).sum(),
    lambda x: torch.stack([x.max(), x.std(), (x[1:] * x[:-1]).sum(), x[0] * 0]),
]


def numbers(found, rows, point: torch.Tensor) -> torch.Tensor:
    """Return the Jacobian that some rows stand for."""
    entries = [row.get(j, 0) for row in rows for j in range(len(found.inputs))]
    values = write_tape(found.graph, entries, found.inputs).evaluate(point.tolist())
    return torch.tensor(values, dtype=F64).reshape(len(rows), -1)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("size", [1, 3, 40])
def test_reverse_mode_gives_what_torch_gives(function: Callable, size: int) -> None:
    """Every order of differentiation gives torch's Jacobian, structural zeros left out."""
    torch.manual_seed(size)
    x = torch.randn(max(size, 2), dtype=F64)
    found = traced(function, x)
    truth = torch.autograd.functional.jacobian(function, x).reshape(-1, len(x))
    forward = differentiate(found.graph, found.outputs, found.inputs)
    column = {node: j for j, node in enumerate(found.inputs)}
    reverse = [differentiation.backwards(found.graph, o, column) for o in found.outputs]
    torch.testing.assert_close(numbers(found, forward, x), truth)
    torch.testing.assert_close(numbers(found, reverse, x), truth)
    eliminated = eliminate(found.graph, found.outputs, found.inputs)
    torch.testing.assert_close(numbers(found, eliminated, x), truth)
    assert all(list(row) == sorted(row) for row in (*reverse, *eliminated))


@pytest.mark.parametrize("function", [*FUNCTIONS[:3], FUNCTIONS[4]])
def test_memory_and_nodes_grow_with_the_inputs_and_not_with_their_square(
    function: Callable,
) -> None:
    """Four times the inputs take about four times the nodes and the memory."""
    sizes, peaks = [], []
    for n in (1_000, 4_000):
        found = traced(function, torch.rand(n, dtype=F64) + 0.5)
        before = len(found.graph)
        tracemalloc.start()
        differentiate(found.graph, found.outputs, found.inputs)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        sizes.append(len(found.graph) - before)
    assert sizes[1] < 6 * max(sizes[0], 20_000)
    assert peaks[1] < 6 * max(peaks[0], 2**23)


def test_a_deadline_is_kept_where_rows_only_merge() -> None:
    """Differentiation looks at the clock where it carries rows and makes no node."""
    found = traced(lambda x: torch.cumsum(x, 0), torch.rand(600, dtype=F64))
    found.graph.deadline = Deadline(-1)
    with pytest.raises(BudgetExceeded, match="time"):
        differentiate(found.graph, found.outputs, found.inputs)


def test_a_jacobian_that_takes_too_much_memory_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More entries on the way than memory is meant for are a refusal, not a full machine."""
    monkeypatch.setattr(differentiation, "MAX_ENTRIES", 10_000)
    found = traced(lambda x: torch.cumsum(x, 0), torch.rand(300, dtype=F64))
    with pytest.raises(BudgetExceeded, match="memory"):
        differentiate(found.graph, found.outputs, found.inputs)
