"""Helpers for tests of tracing: trace, evaluate, write conditions as text."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from jacmagic.function.outputs import flatten
from jacmagic.symbolic.graph import ZERO, Graph, differentiate, write_tape
from jacmagic.symbolic.trace import Refusal, Trace, trace

F64 = torch.float64


def vector(*numbers: float) -> torch.Tensor:
    """Return a point."""
    return torch.tensor(numbers, dtype=F64)


def traced(function: Callable[..., Any], *tensors: torch.Tensor, **options: Any) -> Trace:
    """Return a trace that must succeed."""
    result = attempt(function, *tensors, **options)
    assert isinstance(result, Trace), str(result)
    return result


def attempt(function: Callable[..., Any], *tensors: torch.Tensor, **options: Any) -> Any:
    """Return a trace or a refusal."""
    names = [f"v{k}" for k in range(sum(tensor.numel() for tensor in tensors))]
    return trace(function, tensors, names, **options)


def refused(function: Callable[..., Any], *tensors: torch.Tensor, **options: Any) -> Refusal:
    """Return a trace that must be refused."""
    result = attempt(function, *tensors, **options)
    assert isinstance(result, Refusal)
    return result


def line_of(function: Callable[..., Any], marker: str) -> int:
    """Return the line of a function's source that bears a comment."""
    lines, start = inspect.getsourcelines(function)
    return start + next(k for k, text in enumerate(lines) if f"# {marker}" in text)


def values_at(result: Trace, *numbers: float) -> list[float]:
    """Return the outputs at a point."""
    return write_tape(result.graph, result.outputs, result.inputs).evaluate(numbers)


def matrix_at(result: Trace, *numbers: float) -> torch.Tensor:
    """Return the Jacobian at a point."""
    rows = differentiate(result.graph, result.outputs, result.inputs)
    entries = [row.get(j, ZERO) for row in rows for j in range(len(result.inputs))]
    values = write_tape(result.graph, entries, result.inputs).evaluate(numbers)
    return torch.tensor(values, dtype=F64).reshape(len(rows), len(result.inputs))


def text_of(graph: Graph, node: int) -> str:
    """Return a node as nested calls: `lt(v0, 3)`."""
    if not graph.operands(node):
        return str(graph.arguments[node][0])
    parts = ", ".join(text_of(graph, operand) for operand in graph.operands(node))
    return f"{graph.operations[node]}({parts})"


def assumptions_of(result: Trace) -> list[tuple[str, int | None]]:
    """Each assumption as text with its line."""
    return [(text_of(result.graph, a.condition), a.line) for a in result.assumptions]


def agree(function: Callable[..., Any], *points: torch.Tensor) -> Trace:
    """Trace at the first point, and compare all points with torch."""
    result = traced(function, points[0])
    for point in points:
        numbers = point.reshape(-1).tolist()
        leaves = flatten(function(point.clone().requires_grad_() * 1)).leaves
        expected = torch.cat([leaf.detach().reshape(-1) for leaf in leaves])
        torch.testing.assert_close(torch.tensor(values_at(result, *numbers), dtype=F64), expected)
        torch.testing.assert_close(matrix_at(result, *numbers), reference(function, point))
    return result


def reference(function: Callable[..., Any], point: torch.Tensor) -> torch.Tensor:
    """Torch's own Jacobian."""

    def flat(x: torch.Tensor) -> torch.Tensor:
        return torch.cat([leaf.reshape(-1) for leaf in flatten(function(x * 1)).leaves])

    block = torch.autograd.functional.jacobian(flat, point)
    assert isinstance(block, torch.Tensor)
    return block.reshape(-1, point.numel())
