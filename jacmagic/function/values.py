"""Values of the point: expressions evaluated, and converted to tensors."""

from __future__ import annotations

import ast
import functools
import math
import numbers
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy
import torch

from jacmagic.errors import PointError

FALLBACK: Mapping[str, Any] = {
    name: value for name, value in vars(math).items() if not name.startswith("_")
} | {"π": math.pi}


MAX_BRACKETS = 64  # brackets within brackets of a value; NumPy and torch allow as many


class Kind(Enum):
    """Kind of an argument's value: real, whole or fixed."""

    REAL = "varies"
    WHOLE = "an integer: a count, an index, or a real number without a decimal point"
    FIXED = "stays what it is: a text, a flag, None, a function"


def kind_of(value: Any) -> Kind:
    """Whether a leaf of the arguments can vary.

    What has the wrong number type, such as a complex one, counts as real: `as_tensor` refuses it.
    """
    if isinstance(value, torch.Tensor):
        whole = not (value.is_floating_point() or value.is_complex() or value.is_quantized)
        return Kind.WHOLE if whole else Kind.REAL
    if isinstance(value, (bool, numpy.bool_)):
        return Kind.FIXED
    if isinstance(value, numbers.Integral):
        return Kind.WHOLE
    if isinstance(value, numpy.ndarray):
        return Kind.WHOLE if value.dtype.kind in "iub" else Kind.REAL
    if isinstance(value, (list, tuple)):  # a list of numbers, see is_array
        whole = bool(value) and all(kind_of(part) is not Kind.REAL for part in value)
        return Kind.WHOLE if whole else Kind.REAL
    is_number = isinstance(value, numbers.Number) or _is_real(value)
    return Kind.REAL if is_number or hasattr(value, "__array_interface__") else Kind.FIXED


_OF_SLIPS = {int, float, bool, str, type(None)}  # types in a list of numbers with a slip


def is_array(value: Any, depth: int = 0) -> bool:
    """Whether a list or tuple is one array: of numbers, tensors and lists of these.

    Tensors of several shapes in one list are several inputs. A text or None among bare numbers is a
    slip, not a setting: such a list is one array too, which `as_tensor` refuses.
    """
    if type(value) not in (list, tuple) or depth > MAX_BRACKETS:
        return False
    kinds = set(map(type, value))
    if kinds <= {int, float, bool} or (kinds & {int, float} and kinds <= _OF_SLIPS):
        return True
    if any(issubclass(kind, torch.Tensor) for kind in kinds):
        shapes = {tuple(part.shape) for part in value if isinstance(part, torch.Tensor)}
        others = [part for part in value if not isinstance(part, torch.Tensor)]
        return len(shapes) == 1 and all(is_array(o, depth + 1) or _is_number(o) for o in others)
    return all(is_array(part, depth + 1) or _is_number(part) for part in value)


def _is_number(value: Any) -> bool:
    arrays = isinstance(value, (numbers.Number, numpy.ndarray, numpy.generic))
    return arrays or _is_real(value) or hasattr(value, "__array_interface__")


def evaluate(source: str, namespace: Mapping[str, Any]) -> Any:
    """Evaluate an expression; `pi`, `e`, `tau` and the names of `math` are known."""
    return eval(source.strip(), {**FALLBACK, **namespace})  # what the user typed


def as_tensor(value: Any, name: str, notes: list[str]) -> torch.Tensor:
    """Return a value of the point as a floating tensor.

    Bare numbers and nested lists of them become float64; tensors and arrays keep their dtype;
    integers and truth values are converted, and `notes` says so.

    Raises:
        PointError: the value is not a real number, tensor or nest of these.
    """
    if isinstance(value, torch.Tensor):
        return as_float(value, name, notes)
    if isinstance(value, bool):
        return as_float(torch.tensor(value), name, notes)
    if isinstance(value, (list, tuple)):
        if (array := _plain_array(value)) is not None:
            return array
        return _stacked([as_tensor(part, name, notes) for part in value], name)
    if type(value).__module__ == "numpy" or hasattr(value, "__array_interface__"):
        return as_float(_from_array(value, name), name, notes)
    if _is_real(value):
        return torch.tensor(_float(value, name), dtype=torch.float64)
    raise PointError(
        f"expected a real number, a list of numbers or a tensor for {name}; found "
        f"{type(value).__name__}; write for example {name}=3 or {name}=[1, 2]"
    )


