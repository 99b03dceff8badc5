"""Code written with `math` and NumPy runs on tensors, differentiably, while a lifted function runs.

`float(x)`, `x.item()`, `torch.tensor([x])` and `x.detach()` are left alone: what torch makes of
them is the truth that is shown, and the cut they make is reported elsewhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from jacmagic.lift.naming import Names, answered, current, naming
from jacmagic.lift.places import Loan, entrance, fields_in, install, places_of, restore
from jacmagic.lift.standins import inside

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

    @functools.wraps(function, updated=())
    def wrapper(*values: Any, **named: Any) -> Any:
        held: list[Loan] = []
        inside.count += 1
        try:
            places = places_of(function)
            if current() is not None:
                answered("", function)
                places += fields_in(places)
            install(places, held)
            return entrance(function)(*values, **named)
        finally:
            restore(held)
            inside.count -= 1

    return wrapper
