"""Pickled problems: the call that makes a problem again, instead of its closures.

A function is pickled by its module and name, so that it must be found by them: not a lambda, nor
one of a notebook's cell. Picklers that write functions out (cloudpickle, dill, and joblib's
processes with them) take any.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import Any

from torch import Tensor

from jacmagic.errors import FunctionError

Problem = Any  # `function.problem` imports this module

_WRITERS = ("cloudpickle", "joblib.externals", "dill", "multiprocess")
_REMEDY = (
    "define it in a module, or write J.matrix, J.to_sympy() or J.to_code(), which hold no function"
)


@dataclass(frozen=True)
class Remake:
    """A call that makes a problem anew.

    Attributes:
        maker: a function of a module.
        arguments: its arguments; the first is the user's function, or the problem of a gradient.
        keywords: more of them.
    """

    maker: Callable[..., Problem]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]


def reduced(problem: Problem, remake: Remake | None, title: str) -> tuple[Any, ...]:
    """Return how pickle stores a problem: the call that makes it, and the point.

    Raises:
        FunctionError: pickle cannot find the function again.
    """
    if remake is None:
        raise FunctionError(
            f"expected a function that pickle finds by its module and name; found {title} of a "
            f"cell; {_REMEDY}"
        )
    if not _writes_functions():
        _require_name(remake.arguments[0], title)
    point = {name: value.detach() for name, value in problem.point.items()}
    return remade, (remake, point)


def remade(remake: Remake, point: Mapping[str, Tensor]) -> Problem:
    """Make a problem anew, at a point."""
    return remake.maker(*remake.arguments, **remake.keywords).at(point)


def _require_name(function: Any, title: str) -> None:
    """Refuse a function that only this process knows."""
    if not isinstance(function, FunctionType | MethodType):
        return
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError):
        raise FunctionError(
            f"expected a function that pickle finds by its module and name; found {title} "
            f"of {function.__module__}; {_REMEDY}"
        ) from None


def _writes_functions() -> bool:
    """Whether the pickler at work writes functions out instead of their names."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_globals.get("__name__", "").startswith(_WRITERS):
            return True
    return False
