"""Code written with `math` and NumPy runs on tensors, differentiably.

`float(x)`, `x.item()`, `torch.tensor([x])` and `x.detach()` are left alone: what torch makes of
them is the truth that is shown, and the cut they make is reported elsewhere.
"""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

from jacmagic.function.interop import methods  # noqa: F401 - attaches them
from jacmagic.function.interop.arrays import tracked
from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.function.interop.conversions import with_arrays
from jacmagic.function.interop.effects import changes, effects_of, state_of
from jacmagic.function.interop.leftovers import replaced
from jacmagic.function.interop.named_constants import current, naming
from jacmagic.function.interop.plain import NothingToLift, is_plain, plainly
from jacmagic.function.interop.scope import Scope
from jacmagic.function.interop.silence import is_silent, silent
from jacmagic.function.interop.survey import Survey, Surveyor

__all__ = ["effects_of", "known_lifted", "lifted", "naming"]


def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function so that its `math` and NumPy calls work on tensors.

    What runs is a copy of the function, and of the user's functions that it calls, with globals of
    its own: nothing of the user's is changed, so that nothing has to be restored. Calls without a
    tensor go to the originals. A function written with NumPy and without torch gets its tensors as
    arrays, whose methods mean what NumPy's do.

    Args:
        function: any callable: function, method, `functools.partial`, `nn.Module`, object with
            `__call__`.

    Returns:
        A function of the same arguments; `__wrapped__` is the original, and `effects` names what
        its first run changed outside of itself; `read` is what `repeated_call` keeps.

    Raises:
        FunctionError: when called, if a NumPy function that torch does not have meets a tensor.

    Example:
        >>> import math, torch
        >>> lifted(lambda x: math.sin(x) ** 2)(torch.tensor(0.0, requires_grad=True)).requires_grad
        True
    """
    if (before := known_lifted(function)) is not None:
        return before
    look, run = Surveyor(function), _Runner(function)

    @functools.wraps(function, updated=())
    def called(*values: Any, **named: Any) -> Any:
        survey = look()
        if is_plain():
            if not survey.is_lifted:
                raise NothingToLift
            return function(*plainly(values), **plainly(named))
        if wrapper.effects is not None:
            return run(survey, values, named)
        state = state_of(survey)
        try:
            return run(survey, values, named)
        finally:
            wrapper.effects = changes(state, state_of(survey))

    wrapper: Any = called
    wrapper.effects = wrapper.read = None
    if _is_kept(function):
        _lifted[function] = weakref.ref(wrapper)
    return wrapper


def known_lifted(function: Callable[..., Any]) -> Any:
    """Return the lifted form of a function that was lifted before, or None."""
    lifted_before = _lifted.get(function) if _is_kept(function) else None
    return None if lifted_before is None else lifted_before()


def _is_kept(function: Callable[..., Any]) -> bool:
    return type(function) is types.FunctionType or (
        isinstance(function, nn.Module) and type(function).__eq__ is object.__eq__
    )


# An entry lives as long as function and wrapper do; what a function holds may hold the function.
_lifted: WeakKeyDictionary[Callable[..., Any], weakref.ref[Callable[..., Any]]] = (
    WeakKeyDictionary()
)


# `x.copy()`, `x.astype(float)`, `x[::-1]`: what a tensor has not and an array has.
_MEANT_FOR_ARRAYS = (AttributeError, TypeError, ValueError)


class _Runner:
    """Runs a lifted function with tensors, or with arrays once its code needs them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function, self._takes_arrays = function, False

    def __call__(self, survey: Survey, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
        function = self._function
        if (survey.numpy and not survey.torch) or self._takes_arrays:
            return _called(function, survey, with_arrays(values), with_arrays(named))
        try:
            if not (survey.is_replaced or current() is not None or (is_silent() and survey.writes)):
                return function(*values, **named)
            return _called(function, survey, values, named)
        except _MEANT_FOR_ARRAYS:
            if survey.torch:
                raise
            result = _or_none(function, survey, values, named)
            if result is None:
                raise
            self._takes_arrays = True
            return result


def _or_none(function: Callable[..., Any], survey: Survey, values: Any, named: Any) -> Any:
    """Return the result with arrays instead of tensors; None if that fails too."""
    try:
        with silent():
            return _called(function, survey, with_arrays(values), with_arrays(named))
    except REFUSALS:  # the error with tensors is the one that is shown
        return None


def _called(
    function: Callable[..., Any], survey: Survey, values: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    """Call a copy of the function in a scope of its own."""
    scope = Scope(proxies_torch=survey.numpy or survey.control)
    before, tracked.arrays = tracked.arrays, []
    try:
        result = scope.of(function)(*values, **named)
        del values, named
        result = scope.returned(result)
        return result
    finally:
        arrays, tracked.arrays = tracked.arrays, before
        scope.close()
        replaced([*(arrays or ()), *scope.references()], scope.original)
