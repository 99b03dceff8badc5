"""Code written with `math` and NumPy runs on tensors, differentiably.

`float(x)`, `x.item()`, `torch.tensor([x])` and `x.detach()` are left alone: what torch makes of
them is the truth that is shown, and the cut they make is reported elsewhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from torch import Tensor

import jacmagic.lift.methods  # noqa: F401 - attaches them
from jacmagic.lift.arrays import mapped, of_tensor, returned, tracked
from jacmagic.lift.leftovers import replaced
from jacmagic.lift.naming import Names, current, naming
from jacmagic.lift.scope import Scope
from jacmagic.lift.survey import Survey, survey

__all__ = ["Names", "lifted", "naming"]


def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function so that its `math` and NumPy calls work on tensors and keep their graph.

    What runs is a copy of the function, and of the user's functions that it calls, with globals of
    its own: nothing of the user's is changed, so that nothing has to be restored. Calls without a
    tensor go to the originals. A function written with NumPy and without torch gets its tensors as
    arrays, whose methods mean what NumPy's do.

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
        found = survey(function)
        if not found.is_lifted and current() is None:
            return function(*values, **named)
        return _called(function, found, values, named)

    return wrapper


def _called(
    function: Callable[..., Any], found: Survey, values: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    """Call a copy of the function in a scope of its own."""
    scope = Scope(proxies_torch=found.numpy)
    before, tracked.arrays = tracked.arrays, []
    try:
        if found.numpy and not found.torch:
            values, named = _as_inputs(values), _as_inputs(named)
        result = scope.of(function)(*values, **named)
        del values, named
        return scope.returned(result)
    finally:
        made, tracked.arrays = tracked.arrays, before
        scope.close()
        replaced([*(made or ()), *scope.references()], scope.original)


def _as_inputs(values: Any) -> Any:
    return mapped(
        lambda one: of_tensor(one, is_input=True) if isinstance(one, Tensor) else one, values
    )
