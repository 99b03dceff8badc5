"""Profiling: rows, batches or columns by measured passes, where sizes mislead.

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
from jacmagic.numeric.modes.forward import FORWARD
from jacmagic.numeric.modes.mode import Mode
from jacmagic.numeric.modes.mode_choice import FALLBACKS, MAX_SINGLE_ROWS, is_tall, recommended
from jacmagic.numeric.modes.reverse import identity
from jacmagic.numeric.modes.rows import plain_row
from jacmagic.numeric.options import DEFAULTS
from jacmagic.numeric.products import backward_products, forward_products
from jacmagic.numeric.torch_errors import TORCH_ERRORS

# Costs are estimates in units of one plain pass or run; `make bench` shows where one is wrong.
PROBED_ROWS = 4  # plain rows that are timed where outputs may share little
PASSES_OF_BATCH = 8  # that a batch and its check take: 4 where passes are short, many where long
RUNS_OF_COLUMN = 3  # plain runs that one with dual numbers takes
MIN_SECONDS_TO_PROFILE = 0.02  # that a Jacobian is expected to take
SECONDS_PER_ENTRY = 1e-8  # of the result, whatever the function does
MIN_SECONDS_OF_PASSES = 0.5  # of min(m, n) passes, from which timing a few of them costs little
PROBES = 16  # rows and columns that are timed
PROBE_SHARE = 12  # how many times more of both there must be; of long passes, half as many
MIN_ASPECT, MAX_ASPECT = 0.5, 32.0  # outputs by inputs, outside of which the sizes decide
TRIAL_GAIN = 0.5  # of forward mode's seconds, that the probed rows may take
TRIAL_COST = 4.0  # times these, that all rows may take by that measure
FORWARD_GAIN = 0.8  # forward mode runs the function again: taken where it clearly is quicker


def fastest_modes(evaluation: Evaluation) -> tuple[Mode, ...] | None:
    """Return the modes in measured order, or None where the sizes decide."""
    if outputs_share_little(evaluation):
        return FALLBACKS["rows"]
    m, n = evaluation.size
    least, single = min(m, n), evaluation.seconds * min(m, n)
    expected = single / PROBES + SECONDS_PER_ENTRY * m * n
    long = least >= PROBE_SHARE * PROBES and expected >= MIN_SECONDS_TO_PROFILE
    very_long = least >= PROBE_SHARE and single >= MIN_SECONDS_OF_PASSES
    if not (long or very_long) or not MIN_ASPECT <= m / n <= MAX_ASPECT:
        return None
    probes = min(PROBES, 2 * least // PROBE_SHARE)
    outputs = [leaf.detach() for leaf in evaluation.outputs.leaves]
    inputs = [tensor.detach() for tensor in evaluation.inputs]
    rows = _seconds(backward_products, evaluation, identity(outputs, 0, probes))
    columns = _seconds(forward_products, evaluation, identity(inputs, 0, probes))
    if columns is None or rows is None or columns * n > FORWARD_GAIN * rows * m:
        return FALLBACKS["reverse"]
    return FALLBACKS["forward"]


def reverse_may_pay(evaluation: Evaluation, seconds: float) -> bool:
    """Whether whole calls in reverse mode are worth trying where forward mode takes long.

    A batch of rows may take as long as a few of them, or as each alone: it is taken where a few
    take a small part of forward mode's time, and all, in the worst case, not many times that.

    Args:
        evaluation: the plain run.
        seconds: what all columns take.
    """
    m, n = evaluation.size
    if m > MAX_ASPECT * n:
        return False
    probes = min(PROBES, m)
    outputs = [leaf.detach() for leaf in evaluation.outputs.leaves]
    rows = _seconds(backward_products, evaluation, identity(outputs, 0, probes))
    if rows is None:
        return False
    return rows <= TRIAL_GAIN * seconds and rows * m / probes <= TRIAL_COST * seconds


def forward_may_pay(evaluation: Evaluation, seconds: float) -> bool:
    """Whether whole calls in forward mode are worth trying where reverse mode takes long.

    Args:
        evaluation: the plain run.
        seconds: what all rows take.
    """
    if not is_tall(evaluation):
        return False
    try:
        return _timed(lambda: FORWARD.run(evaluation, DEFAULTS), evaluation) <= seconds
    except TORCH_ERRORS:
        return False


def outputs_share_little(evaluation: Evaluation) -> bool:
    """Whether plain rows are fastest, see NOTE [Independent outputs].

    A single output has nothing to share, and a few rows are not worth a measurement.
    """
    leaves = [leaf for leaf in evaluation.outputs.leaves if leaf.requires_grad and leaf.numel()]
    m, n = evaluation.size
    if m <= MAX_SINGLE_ROWS or len(leaves) < 2:
        return False
    probed = sorted({(2 * k + 1) * m // (2 * PROBED_ROWS) for k in range(PROBED_ROWS)})
    try:
        plain_row(evaluation, probed[0])  # the first one may load and prepare
        whole = _timed(lambda: _everything(leaves, evaluation.inputs), evaluation)
        rows = [
            min(_timed(functools.partial(plain_row, evaluation, k), evaluation) for _ in range(2))
            for k in probed
        ]
    except TORCH_ERRORS:  # torch may not go backwards there
        return False
    other = PASSES_OF_BATCH * whole
    if recommended(evaluation) != "reverse":
        other = max(other, RUNS_OF_COLUMN * n * evaluation.seconds)
    return m * sum(rows) / len(rows) <= other


def _everything(leaves: list[Tensor], inputs: tuple[Tensor, ...]) -> None:
    """Run one backward pass through the graphs of all outputs."""
    directions = [torch.ones_like(leaf) for leaf in leaves]
    torch.autograd.grad(leaves, inputs, directions, retain_graph=True, allow_unused=True)


def _timed(run: Callable[[], Any], evaluation: Evaluation) -> float:
    """Return the seconds of a run; on a CPU this thread's own processor time."""
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
    """Return the seconds of products with some seeds; None where torch refuses."""
    try:
        return _timed(lambda: products(evaluation, tuple(seeds), len(seeds[0])), evaluation)
    except TORCH_ERRORS:
        return None
