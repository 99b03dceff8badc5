"""The tables from ATen operations to expressions, one module for each family.

`RULES[name](graph, *arguments)` gets the arguments of the operation, with every tensor replaced by
an int64 array of graph nodes; plain numbers and lists stay. It returns the nodes of the results, in
a shape that broadcasts to theirs; None for a result that has no expression. A rule knows no torch.
A `Formula` in the table writes the operation in simpler ones of torch instead, a `Pullback` names
the forward operation that a backward one belongs to.

`COMPLEX` holds the rules for complex arguments, which come as `ComplexNodes`. `SELECTIONS` are
operations whose choice depends on values, `PREDICATES` those that answer yes or no. A name may
carry its overload (`max.dim`), which is then looked up first. Two tables are elsewhere: operations
that only move data in `jacmagic.function.aten.data_movement`, linear maps in `trace.linear_maps`.

An operation without an entry is taken apart as torch itself does; where that gives the textbook's
form, as for `silu` or `layer_norm`, no entry is needed. To add an operation: one line in the table
of its family, one sample in `tests/rule_samples/`.
"""

from __future__ import annotations

from jacmagic.symbolic.trace.rules.accumulations import ACCUMULATIONS
from jacmagic.symbolic.trace.rules.activations import ACTIVATIONS
from jacmagic.symbolic.trace.rules.arrays import Rule, each, toward_zero, truth
from jacmagic.symbolic.trace.rules.backward import BACKWARD
from jacmagic.symbolic.trace.rules.complexes import COMPLEX
from jacmagic.symbolic.trace.rules.convolutions import CONVOLUTIONS
from jacmagic.symbolic.trace.rules.eigenvalues import EIGENVALUES
from jacmagic.symbolic.trace.rules.elementwise import ELEMENTWISE, TRUTHFUL
from jacmagic.symbolic.trace.rules.extrema import EXTREMA
from jacmagic.symbolic.trace.rules.factorizations import FACTORED, FACTORS
from jacmagic.symbolic.trace.rules.formula import Formula, Pullback, pulled_back
from jacmagic.symbolic.trace.rules.guarded import GUARDED
from jacmagic.symbolic.trace.rules.intervals import INTERVALS
from jacmagic.symbolic.trace.rules.losses import LOSSES
from jacmagic.symbolic.trace.rules.matrices import MATRICES
from jacmagic.symbolic.trace.rules.normalizations import NORMALIZATIONS
from jacmagic.symbolic.trace.rules.order_statistics import ORDER_STATISTICS
from jacmagic.symbolic.trace.rules.pairs import ComplexNodes, conjugate
from jacmagic.symbolic.trace.rules.pools import POOLS
from jacmagic.symbolic.trace.rules.products import PRODUCTS
from jacmagic.symbolic.trace.rules.reductions import PREDICATES, REDUCTIONS
from jacmagic.symbolic.trace.rules.selections import Operands, SelectionRule
from jacmagic.symbolic.trace.rules.special import SPECIAL

RULES: dict[str, Rule | Formula | Pullback] = {
    **ELEMENTWISE,
    **ACTIVATIONS,
    **SPECIAL,
    **REDUCTIONS,
    **LOSSES,
    **PRODUCTS,
    **MATRICES,
    **FACTORED,
    **NORMALIZATIONS,
    **CONVOLUTIONS,
    **ACCUMULATIONS,
    **BACKWARD,
}
SELECTIONS: dict[str, SelectionRule] = {
    **ORDER_STATISTICS,
    **EXTREMA,
    **INTERVALS,
    **POOLS,
    **EIGENVALUES,
    **FACTORS,
    **GUARDED,
}

__all__ = [
    "COMPLEX",
    "PREDICATES",
    "RULES",
    "SELECTIONS",
    "TRUTHFUL",
    "ComplexNodes",
    "Formula",
    "Operands",
    "Pullback",
    "Rule",
    "conjugate",
    "each",
    "pulled_back",
    "toward_zero",
    "truth",
]
