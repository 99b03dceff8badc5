"""Sparsity patterns by index sets, and colourings for compressed passes.

Below autograd every torch call is an ATen operation. Beside every tensor stands, for each element,
the set of inputs it depends on; `rules` say how operations join and move these sets. No expression
is built, so ten thousand inputs take milliseconds. The pattern may hold an entry that happens to be
zero, but misses none of the branch that is taken; where dependence cannot be followed, it refuses.
"""

from jacmagic.numeric.sparsity.colouring import Plan, plan
from jacmagic.numeric.sparsity.detect import MAX_ENTRIES, Pattern, detect

__all__ = ["MAX_ENTRIES", "Pattern", "Plan", "detect", "plan"]
