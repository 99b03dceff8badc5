"""The tables from ATen operations to expressions, one room for each family.

`RULES[name](graph, *arguments)` gets what the operation got, with every tensor replaced by an int64
array of graph nodes; plain numbers and lists stay. It returns the nodes of the results, in a shape
that broadcasts to theirs; None for a result that has no expression. A rule knows no torch.

`COMPLEX` holds the rules for complex arguments, which come as `ComplexNodes`. `MOVES[name]` names
the arguments whose *data* an operation merely moves; it is run once more on the nodes themselves.
`ORDERS` are operations whose choice depends on values, `ANSWERS` those that answer yes or no.
A name may carry its overload (`max.dim`), which is then asked for first.

To add an operation: one line in the table of its family, one sample in `tests/rule_samples/`.
"""

from __future__ import annotations

from collections.abc import Callable

from jacmagic.symbolic.trace.rules.accumulations import ACCUMULATIONS
from jacmagic.symbolic.trace.rules.activations import ACTIVATIONS
from jacmagic.symbolic.trace.rules.arrays import Rule, each, toward_zero, truth
from jacmagic.symbolic.trace.rules.backward import BACKWARD
from jacmagic.symbolic.trace.rules.complex_matrices import COMPLEX_MATRICES
from jacmagic.symbolic.trace.rules.complexes import COMPLEX as COMPLEX_NUMBERS
from jacmagic.symbolic.trace.rules.convolutions import CONVOLUTIONS
from jacmagic.symbolic.trace.rules.eigenvalues import SPECTRA
from jacmagic.symbolic.trace.rules.elementwise import ELEMENTWISE, TRUTHFUL
from jacmagic.symbolic.trace.rules.factorizations import FACTORED, FACTORS
from jacmagic.symbolic.trace.rules.guarded import GUARDED
from jacmagic.symbolic.trace.rules.losses import LOSSES
from jacmagic.symbolic.trace.rules.matrices import MATRICES
from jacmagic.symbolic.trace.rules.normalizations import NORMALIZATIONS
from jacmagic.symbolic.trace.rules.pairs import ComplexNodes, conjugate, pair_of
from jacmagic.symbolic.trace.rules.pools import POOLS
from jacmagic.symbolic.trace.rules.predicates import ANSWERS
from jacmagic.symbolic.trace.rules.products import PRODUCTS
from jacmagic.symbolic.trace.rules.reductions import REDUCTIONS
from jacmagic.symbolic.trace.rules.selections import PICKS, Operands, Selection
from jacmagic.symbolic.trace.rules.special import SPECIAL

RULES: dict[str, Rule] = {
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
ORDERS: dict[str, Callable[..., Selection]] = {**PICKS, **POOLS, **SPECTRA, **FACTORS, **GUARDED}
COMPLEX: dict[str, Rule] = {**COMPLEX_NUMBERS, **COMPLEX_MATRICES}

__all__ = [
    "ANSWERS",
    "COMPLEX",
    "ORDERS",
    "RULES",
    "TRUTHFUL",
    "ComplexNodes",
    "Operands",
    "Rule",
    "Selection",
    "conjugate",
    "each",
    "pair_of",
    "toward_zero",
    "truth",
]
