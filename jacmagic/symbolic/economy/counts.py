"""Operation counts of a graph, as generated code is judged by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.graph.passes import dependent

MAX_EXPONENT_MULTIPLIED = 64  # of a whole exponent that counts as multiplications


@dataclass(frozen=True)
class Counts:
    """How many operations of each kind depend on the inputs.

    Attributes:
        additions: of sums and differences.
        multiplications: of products; a whole power counts as by repeated squaring.
        divisions: of quotients.
        negations: of signs changed.
        powers: of powers with an exponent that is not a small integer.
        calls: of functions, comparisons and choices.
    """

    additions: int = 0
    multiplications: int = 0
    divisions: int = 0
    negations: int = 0
    powers: int = 0
    calls: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(vars(self).values())

    def __str__(self) -> str:
        parts = [
            f"{count} {'function ' * (kind == 'calls')}{kind if count != 1 else kind[:-1]}"
            for kind, count in vars(self).items()
            if count
        ]
        return ", ".join(parts) or "none"


_KINDS = {
    "add": "additions",
    "sub": "additions",
    "mul": "multiplications",
    "div": "divisions",
    "neg": "negations",
}


def count(graph: Graph, roots: Sequence[int], variables: Sequence[int] = ()) -> Counts:
    """Count the operations that roots need; those of constants alone are not counted.

    Args:
        graph: the expression graph that holds the nodes.
        roots: the nodes wanted.
        variables: nodes that vary beside the graph's variables.
    """
    reached = graph.reach(roots)
    inputs = {node for node in reached if graph.operations[node] == "variable"}.union(variables)
    varying = dependent(graph, reached, inputs)
    totals: Counter[str] = Counter()
    for node in reached:
        if node in varying and node not in inputs:
            totals.update(_operations(graph, node))
    return Counts(**totals)


def _operations(graph: Graph, node: int) -> dict[str, int]:
    """Return the operations of one node by kind."""
    operation = graph.operations[node]
    if operation != "pow":
        return {_KINDS.get(operation, "calls"): 1}
    exponent = graph.value(graph.operands(node)[1])
    if not isinstance(exponent, int) or not 0 < abs(exponent) <= MAX_EXPONENT_MULTIPLIED:
        return {"powers": 1}
    size = abs(exponent)
    squarings = size.bit_length() - 1 + size.bit_count() - 1
    return {"multiplications": squarings, "divisions": int(exponent < 0)}