def kept(value: Any) -> Any:
    """Return a copy of a tensor or array, which its owner may change; else the value."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    return value.copy() if isinstance(value, numpy.ndarray) else value


def as_float(value: torch.Tensor, name: str, notes: list[str]) -> torch.Tensor:
    """Return a floating copy of a tensor; integers and truth values as float64.

    A copy of a tensor that requires a gradient is attached to it.

    Raises:
        PointError: the tensor is complex, quantized, sparse or nested.
    """
    if value.layout is not torch.strided or value.is_nested:
        dense = "torch.nested.to_padded_tensor(…, 0.0)" if value.is_nested else f"{name}.to_dense()"
        kind = "nested" if value.is_nested else str(value.layout).removeprefix("torch.")
        raise PointError(f"expected a dense tensor for {name}; found a {kind} one; write {dense}")
    if value.is_meta:
        raise PointError(
            f"expected a tensor with values for {name}; found one on the meta device; "
            f"write torch.ones({tuple(value.shape)})"
        )
    if value.is_floating_point():
        return value.clone()
    if value.is_complex() or value.is_quantized:
        instead = "its real and imaginary parts as two inputs"
        instead = f"{name}.dequantize()" if value.is_quantized else instead
        raise PointError(f"expected real values for {name}; found {value.dtype}; write {instead}")
    kind = "truth values" if value.dtype == torch.bool else "integers"
    note = f"{name}: {kind} converted to float64, as derivatives need real numbers"
    if note not in notes:
        notes.append(note)
    return value.to(torch.float64)


def whole_note(name: str, value: Any) -> str:
    """Return the note on an integer that the function takes as such only."""
    text = " ".join(str(value.tolist() if hasattr(value, "tolist") else value).split())
    shown = text if len(text) <= 40 else f"{text[:39]}…"
    return f"{name} stays {shown}: the function takes it as an integer only"


def named(value: Any) -> Any:
    """Return a constant as it is shown: functions by name, all else as it is."""
    if not callable(value) or isinstance(value, torch.Tensor):
        return value
    inner = getattr(value, "__wrapped__", value)
    inner = inner.args[0] if isinstance(inner, functools.partial) and inner.args else inner
    return getattr(inner, "__name__", type(inner).__name__)


def is_real_valued(value: Any) -> bool:
    """Whether a default is a real number or a floating tensor, and can vary."""
    if isinstance(value, torch.Tensor):
        return value.is_floating_point()
    if isinstance(value, (list, tuple)):
        return bool(value) and all(is_real_valued(part) for part in value)
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, numbers.Integral))


def _is_real(value: Any) -> bool:
    """Real numbers of Python and of SymPy."""
    return isinstance(value, numbers.Real) or bool(getattr(value, "is_extended_real", False))


def overflows(source: str) -> bool:
    """Whether a number such as 1e400 is written, which Python reads as inf."""
    try:
        parts = ast.walk(ast.parse(source.strip(), mode="eval"))
    except SyntaxError:  # evaluating it reports it
        return False
    return any(isinstance(part, ast.Constant) and part.value == math.inf for part in parts)


def is_numeral(text: str) -> bool:
    """Whether a text is a finite number in digits."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def too_large(name: str) -> str:
    """Return the message on a number that no float64 holds."""
    return (
        f"expected a number that double precision holds for {name}, below 1.8e308; "
        "found a larger one; write a smaller one, or inf"
    )


def _float(value: Any, name: str) -> float:
    """Return a real number of any type as a float."""
    try:
        return float(value)
    except OverflowError:
        raise PointError(too_large(name)) from None
    except (TypeError, ValueError, ArithmeticError) as error:  # a number type of the user's
        raise PointError(
            f"expected a real number for {name}; found {type(value).__name__} ({error}); "
            f"write for example {name}=3"
        ) from None


def _plain_array(value: list[Any] | tuple[Any, ...]) -> torch.Tensor | None:
    """Return a flat list of ints and floats as float64; None for all others."""
    if not value or not set(map(type, value)) <= {int, float}:
        return None
    try:
        return torch.from_numpy(numpy.array(value, dtype=numpy.float64))
    except OverflowError:
        return None


def _stacked(parts: list[torch.Tensor], name: str) -> torch.Tensor:
    if not parts:
        return torch.empty(0, dtype=torch.float64)
    shapes = {tuple(part.shape) for part in parts}
    if len(shapes) > 1:
        listed = ", ".join(str(list(shape)) for shape in sorted(shapes))
        raise PointError(
            f"expected rows of equal length for {name}; found shapes {listed}; "
            "write as many values in each row"
        )
    dtypes = {part.dtype for part in parts}
    common = dtypes.pop() if len(dtypes) == 1 else torch.float64
    return torch.stack([part.to(common) for part in parts])


def _from_array(value: Any, name: str) -> torch.Tensor:
    if isinstance(value, numpy.ma.MaskedArray) and numpy.ma.is_masked(value):
        raise PointError(
            f"expected a number in every entry of {name}; found masked ones; "
            f"write {name}.filled(0.0)"
        )
    try:
        return torch.as_tensor(numpy.array(value))
    except (TypeError, ValueError, RuntimeError) as error:  # torch's words on odd dtypes
        raise PointError(
            f"expected an array of real numbers for {name}; found {type(value).__name__} "
            f"({error}); write for example {name}=[1, 2]"
        ) from None
