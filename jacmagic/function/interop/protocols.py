"""NumPy's protocols: functions of arrays that hold a tensor are run by torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy

from jacmagic.errors import FunctionError
from jacmagic.function.interop.arrays import (
    Array,
    as_array,
    as_tensors,
    has_tensor,
    traced_by,
    view_of,
)
from jacmagic.function.interop.choices import put
from jacmagic.function.interop.conversions import untraced, with_arrays, with_tensors
from jacmagic.function.interop.counterparts import TABLES
from jacmagic.function.interop.torch_calls import call

# What looks into the memory of its argument.
VIEWS = frozenset(
    "transpose swapaxes moveaxis reshape ravel squeeze expand_dims asarray asanyarray diagonal "
    "atleast_1d atleast_2d matrix_transpose".split()
)


def _array_ufunc(self: Array, ufunc: Any, method: str, *values: Any, **named: Any) -> Any:
    outs = named.get("out", ())
    if has_tensor([values, outs]):
        return of_ufunc(ufunc, method, values, named)
    plain = {key: untraced(value) for key, value in named.items()}
    result = getattr(ufunc, method)(*map(untraced, values), **plain)
    return outs[0] if len(outs) == 1 else as_array(result)


def _array_function(self: Array, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    if has_tensor([args, list(kwargs.values())]):
        return computed(func.__module__, func.__name__, args, kwargs)
    if all(issubclass(kind, Array) or kind is numpy.ndarray for kind in types):
        return as_array(numpy.ndarray.__array_function__(self, func, types, args, kwargs))
    return func(*untraced(args), **untraced(kwargs))


setattr(Array, "__array_ufunc__", _array_ufunc)  # noqa: B010 - mypy knows NumPy's own signature
setattr(Array, "__array_function__", _array_function)  # noqa: B010


def computed(module: str, name: str, values: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """Run a NumPy call with a tensor among its arguments by torch."""
    if name == "put" and isinstance(values[0], Array):
        return put(values[0], *with_tensors(tuple(values[1:])), **with_tensors(dict(named)))
    options = with_tensors(dict(named))
    out, mask = named.get("out"), options.pop("where", True) if module == "ufunc" else True
    options.pop("out", None)
    module = module if module in TABLES else "numpy"
    if name in VIEWS and isinstance(values[0], Array) and traced_by(values[0]) is not None:
        rest = with_tensors(tuple(values[1:]))
        return view_of(values[0], lambda tensor: call(module, name, (tensor, *rest), options))
    result = with_arrays(call(module, name, with_tensors(tuple(values)), options))
    outs = out if isinstance(out, tuple) else (out,)
    if mask is not True:
        before = outs[0] if isinstance(outs[0], numpy.ndarray) else numpy.zeros(())
        result = computed("numpy", "where", (mask, result, before), {})
    if all(out is None for out in outs):
        return result
    results = result if isinstance(result, tuple) else (result,)
    written = tuple(_written(out, new) for out, new in zip(outs, results, strict=True))
    return written if isinstance(result, tuple) else written[0]


def _written(out: Any, result: Any) -> Any:
    """`out=`, and `a += b`."""
    if out is None:
        return result
    if not isinstance(out, Array):
        raise FunctionError(
            f"expected an array that can hold derivatives; found {type(out).__name__}, made "
            "outside the function that is differentiated; write a = a + b, or copy it inside"
        )
    if not numpy.can_cast(result.dtype, out.dtype, "same_kind"):
        raise TypeError(f"Cannot cast ufunc output from {result.dtype!r} to {out.dtype!r}")
    out[...] = result
    return out


_REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "fmax": "max",
    "fmin": "min", "logical_and": "all", "logical_or": "any",
}  # fmt: skip
_ACCUMULATIONS = {"add": "cumsum", "multiply": "cumprod", "maximum": "cummax", "minimum": "cummin"}


def of_ufunc(ufunc: Any, method: str, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
    name = ufunc.__name__
    if method == "__call__" and len(values) > ufunc.nin:
        named = {**named, "out": values[ufunc.nin :]}
        values = values[: ufunc.nin]
    if method == "__call__":
        return computed("ufunc", name, values, named)
    if method == "outer":
        left, right = as_tensors(as_array(values[0])), as_tensors(as_array(values[1]))
        left = left.reshape(*left.shape, *[1] * right.dim())
        return computed("ufunc", name, (left, right), named)
    table = {"reduce": _REDUCTIONS, "accumulate": _ACCUMULATIONS}.get(method, {})
    if name not in table:
        raise FunctionError(
            f"a function of tensors was expected; np.{name}.{method} has no counterpart in torch; "
            "write this step with torch functions"
        )
    defaults = {"axis": 0} if len(values) < 2 else {}
    return computed("numpy", table[name], values, {**defaults, **named})
