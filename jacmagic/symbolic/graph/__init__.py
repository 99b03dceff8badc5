"""The scalar expression graph, its derivatives and values; no torch, no SymPy."""

from jacmagic.symbolic.graph.differentiation import differentiate
from jacmagic.symbolic.graph.nodes import ONE, ZERO, BudgetExceeded, Graph
from jacmagic.symbolic.graph.numbers import meant
from jacmagic.symbolic.graph.operations import OPERATIONS
from jacmagic.symbolic.graph.passes import tree_sizes
from jacmagic.symbolic.graph.patterns import Sums, signed_terms, summed
from jacmagic.symbolic.graph.stable import stable, stable_if_affordable
from jacmagic.symbolic.graph.tape import Tape, write_tape

__all__ = [
    "ONE",
    "OPERATIONS",
    "ZERO",
    "BudgetExceeded",
    "Graph",
    "Sums",
    "Tape",
    "differentiate",
    "meant",
    "signed_terms",
    "stable",
    "stable_if_affordable",
    "summed",
    "tree_sizes",
    "write_tape",
]
