"""Other points of a Jacobian that is known as a function of floats, without a tensor on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from jacmagic.numeric import Late
from jacmagic.problem import Problem
from jacmagic.replay import undisturbed


class Mover:
    """From values by input name to the numbers at that point.

    Attributes:
        problem: at the point from which it moves.
    """

    def __init__(self, problem: Problem, late: Late) -> None:
        """Move from a problem whose numbers came late."""
        self.problem = problem
        self._source = late.source
        self._held = {one.name: (one.value, one.value.shape) for one in problem.inputs}

    def numbers(self, floats: Sequence[float]) -> Late | None:
        """The numbers at a point; None where they are not all finite or the function has to run."""
        return self._source.from_floats(floats)

    def floats(self, values: Mapping[str, Any]) -> list[float] | None:
        """The components of all inputs where some have other values.

        None where something else is given than numbers, lists of them and tensors of the inputs'
        own kind: whoever makes tensors of it finds out what it is.
        """
        found: list[float] = []
        for name, (held, shape) in self._held.items():
            given = values.get(name, held)
            if isinstance(given, float | int) and not shape:
                found.append(float(given))
            elif isinstance(given, torch.Tensor) and _is_plain(given, shape):
                found += given.detach().reshape(-1).tolist()
            elif isinstance(given, list) and shape == (len(given),) and all(map(_is_real, given)):
                found += map(float, given)
            else:
                return None
        return found if values.keys() <= self._held.keys() else None

    def problem_at(self, floats: Sequence[float]) -> Problem:
        """The problem at a point."""
        values, begin = {}, 0
        for name, (_, shape) in self._held.items():
            end = begin + shape.numel()
            values[name] = np.array(floats[begin:end]).reshape(shape)
            begin = end
        return self.problem.at(values)


def _is_real(given: Any) -> bool:
    return isinstance(given, float | int)


def _is_plain(given: torch.Tensor, shape: torch.Size) -> bool:
    """Whether a tensor is what an input was: double precision, on the CPU, of its shape."""
    alike = given.dtype == torch.float64 and given.shape == shape and given.is_cpu
    return alike and undisturbed((given,)) and given.is_contiguous() and not given.is_neg()
