"""Code written with `math` and NumPy runs on tensors, differentiably, while a lifted function runs.

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

from jacmagic.lift.naming import Names, answered, current, naming
from jacmagic.lift.places import Loan, entrance, install, restore
from jacmagic.lift.standins import inside
from jacmagic.lift.walk import Walk, fields_in

__all__ = ["Names", "lifted", "naming"]


def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function so that its `math` and NumPy calls work on tensors and keep their graph.

    While the function runs, the modules and functions of `math` and NumPy and the arrays that it
    and the user's functions it calls can see are replaced by stand-ins; everything is restored
    afterwards, also after an exception. Calls without a tensor go to the originals. Nested and
    concurrent calls are fine.

    Args:
        function: any callable: function, method, `functools.partial`, `nn.Module`, object with
            `__call__`.

    Returns:
        A function of the same arguments; `__wrapped__` is the original.

    Raises:
        FunctionError: when called, if a NumPy function that torch does not have meets a tensor.

    Example:
        >>> import math, torch
        >>> lifted(lambda x: math.sin(x) ** 2)(torch.tensor(0.0, requires_grad=True)).requires_grad
        True
    """
    known = _LIFTED.get(function) if type(function) is types.FunctionType else None
    if known is not None and (before := known()) is not None:
        return before
    walk = Walk(function)

    @functools.wraps(function, updated=())
    def wrapper(*values: Any, **named: Any) -> Any:
        held: list[Loan] = []
        inside.count += 1
        try:
            places = walk.places()
            if current() is not None:
                answered("", function)
                places = [*places, *fields_in(places)]
            install(places, held)
            return entrance(function)(*values, **named)
        finally:
            restore(held)
            inside.count -= 1

    if type(function) is types.FunctionType:
        _LIFTED[function] = weakref.ref(wrapper)
    return wrapper


# Kept as long as somebody has both; what a function holds may hold the function.
_LIFTED: WeakKeyDictionary[Callable[..., Any], weakref.ref[Callable[..., Any]]] = (
    WeakKeyDictionary()
)
