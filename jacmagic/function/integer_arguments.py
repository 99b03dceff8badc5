"""Inputs that must stay integers: `range(n)`, `x[k]`, `torch.zeros(n)`.

`x=3` means 3.0, as most integers of a point do. Where the function fails with real numbers,
the smallest set of them that has to stay whole is looked for, and stays so.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import torch

from jacmagic.errors import JacmagicError, StrictError
from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.function.problem import Problem
from jacmagic.function.silent_rerun import random_states, silent_rerun

_Answer = TypeVar("_Answer")

MAX_INTEGERS = 3  # integers that are kept together
MAX_SECONDS_TO_SEARCH = 5.0  # of looking for them, after the function has failed
_ERRORS = (TypeError, IndexError, KeyError, ValueError, RuntimeError)
_WORDS = re.compile(
    r"\bint(s|32|64|eger|egers|egral)?\b|index|indices|long|bitwise|shift|not implemented for"
    r"|format|slice|sequence|dtype|has no counterpart|torch has",
    re.IGNORECASE,
)


def keeping_integers(
    make: Callable[[Collection[str]], Problem], answer: Callable[[Problem], _Answer]
) -> _Answer:
    """Compute with a problem, some inputs kept as integers if the function needs that.

    Args:
        make: gives the problem with these inputs kept whole; none of them at first.
        answer: computes; may raise what the function raises.

    Raises:
        Exception: what the function raises, if keeping numbers whole does not help.
    """
    problem = make(())
    if not problem.integers:
        return answer(problem)
    try:
        return answer(problem)
    except _ERRORS as error:
        may_help = isinstance(error, KeyError) or _WORDS.search(str(error)) is not None
        if isinstance(error, StrictError) or not may_help:
            raise
        kept = _smallest_problem(make, problem.integers)
        if kept is None:
            raise
    return answer(kept)


def _smallest_problem(
    make: Callable[[Collection[str]], Problem], names: Sequence[str]
) -> Problem | None:
    """Return the problem with the fewest integer inputs for which the function runs."""
    end = time.perf_counter() + MAX_SECONDS_TO_SEARCH
    for size in range(1, min(MAX_INTEGERS, len(names)) + 1):
        for fixed in itertools.combinations(names, size):
            if time.perf_counter() > end:
                return None
            try:
                problem = make(fixed)
            except (JacmagicError, TypeError):  # nothing would be left to differentiate by
                continue
            if _runs(problem):
                return problem
    return None


def _runs(problem: Problem) -> bool:
    tensors = problem.tensors
    with torch.no_grad(), silent_rerun(tensors, random_states(tensors)):
        try:
            problem.function(*tensors)
        except REFUSALS:
            return False
    return True
