"""The scalar expression graph: build, differentiate, evaluate. Knows no torch and no SymPy."""

from jacmagic.graph.derivatives import PARTIALS
from jacmagic.graph.differentiation import differentiate
from jacmagic.graph.nodes import ONE, ZERO, BudgetExceeded, Graph
from jacmagic.graph.numbers import exact, meant
from jacmagic.graph.operations import OPERATIONS, Operation
from jacmagic.graph.quantities import Sums
from jacmagic.graph.runner import Runner
from jacmagic.graph.stable import stable
from jacmagic.graph.tape import Tape, write_tape

__all__ = [
    "ONE",
    "OPERATIONS",
    "PARTIALS",
    "ZERO",
    "BudgetExceeded",
    "Graph",
    "Operation",
    "Runner",
    "Sums",
    "Tape",
    "differentiate",
    "exact",
    "meant",
    "stable",
    "write_tape",
]
