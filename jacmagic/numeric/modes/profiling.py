"""Rows, batches or columns, by measurement, where the sizes do not tell.

NOTE [Independent outputs]: a plain row goes back through the graph of its own output alone, a batch
through the graphs of all. Where several outputs share little of what is computed, all plain rows
together take about as long as one pass through everything, and a batch takes several times as long.
So one pass through everything and a few plain rows are timed. Columns run everything, too: there
they have to be quicker even if a batch of them gains nothing.

Jacobians that take long and are neither tall nor wide are the other case: a column runs the
function again with dual numbers, a row goes back along its graph, and which of them is quicker
depends on what the function does. A few of both are timed; what that takes is a small part of the
whole.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.mode_choice import FALLBACKS, FEW, ladder
from jacmagic.numeric.modes.reverse import identity
from jacmagic.numeric.modes.rows import plain_row
from jacmagic.numeric.modes.try_modes import TORCH_ERRORS
from jacmagic.numeric.products import backward_products, forward_products

ROWS = 4  # plain rows that are timed
BATCHED = 8  # passes through everything that a batch and its check take: 4 of little, many of much
DUAL = 3  # plain runs that one with dual numbers takes
LONG = 0.02  # seconds that a Jacobian is expected to take, from which measuring pays
ENTRY = 1e-8  # seconds that an entry of the result takes, whatever the function does
VERY_LONG = 0.5  # seconds of single passes, from which a few of them are no matter
PROBES = 16  # rows and columns that are timed
SHARE = 12  # how many times more of both there must be; of what takes very long, half as many
WIDE, TALL = 0.5, 32.0  # outputs by inputs, outside of which the sizes tell
CLEARLY = 0.8  # forward mode runs the function again: taken where it clearly is quicker


def quicker(evaluation: Evaluation) -> tuple[str, ...] | None:
    """The modes in the order that a measurement recommends; None where the sizes tell enough."""
    if outputs_share_little(evaluation):
        return FALLBACKS["rows"]
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


def outputs_share_little(evaluation: Evaluation) -> bool:
    """Whether all plain rows take no longer than other modes, see NOTE [Independent outputs].

    A single output has nothing to share, and a few rows are not worth a measurement.
    """
    leaves = [leaf for leaf in evaluation.outputs.leaves if leaf.requires_grad and leaf.numel()]
    m, n = evaluation.size
    if m <= FEW or len(leaves) < 2:
        return False
    places = sorted({(2 * k + 1) * m // (2 * ROWS) for k in range(ROWS)})
    try:
        plain_row(evaluation, places[0])  # the first one may load and prepare
        whole = _timed(lambda: _everything(leaves, evaluation.inputs), evaluation)
        rows = [
            min(_timed(functools.partial(plain_row, evaluation, k), evaluation) for _ in range(2))
            for k in places
        ]
    except TORCH_ERRORS:  # torch may not go backwards there
        return False
    other = BATCHED * whole
    if ladder("auto", m, n) != FALLBACKS["reverse"]:
        other = max(other, DUAL * n * evaluation.seconds)
    return m * sum(rows) / len(rows) <= other


def _everything(leaves: list[Tensor], inputs: tuple[Tensor, ...]) -> None:
    """One backward pass through the graphs of all outputs."""
    directions = [torch.ones_like(leaf) for leaf in leaves]
    torch.autograd.grad(leaves, inputs, directions, retain_graph=True, allow_unused=True)


def _timed(run: Callable[[], Any], evaluation: Evaluation) -> float:
    """How long something takes: on a CPU its share of this thread's time, however busy it is."""
    device = evaluation.inputs[0].device
    clock = time.thread_time if device.type == "cpu" else time.perf_counter
    began = clock()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - began


def _seconds(
    products: Callable[[Evaluation, tuple[Tensor, ...], int | None], Tensor],
    evaluation: Evaluation,
    seeds: list[Tensor],
) -> float | None:
    """How long products with some seeds take; None where they cannot be had."""
    try:
        return _timed(lambda: products(evaluation, tuple(seeds), len(seeds[0])), evaluation)
    except TORCH_ERRORS:
        return None
