"""Modes for functions that reverse mode refuses, from forward to differences."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import replace

from torch import Tensor, from_numpy
from torch.nn.attention import SDPBackend, sdpa_kernel

from jacmagic.numeric.differences import differences
from jacmagic.numeric.evaluation import Evaluation, evaluate
from jacmagic.numeric.modes.columns import COLUMNS
from jacmagic.numeric.modes.mode import Mode, ModeResult
from jacmagic.numeric.modes.rows import by_rows
from jacmagic.numeric.modes.try_modes import Tried
from jacmagic.numeric.options import ComputeOptions
from jacmagic.numeric.torch_errors import TORCH_ERRORS

NOT_BY_TORCH = ("closed form", "differences")  # modes that use no derivative of torch's
Substitute = Callable[[], Tensor | None]  # the Jacobian (m, n) from elsewhere

_MISSING = re.compile(r"derivative for '?(?:aten::)?(\w+?)(?:: \w+)?'? is not implemented")
_OVERWRITTEN = "modified by an inplace operation"


class NotRescuedError(Exception):
    """A mode cannot replace reverse mode for this function."""


def refusal_of(error: RuntimeError) -> str | None:
    """Return why reverse mode refuses; None for an error of another kind."""
    message = str(error)
    missing = _MISSING.search(message)
    if missing is not None:
        return f"torch has no derivative for {missing[1].removeprefix('_')}"
    return "a value that it needs is overwritten in place" if _OVERWRITTEN in message else None


def rescued(
    evaluation: Evaluation, reason: str, options: ComputeOptions, substitute: Substitute | None
) -> Tried | None:
    """Return the Jacobian by the first other mode that succeeds; None if none does.

    Args:
        evaluation: the plain run.
        reason: why reverse mode refused.
        options: how to compute.
        substitute: finds the Jacobian from the closed form.
    """
    from_closed_form = functools.partial(_by_closed_form, substitute)
    for mode in (
        replace(COLUMNS, instead="in forward mode instead"),
        *([_PLAIN_ATTENTION] if "scaled_dot_product" in reason else []),
        Mode("closed form", from_closed_form, "rows", "from the closed form instead"),
        _DIFFERENCES,
    ):
        try:
            blocks = mode.run(evaluation, options).blocks
        except TORCH_ERRORS:
            continue
        return Tried(mode, blocks, (f"not in reverse mode: {reason}; computed {mode.instead}",))
    return None


def _by_plain_attention(evaluation: Evaluation, options: ComputeOptions) -> ModeResult:
    """Differentiate with attention's plain kernel, as the fused one may refuse."""
    with sdpa_kernel(SDPBackend.MATH), evaluation.again():
        again = evaluate(evaluation.function, evaluation.inputs, create_graph=False)
    return by_rows(again, options)


_PLAIN_ATTENTION = Mode(
    "rows", _by_plain_attention, "rows", "with attention's plain kernel instead"
)


def _by_closed_form(
    substitute: Substitute | None, evaluation: Evaluation, options: ComputeOptions
) -> ModeResult:
    """Evaluate the closed form, where there is one and its value is finite."""
    matrix = None if substitute is None else substitute()
    if matrix is None or not matrix.isfinite().all():
        raise NotRescuedError("no finite value of a closed form")
    return _blocks(evaluation, matrix)


def _by_differences(evaluation: Evaluation, options: ComputeOptions) -> ModeResult:
    """Take finite differences, where all of them are decisive."""
    tensors = [tensor.detach() for tensor in evaluation.inputs]
    estimate = differences(evaluation.function, tensors)
    if estimate is None or not estimate.decisive.all():
        raise NotRescuedError("finite differences are not decisive")
    return _blocks(evaluation, from_numpy(estimate.value))


_DIFFERENCES = Mode("differences", _by_differences, "rows", "by finite differences instead")


def _blocks(evaluation: Evaluation, matrix: Tensor) -> ModeResult:
    """Return a matrix (m, n) as blocks of outputs by inputs."""
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    rows = matrix.split([leaf.numel() for leaf in leaves])
    columns = [tensor.numel() for tensor in inputs]
    return ModeResult(
        tuple(
            tuple(
                part.reshape(leaf.shape + tensor.shape).to(tensor)
                for part, tensor in zip(row.split(columns, 1), inputs, strict=True)
            )
            for row, leaf in zip(rows, leaves, strict=True)
        )
    )
