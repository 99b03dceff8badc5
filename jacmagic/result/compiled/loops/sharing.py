"""Which steps are stored, rather than computed wherever they are read, and which together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import fx

from jacmagic.result.compiled.loops.operations import elementwise
from jacmagic.result.compiled.loops.zeros import Zeros

MAX_DEPTH = 40  # steps of one expression
MAX_WAYS = 8  # ways from a step to the results up to which it is computed on each
FREE_COST = 24.0  # operations for each component of a tensor that cost less than storing it
# Operations that a step costs; functions of the mathematical library cost _FUNCTION_COST.
_COSTS = {
    **dict.fromkeys("add sub mul neg where rsub square threshold_backward".split(), 1.0),
    **dict.fromkeys("div reciprocal sqrt tanh_backward sigmoid_backward".split(), 3.0),
}
_FUNCTION_COST = 10.0
MIN_STEPS_TO_JOIN = 8  # small steps of one kind from which they are computed in one loop
MAX_SCALARS_TO_JOIN = 2**10  # of one of them


def groups(zeros: Zeros) -> Iterator[list[fx.Node]]:
    """Yield the steps that are stored, in an order in which they can be computed.

    Small ones of one kind come together where none of them needs another, as those of a list of
    matrices.
    """
    shared = _shared(zeros)
    levels: dict[fx.Node, int] = {}
    alike: dict[Any, list[fx.Node]] = {}
    for node in zeros.graph.nodes:
        stored = zeros.is_stored(node) or node in shared
        levels[node] = stored + max(
            (levels[operand] for operand in node.all_input_nodes), default=0
        )
        if stored:
            alike.setdefault((levels[node], _kind(zeros, node)), []).append(node)
    if max(map(len, alike.values()), default=0) < MIN_STEPS_TO_JOIN:
        single = {node for nodes in alike.values() for node in nodes}
        yield from ([node] for node in zeros.graph.nodes if node in single)
        return
    for _, nodes in sorted(alike.items(), key=lambda item: item[0][0]):
        if len(nodes) >= MIN_STEPS_TO_JOIN:
            yield nodes
        else:
            yield from ([node] for node in nodes)


def _kind(zeros: Zeros, node: fx.Node) -> Any:
    """Return what is equal for steps that one loop computes; a large one is alone."""
    if zeros.size(node) > MAX_SCALARS_TO_JOIN:
        return node
    if node in zeros.calls:
        call = zeros.calls[node]
        return call.function, call.arguments, *(len(at) for _, at in call.operands)
    if node in zeros.sums:
        _, index, largest = zeros.sums[node]
        return index.shape, largest
    if node in zeros.products:
        return "products", zeros.products[node][2]
    return node.target, node.meta["val"].shape, int(zeros.masks[node].sum())


def _shared(zeros: Zeros) -> set[fx.Node]:
    """Return the elementwise steps that are stored."""
    ways: dict[fx.Node, float] = {}
    reads: dict[fx.Node, float] = {}
    for node in reversed(zeros.graph.nodes):
        ways[node] = sum(1.0 if user.op == "output" else ways[user] for user in node.users)
        reads[node] = sum(_reads(zeros, node, user, reads) for user in node.users)
    cost: dict[fx.Node, float] = {}
    depth: dict[fx.Node, int] = {}
    shared = set[fx.Node]()
    for node in zeros.graph.nodes:
        name = elementwise(node.target)
        inner = (
            [] if zeros.is_stored(node) else [o for o in node.all_input_nodes if o not in shared]
        )
        own = 0.0 if name is None else _COSTS.get(name, _FUNCTION_COST)
        cost[node] = own + sum(cost[operand] for operand in inner)
        depth[node] = (name is not None) + max((depth[operand] for operand in inner), default=0)
        if name is None:
            continue
        computed = max(1.0, float(zeros.masks[node].sum()))
        again = cost[node] * (reads[node] - computed) / computed
        if again > FREE_COST or ways[node] > MAX_WAYS or depth[node] > MAX_DEPTH:
            shared.add(node)
    return shared


def _reads(zeros: Zeros, node: fx.Node, user: fx.Node, reads: dict[fx.Node, float]) -> float:
    """Return how many components of a step one of its readers reads."""
    masks = zeros.masks
    if node not in masks:
        return reads[user]
    if zeros.is_written_out(user):
        return reads[user] * float(zeros.counts(user).sum()) / float(masks[user].sum() or 1)
    if user.op == "output" or zeros.is_stored(user):
        return float(masks[node].sum())
    if user not in masks:
        return reads[user]
    live = np.flatnonzero(masks[user])
    if not len(live):
        return 0.0
    if user in zeros.moved:
        tensors, sources = zeros.moved[user]
        starts = np.cumsum([0, *map(zeros.size, tensors)])
        positions = sources[live]
        part = [
            ((positions >= starts[k]) & (positions < starts[k + 1])).mean()
            for k, tensor in enumerate(tensors)
            if tensor is node
        ]
        return reads[user] * float(sum(part))
    part = masks[node][zeros.broadcast(node, user)[live]]
    return reads[user] * float(part.mean())
