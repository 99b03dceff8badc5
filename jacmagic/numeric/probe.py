"""A function of tensors as m numbers of n numbers, for everything that only calls it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.numeric.evaluation import writable
from jacmagic.numeric.quiet import set_random_states
from jacmagic.structure import flatten


class Probe:
    """The outputs, float64 (m,), at a flat point (n,).

    Attributes:
        point: the tensors' numbers in the dtype of the evaluation, as float64 (n,).
        calls: how many times the function has run.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        tensors: Sequence[Tensor],
        dtype: torch.dtype | None,
        random: tuple[Tensor, ...] | None = None,
    ) -> None:
        """Nothing is evaluated yet.

        Args:
            function: takes the tensors by position.
            tensors: real floating tensors, n components in all.
            dtype: the dtype in which the function is evaluated; None for each tensor's own.
            random: states from which the generators start at every run; None lets them run on.
        """
        self._function, self._random = function, random
        self._like = [one.detach().to(dtype or one.dtype) for one in tensors]
        parts = [one.reshape(-1).cpu().double() for one in self._like]
        self.point = torch.cat(parts).numpy() if parts else np.zeros(0)
        self.calls = 0

    def rounded(self, point: np.ndarray) -> np.ndarray:
        """A point as the tensors hold it."""
        return np.concatenate(
            [one.reshape(-1).cpu().double().numpy() for one in self._tensors(point)] or [point]
        )

    def __call__(self, point: np.ndarray) -> np.ndarray:
        """The m outputs at a point (n,)."""
        self.calls += 1
        tensors = self._tensors(point)
        if self._random is not None:
            set_random_states(tensors, self._random)
        leaves = flatten(
            self._function(*writable([one.requires_grad_() for one in tensors]))
        ).leaves
        numbers = [leaf.detach().reshape(-1).cpu().double() for leaf in leaves]
        return torch.cat(numbers).numpy() if numbers else np.zeros(0)

    def _tensors(self, point: np.ndarray) -> list[Tensor]:
        made, start = [], 0
        for one in self._like:
            part = torch.from_numpy(point[start : start + one.numel()].copy())
            start += one.numel()
            made.append(part.to(dtype=one.dtype, device=one.device).reshape(one.shape))
        return made
