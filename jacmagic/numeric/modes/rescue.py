"""What is tried where torch's reverse mode refuses: forward mode, the closed form, differences."""

from __future__ import annotations

import re
from collections.abc import Callable

from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from jacmagic.numeric.differences import differences
from jacmagic.numeric.evaluation import Evaluation, evaluate
from jacmagic.numeric.modes.forward import by_columns
from jacmagic.numeric.modes.rows import Blocks, by_rows
from jacmagic.numeric.modes.try_modes import TORCH_ERRORS, Tried

NOT_BY_TORCH = ("closed form", "differences")  # modes whose numbers no derivative of torch's made
Substitute = Callable[[], Tensor | None]  # the Jacobian (m, n) from elsewhere

_MISSING = re.compile(r"derivative for '?(?:aten::)?(\w+?)'? is not implemented")
_OVERWRITTEN = "modified by an inplace operation"


def refusal_of(error: RuntimeError) -> str | None:
    """Why reverse mode cannot differentiate, in a few words; None if the error is another one."""
    message = str(error)
    missing = _MISSING.search(message)
    if missing is not None:
        return f"torch has no derivative for {missing[1].removeprefix('_')}"
    return "a value that it needs is overwritten in place" if _OVERWRITTEN in message else None


def rescued(evaluation: Evaluation, reason: str, substitute: Substitute | None) -> Tried | None:
    """Return the Jacobian by the first other way that gets through; None if none does.

    Args:
        evaluation: the plain run.
        reason: why reverse mode refused.
        substitute: finds the Jacobian from the closed form.
    """
    ways: tuple[tuple[str, str, Callable[[], Blocks | None]], ...] = (
        ("columns", "in forward mode", lambda: by_columns(evaluation)),
        ("rows", "with attention's plain kernel", lambda: _by_plain_attention(evaluation, reason)),
        ("closed form", "from the closed form", lambda: _cut(evaluation, substitute)),
        ("differences", "by finite differences", lambda: _by_differences(evaluation)),
    )
    for mode, how, way in ways:
        try:
            blocks = way()
        except TORCH_ERRORS:
            continue
        if blocks is not None:
            return Tried(mode, blocks, (f"not in reverse mode: {reason}; computed {how} instead",))
    return None


def _by_plain_attention(evaluation: Evaluation, reason: str) -> Blocks | None:
    """Fused attention has no second derivative; its plain kernel has."""
    if "scaled_dot_product" not in reason:
        return None
    with sdpa_kernel(SDPBackend.MATH), evaluation.again():
        again = evaluate(evaluation.function, evaluation.inputs, create_graph=False)
    return by_rows(again)


def _cut(evaluation: Evaluation, substitute: Substitute | None) -> Blocks | None:
    matrix = None if substitute is None else substitute()
    if matrix is None or not matrix.isfinite().all():
        return None
    return _blocks(evaluation, matrix)


def _by_differences(evaluation: Evaluation) -> Blocks | None:
    tensors = [tensor.detach() for tensor in evaluation.inputs]
    found = differences(evaluation.function, tensors)
    if found is None or not found.decisive.all():
        return None
    return _blocks(evaluation, found.matrix)


def _blocks(evaluation: Evaluation, matrix: Tensor) -> Blocks:
    """Return a matrix (m, n) as blocks of outputs by inputs."""
    leaves, inputs = evaluation.outputs.leaves, evaluation.inputs
    rows = matrix.split([leaf.numel() for leaf in leaves])
    columns = [tensor.numel() for tensor in inputs]
    return tuple(
        tuple(
            part.reshape(leaf.shape + tensor.shape).to(tensor)
            for part, tensor in zip(row.split(columns, 1), inputs, strict=True)
        )
        for row, leaf in zip(rows, leaves, strict=True)
    )
