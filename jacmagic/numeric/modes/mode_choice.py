"""Table of differentiation modes to try, by strategy and by the sizes m and n.

Measured on small and middling functions: a batched pass costs about as much as two or three single
ones, and is checked by one more; a column runs the function again, with dual numbers. So up to four
rows are fastest one by one, a wide or square Jacobian by batched rows, and only a clearly tall one
by columns.
"""

from __future__ import annotations

from collections.abc import Sequence

from jacmagic.numeric.modes.columns import COLUMNS
from jacmagic.numeric.modes.forward import FORWARD
from jacmagic.numeric.modes.mode import Mode
from jacmagic.numeric.modes.reverse import REVERSE
from jacmagic.numeric.modes.rows import ROWS
from jacmagic.numeric.options import ComputeOptions

MAX_SINGLE_ROWS = 4  # rows that are cheaper one after the other than in a batch
MIN_ROWS_PER_COLUMN = 4  # m / n from which columns pay for running the function again
MIN_ROWS_FOR_COLUMNS = 16  # outputs below which that is never worth it

# Modes to try in order, by strategy. Plain rows, the last of each, work wherever torch does.
FALLBACKS: dict[str, tuple[Mode, ...]] = {
    "rows": (ROWS,),
    "reverse": (REVERSE, ROWS),
    "forward": (FORWARD, COLUMNS, REVERSE, ROWS),
    "single column": (COLUMNS, REVERSE, ROWS),
    "sparse": (REVERSE, ROWS),  # where zeros do not help
}


def fallbacks(options: ComputeOptions, m: int, n: int) -> Sequence[Mode]:
    """Return the modes to try for an m × n Jacobian, best first.

    Args:
        options: `strategy`; strict mode checks every gradient, so it takes rows one by one;
            without `vectorize` no mode with batches is used.
        m: scalar outputs.
        n: scalar inputs.
    """
    if options.strict:
        return FALLBACKS["rows"]
    strategy = options.strategy.removesuffix("-mode")
    if strategy == "auto":
        differentiable = options.create_graph and m > MAX_SINGLE_ROWS
        strategy = "reverse" if differentiable else by_size(m, n)
    modes = FALLBACKS[strategy]
    if options.vectorize:
        return modes
    return [mode for mode in modes if not mode.batched] or FALLBACKS["rows"]


def by_size(m: int, n: int) -> str:
    """Return the key of `FALLBACKS` that the sizes of a Jacobian recommend."""
    if m <= MAX_SINGLE_ROWS:
        return "rows"
    if m >= MIN_ROWS_FOR_COLUMNS and m >= MIN_ROWS_PER_COLUMN * n:
        return "forward" if n > 1 else "single column"
    return "reverse"
