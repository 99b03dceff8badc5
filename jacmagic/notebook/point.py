"""Values of the inputs, as tensors; ones for scalars without a value."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import torch

from jacmagic.errors import PointError
from jacmagic.function.interop.silence import silent
from jacmagic.function.nests import Leaf, Nest
from jacmagic.function.syntax.bindings import normal
from jacmagic.function.syntax.hints import for_exception
from jacmagic.function.syntax.parameters import is_taken_apart, unpacked_names
from jacmagic.function.target import EMPTY
from jacmagic.function.targets import users_callable
from jacmagic.function.values import (
    Kind,
    as_tensor,
    evaluate,
    is_numeral,
    kept,
    kind_of,
    overflows,
    too_large,
    whole_note,
)
from jacmagic.notebook.request import Request

_NO_POWER = re.compile(r"^\s*[\d.]+\s*\^\s*[\d.]+\s*$")  # an integer in Python: 2^3 is 1
# words of errors that torch and Python raise for a scalar in place of a vector
_SHAPE_WORDS = re.compile(
    r"dim|0-d|\b[0-9]D\b|shape|size|index|iter|len\(\)|argument", re.IGNORECASE
)


def point_values(request: Request) -> dict[str, Any]:
    """Evaluate the values on the line, and those of `--at`."""
    point = {}
    for assignment in request.line.point:
        column = assignment.column + len(assignment.name) + 1
        marked = request.line.mark(column, len(assignment.source))
        point[assignment.name] = _evaluated(
            assignment.name, assignment.source, request.namespace, marked
        )
    for name, value in _values_at(request).items():
        if name in point:
            marked = request.line.mark_text(request.options.at or "--at")
            raise PointError(f"the point names {name} twice, once by --at; write it once{marked}")
        point[name] = value
    _refuse_unknown(request, point)
    return point


def _values_at(request: Request) -> dict[str, Any]:
    """Evaluate `--at`; return its parts by argument name."""
    if request.options.at is None:
        return {}
    marked = request.line.mark_text(request.options.at)
    return _spread(request, _evaluated("--at", request.options.at, request.namespace, marked))


def _evaluated(name: str, source: str, namespace: Mapping[str, Any], marked: str) -> Any:
    """Evaluate one text of the point; whatever it raises becomes a PointError."""
    if _NO_POWER.search(source):
        hint = for_exception("TypeError", "operands for ^", source)
        raise PointError(f"the value of {name} is not a power; {hint}{marked}")
    if overflows(source):
        raise PointError(f"{too_large(name)}{marked}")
    try:
        return evaluate(source, namespace)
    except Exception as error:  # the user's expression may raise anything
        hint = for_exception(type(error).__name__, str(error), source) or _for_value(error, source)
        raise PointError(
            f"the value of {name} does not evaluate: {type(error).__name__}: {error}; "
            f"{hint}{marked}"
        ) from error


def _for_value(error: Exception, source: str) -> str:
    """Return what to write for a value that raised."""
    if not isinstance(error, NameError):
        return "write a value that can be computed"
    if re.match(rf"{{(.*,)?\s*{error.name}\s*:", source):
        return f"write keys in quotes, such as {{'{error.name}': 1}}"
    return "write an expression of names that exist"


def _spread(request: Request, at: Any) -> dict[str, Any]:
    """Return the parts of `--at` by argument name."""
    free = [a.name for a in request.target.arguments if a.default is EMPTY] or request.names
    if isinstance(at, Mapping) and (len(free) != 1 or {*map(str, at)} & {*request.names}):
        return {normal(str(name)): value for name, value in at.items()}
    if len(free) == 1:
        return {free[0]: at}
    if isinstance(at, tuple) and len(free) <= len(at) <= len(request.names):
        return dict(zip(request.names, at, strict=False))
    count = len(at) if isinstance(at, tuple) else 1
    raise PointError(
        f"--at needs one value for each of {', '.join(free) or 'the inputs'}; found {count}; "
        f"write --at ({', '.join('1' for _ in free)})"
        + request.line.mark_text(request.options.at or "--at")
    )


def _refuse_unknown(request: Request, point: Mapping[str, Any]) -> None:
    names = {*request.names, *request.target.weights}
    if request.target.is_open:
        return
    for name in point:
        if name not in names:
            title, listed = request.target.title, ", ".join(request.names)
            free = [name for name in request.names if name not in point]
            meant = [*get_close_matches(name, free, n=1), *free]
            raise PointError(
                f"{title} has no argument {name}; its arguments are {listed or 'none'}; "
                + (
                    f"write {meant[0]}=…"
                    if meant
                    else f"leave {name} out, or write it into {title}"
                )
                + request.column_of(name)
            )


def can_vary(request: Request, nest: Nest, name: str) -> bool:
    """Whether a leaf is a number or a tensor, or an argument without a value."""
    value = nest.leaves[name].value
    return name not in request.fixed and (value is EMPTY or kind_of(value) is not Kind.FIXED)


def converted(request: Request, nest: Nest, varied: Collection[str]) -> dict[str, Any]:
    """Convert the leaves: inputs to tensors, constants to what the function takes."""
    values: dict[str, Any] = {}
    for name, leaf in nest.leaves.items():
        if leaf.value is EMPTY:
            continue
        if name in request.fixed:
            request.notes.append(whole_note(name, leaf.value))
            values[name] = leaf.value
        elif name in varied:
            values[name] = _as_input(request, name, leaf)
        else:
            values[name] = _as_constant(request, name, leaf)
    return values


def _as_input(request: Request, name: str, leaf: Leaf) -> torch.Tensor:
    try:
        return as_tensor(leaf.value, name, request.notes)
    except PointError as error:
        raise PointError(f"{error}{request.column_of(leaf.argument)}") from None


def _as_constant(request: Request, name: str, leaf: Leaf) -> Any:
    """Convert a constant: a number to a tensor, unless a default has another type."""
    value = leaf.value
    by_default = request.default(leaf.argument) is not EMPTY
    if isinstance(value, str) and not by_default and is_numeral(value):
        raise PointError(
            f"expected a number for {name}; found the text {value!r}; write {name}={value.strip()}"
            + request.column_of(leaf.argument)
        )
    if kind_of(value) is Kind.FIXED:
        return users_callable(value) if callable(value) else value
    if isinstance(value, torch.Tensor) or (by_default and not isinstance(value, (float, list))):
        return kept(value)
    try:
        return as_tensor(value, name, request.notes)
    except PointError:  # a complex number, for example, which cannot vary
        return value


def cast(request: Request, values: Mapping[str, Any]) -> dict[str, Any]:
    """Convert values to the dtype and device of the options or the module."""
    dtype, device = _dtype(request), _device(request)
    weights = request.target.weights
    first = next(iter(weights.values()), None)
    moved: dict[str, Any] = {}
    if request.target.module is not None and (dtype is not None or device is not None):
        buffers = dict(request.target.module.named_buffers())
        moved = {k: v for k, v in {**weights, **buffers}.items() if v.is_floating_point()}
    if first is not None:
        dtype, device = dtype or first.dtype, device or first.device
    return {name: _moved(value, dtype, device) for name, value in {**moved, **values}.items()}


def _moved(value: Any, dtype: torch.dtype | None, device: torch.device | None) -> Any:
    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        return value
    return value.to(dtype=dtype or value.dtype, device=device or value.device)


def _dtype(request: Request) -> torch.dtype | None:
    text = request.options.dtype
    if text is None:
        return None
    dtype = getattr(torch, text.removeprefix("torch."), None)
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise PointError(
            f"--dtype needs a floating dtype of torch; found {text}; "
            "write --dtype float32 or --dtype float64" + request.line.mark_text(text)
        )
    return dtype


def _device(request: Request) -> torch.device | None:
    text = request.options.device
    if text is None:
        return None
    try:
        return torch.empty(0, device=text).device
    except (RuntimeError, AssertionError):  # raised for unknown and for absent devices
        raise PointError(
            f"--device needs a device that torch can use here; found {text}; "
            "write --device cpu" + request.line.mark_text(text)
        ) from None


def ones_for(
    request: Request, missing: Sequence[str], values: Mapping[str, Any], nest: Nest
) -> dict[str, torch.Tensor]:
    """Return ones for scalar arguments without a value.

    Raises:
        PointError: the function fails with ones, so that the shape is unknown.
    """
    for name in missing:
        if is_taken_apart(request.target.source, name):
            raise PointError(_unknown_shape(request, name, "the code takes it apart"))
    ones = dict.fromkeys(missing, _one_like(request, values))
    _try(request, nest, {**values, **ones}, missing[0])
    many = "start" if len(missing) > 1 else "starts"
    request.notes.append(f"{', '.join(missing)} {many} at 1, as the point gives no value")
    return ones


def _one_like(request: Request, values: Mapping[str, Any]) -> torch.Tensor:
    """Return 1 in the floating dtype and on the device of other values or a module."""
    like = next((v for v in values.values() if isinstance(v, torch.Tensor)), None)
    one = torch.ones((), dtype=torch.float64) if like is None else like.new_ones(())
    if not one.is_floating_point():
        one = one.to(torch.float64)
    return one if request.target.module is None else cast(request, {"": one})[""]


def _try(request: Request, nest: Nest, values: Mapping[str, Any], missing: str) -> None:
    """Call the target; raise if it fails for the shape of a missing value."""
    error = _raised(request, nest, values)
    if error is not None:
        _refuse_texts(request, nest)
        again = _raised(request, nest, {**values, missing: torch.ones(2, dtype=torch.float64)})
        if _SHAPE_WORDS.search(str(error)) and str(error) != str(again):
            tried = f"with 1 it raises {type(error).__name__}: {str(error).splitlines()[0]}"
            raise PointError(_unknown_shape(request, missing, tried)) from error


def _raised(request: Request, nest: Nest, values: Mapping[str, Any]) -> Exception | None:
    """Return what the target raises for some values, if that may be due to a shape."""
    weights = {name: value for name, value in values.items() if name not in nest.leaves}
    try:
        with torch.no_grad(), silent():
            request.target.call({**weights, **nest.filled(values)})
    except (TypeError, IndexError, ValueError, RuntimeError) as error:
        return error
    return None


def _refuse_texts(request: Request, nest: Nest) -> None:
    """Raise for a text on the line where the function failed: a number was meant."""
    for name, leaf in nest.leaves.items():
        if isinstance(leaf.value, str) and any(leaf.argument == a.name for a in request.line.point):
            _as_input(request, name, leaf)


def _unknown_shape(request: Request, name: str, why: str) -> str:
    parts = unpacked_names(request.target.source, name) if request.target.source else None
    example = f"[{', '.join('1' for _ in parts)}]" if parts else "[1, 2]"
    module = request.target.module
    layers = () if module is None else module.modules()
    size = next((part.in_features for part in layers if isinstance(part, torch.nn.Linear)), None)
    if size is not None:
        example = f"torch.ones({size})"
    return (
        f"{name} needs a value, as its shape cannot be known ({why}); "
        f"write {name}={example}" + request.line.mark_end()
    )
