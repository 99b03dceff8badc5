"""The pass over a graph that applies the rules of recognition from the leaves up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jacmagic.symbolic.graph import ONE, ZERO, Graph
from jacmagic.symbolic.graph.passes import rebuilt
from jacmagic.symbolic.recognition.cancellations import CANCELLATIONS
from jacmagic.symbolic.recognition.products import polynomial
from jacmagic.symbolic.recognition.shifts import without_maxima
from jacmagic.symbolic.recognition.sigmoids import SIGMOIDS, without_mirrored
from jacmagic.symbolic.recognition.softplus import positive_part, softplus
from jacmagic.symbolic.recognition.trigonometry import addition_theorems, double_angle

Rule = Callable[[Graph, int], "int | None"]

MAX_NODES = 20_000  # of what is searched; a larger formula is not read as a whole
_MAX_ROUNDS = 4  # rules applied to one node, each to the result of the one before

RULES: dict[str, tuple[Rule, ...]] = {}
_SUMS = dict.fromkeys(("add", "sub"), (softplus, addition_theorems))
for _table in (CANCELLATIONS, SIGMOIDS, _SUMS, {"mul": (double_angle,), "div": (positive_part,)}):
    for _operation, _rules in _table.items():
        RULES[_operation] = (*RULES.get(_operation, ()), *_rules)


def recognised(graph: Graph, roots: Sequence[int]) -> list[int]:
    """Return nodes equal to the roots, in the forms that textbooks print.

    Args:
        graph: the expression graph, to which nodes are added where something is recognised.
        roots: the nodes to rewrite.

    Raises:
        BudgetExceeded: the graph outgrows its limits.
    """
    if len(graph.reach(roots)) > MAX_NODES:
        return list(roots)
    plain = without_mirrored(graph, without_maxima(graph, roots))
    return [polynomial(graph, root) for root in _by_rules(graph, plain)]


def _by_rules(graph: Graph, roots: Sequence[int]) -> list[int]:
    """Rewrite every node by the table of its operation."""
    new: dict[int, int] = {ZERO: ZERO, ONE: ONE}
    reached = graph.reach(roots)
    inside = _inner_parts(graph, reached, roots)
    for count, node in enumerate(reached):
        if count % 256 == 255:
            graph.check_deadline()
        same = rebuilt(graph, node, new)
        new[node] = same if node in inside else _applied(graph, same)
    return [new[root] for root in roots]


def _applied(graph: Graph, node: int) -> int:
    """Apply the rules of a node's operation until none fits."""
    for _ in range(_MAX_ROUNDS):
        for rule in RULES.get(graph.operations[node], ()):
            changed = rule(graph, node)
            if changed is not None and changed != node:
                node = changed
                break
        else:
            break
    return node


def _inner_parts(graph: Graph, reached: Sequence[int], roots: Sequence[int]) -> set[int]:
    """Return the sums and products that belong to larger ones: they are read with those."""
    users: dict[int, list[str]] = {root: [""] for root in roots}
    for node in reversed(reached):
        operation = graph.operations[node]
        for operand in graph.operands(node):
            users.setdefault(operand, []).extend(users[node] if operation == "neg" else [operation])
    return {node for node in reached if _is_inner(graph.operations[node], users[node])}


def _is_inner(operation: str, users: Sequence[str]) -> bool:
    if operation in ("add", "sub"):
        return len(users) == 1 and users[0] in ("add", "sub")
    return operation == "mul" and ("mul" in users or "div" in users)
