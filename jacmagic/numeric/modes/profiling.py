"""Rows or columns, by measurement: for Jacobians that take long and are neither tall nor wide.

There the sizes do not tell: a column runs the function again with dual numbers, a row goes back
along its graph, and which of them is quicker depends on what the function does. A few of both are
timed; what that takes is a small part of the whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.mode_choice import FALLBACKS
from jacmagic.numeric.modes.reverse import identity
from jacmagic.numeric.modes.try_modes import TORCH_ERRORS
from jacmagic.numeric.products import backward_products, forward_products

LONG = 0.02  # seconds that a Jacobian is expected to take, from which measuring pays
ENTRY = 1e-8  # seconds that an entry of the result takes, whatever the function does
VERY_LONG = 0.5  # seconds of single passes, from which a few of them are no matter
PROBES = 16  # rows and columns that are timed
SHARE = 12  # how many times more of both there must be; of what takes very long, half as many
WIDE, TALL = 0.5, 32.0  # outputs by inputs, outside of which the sizes tell
CLEARLY = 0.8  # forward mode runs the function again: taken where it clearly is quicker


def quicker(evaluation: Evaluation) -> tuple[str, ...] | None:
    """The roads in the order that a measurement recommends; None where the sizes tell enough."""
    m, n = evaluation.size
    least, single = min(m, n), evaluation.seconds * min(m, n)
    long = least >= SHARE * PROBES and single / PROBES + ENTRY * m * n >= LONG
    very_long = least >= SHARE and single >= VERY_LONG
    if not (long or very_long) or not WIDE <= m / n <= TALL:
        return None
    probes = min(PROBES, 2 * least // SHARE)
    outputs = [leaf.detach() for leaf in evaluation.outputs.leaves]
    inputs = [tensor.detach() for tensor in evaluation.inputs]
    rows = _seconds(backward_products, evaluation, identity(outputs, 0, probes))
    columns = _seconds(forward_products, evaluation, identity(inputs, 0, probes))
    if columns is None or rows is None or columns * n > CLEARLY * rows * m:
        return FALLBACKS["reverse"]
    return FALLBACKS["forward"]


def _seconds(
    products: Callable[[Evaluation, tuple[Tensor, ...], int | None], Tensor],
    evaluation: Evaluation,
    seeds: list[Tensor],
) -> float | None:
    """How long products with some seeds take; None where they cannot be had."""
    began = time.perf_counter()
    try:
        found = products(evaluation, tuple(seeds), len(seeds[0]))
    except TORCH_ERRORS:
        return None
    if found.is_cuda:
        torch.cuda.synchronize(found.device)
    return time.perf_counter() - began
