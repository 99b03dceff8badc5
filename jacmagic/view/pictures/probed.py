"""Values of a function by running it, for pictures of one without a closed form."""

from __future__ import annotations

import time

import numpy as np
import torch

from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.function.problem import Problem
from jacmagic.function.silent_rerun import random_states, silent_rerun
from jacmagic.numeric.probe import Probe

MAX_SECONDS = 2.0  # of all runs for one picture; what is missing then is left blank


def probed(problem: Problem) -> Probed | None:
    """Return a function's values by running it; None where a run changes anything."""
    return None if problem.effects or problem.tangent is not None else Probed(problem)


class Probed:
    """The function's value at points (n,), without derivatives.

    It runs as for finite differences: nothing is printed twice, and random numbers are those of the
    first run. A run that takes far longer than at the point is broken off, and after two seconds
    there is no further one.
    """

    def __init__(self, problem: Problem) -> None:
        """Prepare without running."""
        self._random = random_states(problem.tensors, problem.function)
        self._tensors = problem.tensors
        self._probe = Probe(problem.function, self._tensors, None, self._random)
        self._spent = 0.0

    def __call__(self, point: np.ndarray) -> np.ndarray | None:
        """Return the m outputs, None where there are none or time is over."""
        if self._spent > MAX_SECONDS:
            return None
        start = time.thread_time()
        try:
            with (
                torch.inference_mode(False),
                torch.enable_grad(),
                silent_rerun(self._tensors, self._random),
            ):
                return self._probe(point)
        except REFUSALS:
            return None
        finally:
            self._spent += time.thread_time() - start
