"""Table of differentiation modes to try, by strategy, sizes and the graph of the plain run.

Measured on small and middling functions: a batched pass costs about as much as two or three single
ones, several times that where torch batches an operation by Python; a column runs the function
again, with dual numbers, where torch's Python takes longer than all else. So a few rows of a short
function are fastest one by one, a wide, square or small Jacobian by batched rows, and only one that
is clearly tall and large by columns.

NOTE [Slow in a batch]: torch batches some backward formulas row by row, by a composition of many
operations, or as a convolution in groups. In a batch of a few rows one of these loses about what
twenty other operations gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.columns import COLUMNS
from jacmagic.numeric.modes.forward import FORWARD
from jacmagic.numeric.modes.mode import Mode
from jacmagic.numeric.modes.reverse import REVERSE
from jacmagic.numeric.modes.rows import ROWS
from jacmagic.numeric.options import DEFAULTS, ComputeOptions

MAX_SINGLE_ROWS = 4  # rows that are cheaper one after the other than in a batch
MIN_ROWS_TO_BATCH = 3  # which cost as much as a batch of them, whatever the operations
MIN_OPERATIONS_TO_BATCH = 48  # of a small function's rows together, from which a batch is cheaper
OPERATIONS_PER_SLOW_ONE = 20  # whose gain it takes up, see NOTE [Slow in a batch]
MAX_ENTRIES_OF_SMALL = 2**14  # of a Jacobian, up to which starting operations takes the time
MIN_ROWS_PER_COLUMN = 4  # m / n from which columns pay for running the function again
MIN_SCALARS_FOR_COLUMNS = 2**16  # of the widest tensor in a batch of all rows, likewise

# Nodes of autograd's graph, see NOTE [Slow in a batch]; `Unfold` is a tensor's own windows.
SLOW_IN_A_BATCH = frozenset(
    f"{operation}Backward0"
    for operation in (
        "Convolution", "Cumprod", "HuberLoss", "Mish", "MseLoss", "NativeBatchNorm", "NllLoss",
        "NllLoss2D", "Pdist", "Put", "SmoothL1Loss", "SoftMarginLoss", "Take", "Unfold",
    )
)  # fmt: skip

# Modes to try in order, by strategy. Plain rows, the last of each, work wherever torch does.
FALLBACKS: dict[str, tuple[Mode, ...]] = {
    "rows": (ROWS,),
    "reverse": (REVERSE, ROWS),
    "forward": (FORWARD, COLUMNS, REVERSE, ROWS),
    "single column": (COLUMNS, REVERSE, ROWS),
    "sparse": (REVERSE, ROWS),  # where zeros do not help
}


def fallbacks(options: ComputeOptions, evaluation: Evaluation) -> Sequence[Mode]:
    """Return the modes to try, best first.

    Args:
        options: `strategy`; strict mode checks every gradient, so it takes rows one by one;
            without `vectorize` no mode with batches is used.
        evaluation: the plain run.
    """
    if options.strict:
        return FALLBACKS["rows"]
    strategy = options.strategy.removesuffix("-mode")
    if strategy == "auto" and options.create_graph:
        strategy = "reverse" if evaluation.size[0] > MAX_SINGLE_ROWS else "rows"
    elif strategy == "auto":
        strategy = recommended(evaluation, options)
    modes = FALLBACKS[strategy]
    if options.vectorize:
        return modes
    return [mode for mode in modes if not mode.batched] or FALLBACKS["rows"]


def recommended(evaluation: Evaluation, options: ComputeOptions = DEFAULTS) -> str:
    """Return the key of `FALLBACKS` that the sizes and the graph recommend.

    Args:
        evaluation: the plain run.
        options: `vectorize` allows batches.
    """
    m, n = evaluation.size
    if m <= MAX_SINGLE_ROWS and not _is_long(evaluation):
        return "rows"
    if not is_tall(evaluation):
        return "reverse"
    few = MIN_SCALARS_FOR_COLUMNS
    if options.vectorize and m * m < few and m * evaluation.graph.widest < few:
        return "reverse"
    return "forward" if n > 1 else "single column"


def _is_long(evaluation: Evaluation) -> bool:
    """Whether a batch of a few rows is quicker, as starting many operations takes the time.

    The rows of several outputs go back through their own parts of the graph alone.
    """
    m, n = evaluation.size
    small = m >= MIN_ROWS_TO_BATCH and m * n <= MAX_ENTRIES_OF_SMALL
    least = MIN_OPERATIONS_TO_BATCH / m if small and len(evaluation.outputs.leaves) == 1 else inf
    if evaluation.recorded < least:
        return False
    slow = evaluation.graph.count(SLOW_IN_A_BATCH)
    return evaluation.recorded - OPERATIONS_PER_SLOW_ONE * slow >= least


def is_tall(evaluation: Evaluation) -> bool:
    """Whether there are so many outputs that columns may be quicker than rows."""
    m, n = evaluation.size
    return m >= MIN_ROWS_PER_COLUMN * n
