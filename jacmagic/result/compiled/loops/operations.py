"""ATen operations on components: formulas, where results are zero, and movements of data."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx

from jacmagic.function.aten.data_movement import MOVEMENTS
from jacmagic.function.aten.operation import signature_of
from jacmagic.function.torch_internals import overload_of
from jacmagic.result.compiled.loops.expressions import ZERO, Expression, constant, operation
from jacmagic.result.compiled.obstacles import NotCompiled
from jacmagic.symbolic.codegen.languages import C

ONE = constant(1.0)
# Functions of C's library that the closed form's graph has no operation for.
LIBRARY = frozenset("expm1 log1p exp2 log2 log10 trunc".split())
_RENAMED = {
    "maximum": "max",
    "minimum": "min",
    "sgn": "sign",
    "remainder": "mod",
    **{f"{kind}_{name}": name for kind in ("logical", "bitwise") for name in ("and", "or", "not")},
}


def _product(first: Expression, *others: Expression) -> Expression:
    for other in others:
        first = operation("mul", first, other)
    return first


FORMULAS: dict[str, Callable[..., Expression]] = {
    "rsub": lambda x, y: operation("sub", y, x),
    "reciprocal": lambda x: operation("div", ONE, x),
    "rsqrt": lambda x: operation("div", ONE, operation("sqrt", x)),
    "square": lambda x: _product(x, x),
    "tanh_backward": lambda g, y: _product(g, operation("sub", ONE, _product(y, y))),
    "sigmoid_backward": lambda g, y: _product(g, operation("sub", ONE, y), y),
    "threshold_backward": lambda g, x, t: operation("where", operation("le", x, t), ZERO, g),
}
# Where a result is zero: where one of these operands is, or where all of these are.
_GRADIENTS = [name for name in FORMULAS if name.endswith("_backward")]
_ZERO_WITH_ANY = {"mul": (0, 1), "div": (0,), **dict.fromkeys(_GRADIENTS, (0,))}
_ZERO_WITH_ALL = {
    "add": (0, 1),
    "sub": (0, 1),
    "rsub": (0, 1),
    "where": (1, 2),
    "max": (0, 1),
    "min": (0, 1),
}
_ZERO_AT_ZERO = frozenset(
    "neg sqrt sin tan asin atan sinh tanh asinh atanh erf abs sign relu floor ceil expm1 log1p "
    "square trunc".split()
)
_MOVING = frozenset(
    "clone _to_copy alias detach slice_backward select_backward diagonal_backward expand "
    "lift_fresh_copy".split()
)


def name_of(target: Any) -> str:
    """Return the name of an ATen operation without its overload; "" for other targets."""
    packet = getattr(target, "overloadpacket", None)
    return "" if packet is None else str(packet.__name__)


def elementwise(target: Any) -> str | None:
    """Return the operation of an elementwise step in this package's vocabulary, or None."""
    name = name_of(target)
    if name in ("max", "min", "clamp"):  # of one tensor, or with bounds that may be missing
        return None
    name = _RENAMED.get(name, name)
    is_supported = name in FORMULAS or name in LIBRARY or name in C.operations
    return name if is_supported and overload_of(target) != "Tensor_mode" else None


def formula(name: str, operands: list[Expression], factor: float) -> Expression:
    """Return an elementwise operation on expressions.

    Args:
        name: the operation.
        operands: as the step has them.
        factor: torch's `alpha`, of what is added or subtracted.
    """
    if factor != 1:
        scaled = 0 if name == "rsub" else 1
        operands[scaled] = operation("mul", constant(factor), operands[scaled])
    build = FORMULAS.get(name)
    return operation(name, *operands) if build is None else build(*operands)


def nonzero(name: str, masks: list[np.ndarray]) -> np.ndarray:
    """Return where an elementwise result may differ from zero, by where its operands may."""
    aligned = np.broadcast_arrays(*masks)
    if name in _ZERO_WITH_ANY:
        return np.logical_and.reduce([aligned[k] for k in _ZERO_WITH_ANY[name]])
    if name in _ZERO_WITH_ALL:
        return np.logical_or.reduce([aligned[k] for k in _ZERO_WITH_ALL[name]])
    return aligned[0] if name in _ZERO_AT_ZERO else np.ones_like(aligned[0])


# ── movements ─────────────────────────────────────────────────────────────────────────────────


def moves(target: Any) -> bool:
    """Whether a step only moves data, or takes a part of one that does."""
    name = name_of(target)
    if not name or name == "as_strided":
        return target is operator.getitem
    return name in _MOVING or name in MOVEMENTS or signature_of(target).is_view


def sources(node: fx.Node, constants: dict[fx.Node, Tensor]) -> tuple[list[fx.Node], np.ndarray]:
    """Return the tensors whose data a step moves, and the source of each component.

    The step itself runs on integers, see `function/aten/data_movement.py`.

    Args:
        node: a step that moves data.
        constants: the tensors of constant steps; those of integers are indices.

    Returns:
        The tensors, and for each component of the result its place among the components of all
        tensors; -1 for a zero.

    Raises:
        NotCompiled: it fills in something else than zeros.
    """
    moved: list[fx.Node] = []
    count = 1

    def integers(operand: fx.Node) -> Any:
        nonlocal count
        value = operand.meta["val"] if operand not in constants else constants[operand]
        if isinstance(value, (list, tuple)):
            if not moves(operand.target):
                raise NotCompiled(f"{name_of(operand.target)} is not known")
            return _run(operand, integers)
        if not value.is_floating_point() and operand in constants:
            return constants[operand]
        if not value.is_floating_point() and value.dtype is not torch.bool:
            raise NotCompiled(f"{name_of(node.target)} by computed indices")
        if operand in constants and not constants[operand].any():
            return torch.zeros(value.shape, dtype=torch.int64)
        moved.append(operand)
        numbers = torch.arange(count, count + value.numel()).reshape(value.shape)
        count += value.numel()
        return numbers

    result = _run(node, integers)
    if not isinstance(result, Tensor):
        raise NotCompiled(f"{name_of(node.target)} of a number")
    return moved, result.reshape(-1).numpy() - 1


def _run(node: Any, integers: Callable[[fx.Node], Any]) -> Any:
    name = name_of(node.target)
    args, kwargs = fx.map_arg((node.args, dict(node.kwargs)), integers)
    if name in ("clone", "_to_copy", "lift_fresh_copy"):
        return args[0]
    if name in MOVEMENTS:
        named = dict(zip(signature_of(node.target).arguments, args, strict=False)) | kwargs
        data = [named.get(argument, 0) for argument in MOVEMENTS[name]]
        if any(isinstance(value, float | int) and value != 0 for value in data):
            raise NotCompiled(f"{name} of another number than 0")
    return node.target(*args, **kwargs)
