"""Forward mode, batched: vmap over jvps with columns of the identity.

Worth its re-runs of the function where there are many more outputs than inputs.
"""

from __future__ import annotations

import torch

from jacmagic.function.torch_internals import forward_pass
from jacmagic.numeric.engine import mapped
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.batch_size import batches
from jacmagic.numeric.modes.columns import blocks_of_columns
from jacmagic.numeric.modes.mode import Mode, ModeResult
from jacmagic.numeric.modes.reverse import identity
from jacmagic.numeric.options import DEFAULTS, ComputeOptions

RUNS_PER_DUAL_BATCH = 4  # plain runs that one with a batch of dual numbers is expected to take


def by_forward(evaluation: Evaluation, options: ComputeOptions = DEFAULTS) -> ModeResult:
    """Compute all blocks with batched jvps: J·V for slices V of the identity.

    Raises:
        RuntimeError: the function cannot be batched (its control flow depends on the data, …) or an
            operation has no forward formula.
    """
    primals = tuple(tensor.detach() for tensor in evaluation.inputs)

    pieces = []
    n, seconds = evaluation.size[1], RUNS_PER_DUAL_BATCH * evaluation.seconds
    for start, stop in batches(evaluation, n, chunk_size=options.chunk_size, seconds=seconds):
        count = stop - start
        with torch.no_grad(), evaluation.again(), mapped(count, "same") as level:
            tangents = tuple(map(level.batched, identity(primals, start, stop)))
            _, leaves = forward_pass(evaluation.leaves, primals, tangents, of=evaluation.function)
            pieces.append([level.unbatched(leaf) for leaf in leaves])
    return ModeResult(blocks_of_columns(evaluation, pieces))


FORWARD = Mode(
    "forward",
    by_forward,
    "columns",
    "in forward mode instead",
    batched=True,
    failed="not batched in forward mode",
    method="torch's batched forward mode",
)
