"""The tables from ATen operations to expressions, one room for each family.

`RULES[name](graph, *arguments)` gets what the operation got, with every tensor replaced by an int64
array of graph nodes; plain numbers and lists stay. It returns the nodes of the results, in a shape
that broadcasts to theirs; None for a result that has no expression. A rule knows no torch.

`COMPLEX` holds the rules for complex arguments, which come as `Pair`s. `MOVES[name]` names the
arguments whose *data* an operation merely moves; it is run once more on the nodes themselves.
`ORDERS` are operations whose choice depends on values, `ANSWERS` those that answer yes or no.
A name may carry its overload (`max.dim`), which is then asked for first.

To add an operation: one line in the table of its family, one sample in `tests/rule_samples/`.
"""

from __future__ import annotations

from collections.abc import Callable

from jacmagic.trace.rules.accumulations import ACCUMULATIONS
from jacmagic.trace.rules.activations import ACTIVATIONS
from jacmagic.trace.rules.answers import ANSWERS
from jacmagic.trace.rules.arrays import Rule, each, toward_zero, truth
from jacmagic.trace.rules.backward import BACKWARD
from jacmagic.trace.rules.complex_matrices import COMPLEX_MATRICES
from jacmagic.trace.rules.complexes import COMPLEX as COMPLEX_NUMBERS
from jacmagic.trace.rules.convolutions import CONVOLUTIONS
from jacmagic.trace.rules.elementwise import ELEMENTWISE, TRUTHFUL
from jacmagic.trace.rules.factors import FACTORED, FACTORS
from jacmagic.trace.rules.guarded import GUARDED
from jacmagic.trace.rules.losses import LOSSES
from jacmagic.trace.rules.matrices import MATRICES
from jacmagic.trace.rules.movement import MOVES
from jacmagic.trace.rules.normalizations import NORMALIZATIONS
from jacmagic.trace.rules.orders import PICKS, Order, Seen
from jacmagic.trace.rules.pairs import Pair, conjugate, pair_of
from jacmagic.trace.rules.pools import POOLS
from jacmagic.trace.rules.products import PRODUCTS
from jacmagic.trace.rules.reductions import REDUCTIONS
from jacmagic.trace.rules.special import SPECIAL
from jacmagic.trace.rules.spectra import SPECTRA
from jacmagic.trace.rules.unsupported import Unsupported

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
ORDERS: dict[str, Callable[..., Order]] = {**PICKS, **POOLS, **SPECTRA, **FACTORS, **GUARDED}
COMPLEX: dict[str, Rule] = {**COMPLEX_NUMBERS, **COMPLEX_MATRICES}

__all__ = [
    "ANSWERS",
    "COMPLEX",
    "MOVES",
    "ORDERS",
    "RULES",
    "TRUTHFUL",
    "Order",
    "Pair",
    "Rule",
    "Seen",
    "Unsupported",
    "conjugate",
    "each",
    "pair_of",
    "toward_zero",
    "truth",
]
