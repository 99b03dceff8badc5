"""Proxies of `math`, NumPy and their functions, for a lifted function's globals.

A proxy asks whether a tensor is among the arguments. If not, the original gets them and its arrays
come back ready to meet one. Proxies live in one scope; once that is closed they only pass on.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy
import torch

from jacmagic.function.interop.arrays import (
    Array,
    as_array,
    as_tensors,
    has_tensor,
    of_tensor,
    tensor_in,
)
from jacmagic.function.interop.named_constants import through
from jacmagic.function.interop.protocols import computed, of_ufunc
from jacmagic.function.interop.replacements import Replacements

_SAME = frozenset({"asarray", "asanyarray", "ascontiguousarray"})  # an array is one already


class FunctionProxy:
    """One function of `math` or NumPy; attributes (`.reduce`) are the original's."""

    def __init__(self, scope: Replacements, module: str, original: Callable[..., Any]) -> None:
        self._scope, self._module, self._original = scope, module, original
        self.__name__ = getattr(original, "__name__", "?")
        self.__doc__ = original.__doc__

    def __call__(self, *values: Any, **named: Any) -> Any:
        if not self._scope.is_open:
            return self._original(*values, **named)
        if (carried := through(self.__name__, values)) is not None:
            return carried
        if has_tensor([values, list(named.values())]):
            if isinstance(self._original, numpy.ufunc):
                return of_ufunc(self._original, "__call__", values, named)
            result = computed(self._module, self.__name__, values, named)
            return as_tensors(result) if self._module in ("math", "cmath") else result
        if self.__name__ in _SAME and isinstance(values[0], Array) and len(values) == 1:
            return values[0]
        return as_array(self._original(*values, **named))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def __repr__(self) -> str:
        return repr(self._original)


class TensorMaker:
    """`torch.from_numpy` and similar functions, which bypass NumPy's protocols."""

    def __init__(self, scope: Replacements, original: Callable[..., Any]) -> None:
        self._original = original
        self.__name__ = original.__name__

    def __call__(self, data: Any, *rest: Any, **named: Any) -> Any:
        if self._original is torch.from_numpy and isinstance(data, numpy.ndarray):
            return tensor_in(data)
        return self._original(as_tensors(data) if has_tensor(data) else data, *rest, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class ModuleProxy(types.ModuleType):
    """`math`, NumPy, torch or a module of the user's, with functions of the scope."""

    def __init__(self, scope: Replacements, original: types.ModuleType) -> None:
        super().__init__(original.__name__, original.__doc__)
        vars(self).update(_scope=scope, _original=original)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._original, name)
        if value is numpy.vectorize:
            return functools.partial(Vectorized, self._scope)
        return self._scope.of(value, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._original, name, value)

    def __dir__(self) -> list[str]:
        return dir(self._original)


class Vectorized:
    """`np.vectorize` of a function that is called with tensors."""

    def __init__(self, scope: Replacements, function: Callable[..., Any], *rest: Any, **named: Any):
        self._function, self._options = scope.of(function), (rest, named)

    def __call__(self, *values: Any, **named: Any) -> Any:
        if not has_tensor(list(values)):
            rest, options = self._options
            return as_array(numpy.vectorize(self._function, *rest, **options)(*values, **named))
        parts = torch.broadcast_tensors(*(tensor_of(value) for value in values))
        entries = [
            tensor_of(self._function(*map(of_tensor, entry), **named))
            for entry in zip(*(part.reshape(-1) for part in parts), strict=True)
        ]
        return of_tensor(torch.stack(entries).reshape(parts[0].shape))


def tensor_of(value: Any) -> torch.Tensor:
    """Return a number or array as a tensor."""
    return tensor_in(value) if isinstance(value, numpy.ndarray) else torch.as_tensor(value)


TENSOR_MAKERS = frozenset({torch.from_numpy, torch.tensor, torch.as_tensor, torch.asarray})
