"""Rounding that algorithms on whole matrices add to a function and its derivative.

LU, QR, Cholesky, SVD and their kind are backward stable: what they compute is exact for a matrix
that is off by p(n) roundoffs of its *norm*, where p grows about as the size n. A small singular
value therefore carries the noise of the largest one. It is measured by running the function with
such matrices. Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM
(2002), §1.5 and §7.6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.aten.operation import Operation
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.function.torch_internals import InterceptingMode, tree_map
from jacmagic.numeric.evaluation import evaluate
from jacmagic.numeric.modes.rows import plain_row
from jacmagic.numeric.probe import Probe
from jacmagic.numeric.torch_errors import TORCH_ERRORS

_SAMPLES = 2  # random errors, of which the larger effect counts
_ALGORITHM = re.compile(
    r"_?linalg_(?!vector_norm|cross|diagonal|vecdot|matrix_norm)\w+"
    r"|(_?cholesky|lu|ldl|triangular)\w*|geqrf|ormqr|matrix_exp"
)


class _PerturbedMatrices(InterceptingMode):
    """Function mode that perturbs the arguments of matrix algorithms by roundoffs of their norm."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.met = False
        self._chance = np.random.default_rng(seed)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        op = Operation(func, args, kwargs or {})
        if op.signature.written or not _ALGORITHM.fullmatch(op.name):
            return op.run()
        self.met = True
        return func(*tree_map(self._perturbed, args), **op.kwargs)

    def _perturbed(self, value: Any) -> Any:
        """Return a matrix, or each one of a stack, off by a random error."""
        is_matrix = isinstance(value, Tensor) and value.ndim > 1
        if not is_matrix or not (value.is_floating_point() or value.is_complex()):
            return value
        norm = torch.linalg.vector_norm(value, dim=(-2, -1), keepdim=True)
        signs = torch.from_numpy(self._chance.choice((-1.0, 1.0), value.shape))
        size = max(value.shape[-2:]) * torch.finfo(value.dtype).eps
        return value + size * norm * signs.to(value)


def matrix_noise(probe: Probe, center: np.ndarray) -> np.ndarray:
    """Return how far rounding in matrices moves each output, (m,).

    It is 0 for a function without algorithms on matrices, which is run once more to see that.

    Args:
        probe: the function.
        center: its m outputs at the point.

    """
    try:
        samples = _samples(lambda: probe(probe.point))
    except TORCH_ERRORS:
        return np.zeros_like(center)
    return np.zeros_like(center) if samples is None else _largest_move(samples, center)


def matrix_noise_of_rows(
    function: Callable[..., Any], tensors: Sequence[Tensor], rows: Sequence[int], matrix: np.ndarray
) -> np.ndarray | None:
    """Return how far rounding in matrices moves rows of torch's Jacobian, (k, n).

    Args:
        function: takes the tensors by position.
        tensors: the point, n components in all.
        rows: k of the rows.
        matrix: torch's Jacobian (m, n).

    Returns:
        The largest moves; None for a function without algorithms on matrices, or one that torch
        cannot differentiate.
    """

    def taken() -> np.ndarray:
        evaluation = evaluate(function, tensors, create_graph=False)
        return torch.stack([plain_row(evaluation, row) for row in rows]).double().cpu().numpy()

    random = random_states(tensors, function)
    with torch.inference_mode(False), torch.enable_grad(), silent_rerun(tensors, random):
        try:
            samples = _samples(taken)
        except TORCH_ERRORS:
            return None
    return None if samples is None else _largest_move(samples, matrix[list(rows)])


def _samples(run: Callable[[], np.ndarray]) -> list[np.ndarray] | None:
    """Run with perturbed matrices; None if there are none."""
    samples = []
    for seed in range(_SAMPLES):
        with _PerturbedMatrices(seed) as mode:
            samples.append(run())
        if not mode.met:
            return None
    return samples


def _largest_move(samples: Sequence[np.ndarray], center: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        moves = [np.nan_to_num(np.abs(sample - center), nan=0.0) for sample in samples]
    return np.asarray(np.max(moves, axis=0))
