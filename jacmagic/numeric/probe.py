"""A function of tensors as a function of one flat array, f: Rⁿ → Rᵐ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.function.components import components, parts_of
from jacmagic.function.interop.call_limit import Counted
from jacmagic.function.outputs import flatten
from jacmagic.function.silent_rerun import set_random_states
from jacmagic.numeric.evaluation import writable
from jacmagic.numeric.triangles import READERS, Triangles


class CountError(RuntimeError):
    """A function has another number of outputs than at its point."""


class _Symmetric(Counted):
    """A counted run that passes symmetric parts to functions reading a triangle."""

    def __init__(self, usual: int | None, triangles: Triangles) -> None:
        super().__init__(usual)
        self.triangles = triangles

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in READERS:
            args, kwargs = self.triangles.symmetric(args, kwargs or {})
        return super().__torch_function__(func, types, args, kwargs)


class Probe:
    """The outputs, float64 (m,), at a flat point (n,).

    Attributes:
        point: the tensors' numbers in the dtype of the evaluation, as float64 (n,).
        calls: how many times the function has run.
        triangles: what functions that read one triangle are given.

    The first run counts the calls of torch, see NOTE [Endless loops]
    in `function.interop.call_limit`.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        tensors: Sequence[Tensor],
        dtype: torch.dtype | None,
        random: tuple[Tensor, ...] | None = None,
    ) -> None:
        """Prepare without evaluating.

        Args:
            function: takes the tensors by position.
            tensors: real floating tensors, n components in all.
            dtype: the dtype in which the function is evaluated; None for each tensor's own.
            random: states from which the generators start at every run; None lets them run on.
        """
        self._function, self._random = function, random
        self._like = [tensor.detach().to(dtype or tensor.dtype) for tensor in tensors]
        self.point = components(self._like)
        self.calls, self.triangles = 0, Triangles()
        self._usual: int | None = None
        self._outputs: int | None = None

    def rounded(self, point: np.ndarray) -> np.ndarray:
        """Return a point as the tensors hold it."""
        return components(parts_of(point, self._like))

    def __call__(self, point: np.ndarray) -> np.ndarray:
        """Return the m outputs at a point (n,).

        Raises:
            EndlessError: the function takes far longer than at the first point asked for.
            CountError: the function has another number of outputs than there.
        """
        self.calls += 1
        tensors = parts_of(point, self._like)
        if self._random is not None:
            set_random_states(tensors, self._random)
        inputs = writable([tensor.requires_grad_() for tensor in tensors])
        usual = self._usual
        with _Symmetric(usual, self.triangles) as count:
            leaves = flatten(self._function(*inputs)).leaves
        self._usual = count.calls if usual is None else usual
        self.triangles.settle()
        outputs = components(leaves)
        if self._outputs is None:
            self._outputs = len(outputs)
        elif len(outputs) != self._outputs:
            raise CountError(f"{len(outputs)} outputs away from the point, {self._outputs} at it")
        return outputs
