"""The scalar expression graph, its derivatives and values; no torch, no SymPy."""

from jacmagic.symbolic.graph.derivatives import PARTIALS
from jacmagic.symbolic.graph.differentiation import differentiate
from jacmagic.symbolic.graph.nodes import ONE, ZERO, BudgetExceeded, Graph
from jacmagic.symbolic.graph.numbers import exact, meant
from jacmagic.symbolic.graph.operations import OPERATIONS, Operation
from jacmagic.symbolic.graph.patterns import Sums
from jacmagic.symbolic.graph.stable import stable, stable_if_affordable
from jacmagic.symbolic.graph.tape import Tape, write_tape

__all__ = [
    "ONE",
    "OPERATIONS",
    "PARTIALS",
    "ZERO",
    "BudgetExceeded",
    "Graph",
    "Operation",
    "Sums",
    "Tape",
    "differentiate",
    "exact",
    "meant",
    "stable",
    "stable_if_affordable",
    "write_tape",
]
