"""Sums by constant indices (`index_add`, `scatter_add`) as sums of gathered terms.

Components with similar numbers of terms are gathered together, as rows of 1, 2, 4 … places that
are filled up with zeros: together at most twice as many places as there are terms.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, fx

from jacmagic.result.compiled.graph.recording import Recording
from jacmagic.result.compiled.loops.operations import name_of
from jacmagic.result.compiled.obstacles import NotCompiled

_aten = torch.ops.aten


def with_gathered_sums(recording: Recording) -> Recording:
    """Return a graph without additions by indices.

    Raises:
        NotCompiled: indices are computed.
    """
    graph = fx.Graph()
    graph.output(graph.graph_copy(recording.graph, {}))
    rewritten = Recording(graph, dict(recording.constants))
    for node in list(graph.nodes):
        name = name_of(node.target)
        if name == "scatter_add" or (name.startswith("index_put") and True in node.args[3:]):
            with graph.inserting_before(node):
                node.replace_all_uses_with(_gathered(rewritten, node, name))
            graph.erase_node(node)
    return rewritten


def _gathered(rewritten: Recording, node: fx.Node, name: str) -> fx.Node:
    """Return the step that computes an addition by indices."""
    target: Any = node.args[0]
    value: Any = node.args[3] if name == "scatter_add" else node.args[2]
    positions, terms = _places(rewritten, node, name, value)
    shape, count = target.meta["val"].shape, target.meta["val"].numel()
    order, terms_of = np.argsort(positions, kind="stable"), np.bincount(positions, minlength=count)
    starts = np.cumsum(terms_of) - terms_of
    widths = np.where(terms_of > 0, 2 ** np.ceil(np.log2(np.maximum(terms_of, 1))), 0).astype(int)
    missing = value.meta["val"].numel()  # the place of an added zero
    flat = _padded(rewritten, _called(rewritten, _aten._unsafe_view.default, value, [missing]))
    sums, where, done = [], np.full(count, -1), 0
    for width in sorted(set(widths.tolist()) - {0}):
        rows = np.flatnonzero(widths == width)
        column = np.arange(width)
        present = column < terms_of[rows, None]
        added = order[np.where(present, starts[rows, None] + column, 0)]
        table = np.where(present, terms[added], missing)
        parts = _called(rewritten, _aten.index.Tensor, flat, [_constant(rewritten, table)])
        sums.append(_called(rewritten, _aten.sum.dim_IntList, parts, [1]))
        where[rows] = np.arange(done, done := done + len(rows))
    if not sums:
        return target
    where = np.where(where < 0, done, where).reshape(shape)
    joined = _padded(rewritten, _called(rewritten, _aten.cat.default, sums))
    spread = _called(rewritten, _aten.index.Tensor, joined, [_constant(rewritten, where)])
    return _called(rewritten, _aten.add.Tensor, target, spread)


def _places(
    rewritten: Recording, node: fx.Node, name: str, value: fx.Node
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each addition the component that is added to, and the one that is added."""

    def constant(operand: fx.Node) -> Tensor:
        if operand.op != "get_attr":
            raise NotCompiled("a sum by computed indices")
        return rewritten.constants[str(operand.target)]

    target: Any = node.args[0]
    shapes = [operand.meta["val"].shape for operand in (target, value)]
    to, terms = (torch.arange(shape.numel()).reshape(shape) for shape in shapes)
    if name == "scatter_add":
        dim, index = node.args[1:3]
        chosen = constant(index)  # type: ignore[arg-type]
        positions = to.gather(dim, chosen)  # type: ignore[arg-type]
        terms = terms[tuple(slice(size) for size in chosen.shape)]
    else:
        positions = _aten.index.Tensor(to, fx.map_arg(node.args[1], constant))
        terms = terms.expand(positions.shape)
    return positions.reshape(-1).numpy(), terms.reshape(-1).numpy()


def _called(rewritten: Recording, target: Any, *args: Any) -> fx.Node:
    """Add a step, with a tensor of the shape and the dtype of its result."""
    node = rewritten.graph.call_function(target, args)
    shapes = {operand: operand.meta["val"] for operand in node.all_input_nodes}
    zeros = {operand: torch.zeros(like.shape, dtype=like.dtype) for operand, like in shapes.items()}
    node.meta["val"] = target(*fx.map_arg(args, zeros.__getitem__))
    return node


def _padded(rewritten: Recording, node: fx.Node) -> fx.Node:
    return _called(rewritten, _aten.constant_pad_nd.default, node, [0, 1])


def _constant(rewritten: Recording, indices: np.ndarray) -> fx.Node:
    name = f"indices{len(rewritten.constants)}"
    node = rewritten.graph.get_attr(name)
    rewritten.constants[name] = node.meta["val"] = torch.from_numpy(indices)
    return node
