"""What whole tensors are, beside what their elements are: A @ x + b as that.

While a function is traced, vectors and matrices whose making is understood carry an expression of
`matrices`. Everything not listed here has none, and neither has what is computed from it. A tensor
that is written to afterwards loses its expression, by torch's own count of versions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from jacmagic.symbolic.matrices import Expression, apply, constant, number, variable
from jacmagic.symbolic.matrices import expressions as e
from jacmagic.symbolic.trace.shadows import plain

Key = tuple[Any, ...]

_FUNCTIONS = "sin cos exp log sinh cosh tanh sigmoid relu abs sqrt reciprocal square".split()
_SAME = frozenset("clone alias detach lift_fresh contiguous expand".split())
_POWERS: dict[float, str] = {2: "square", 3: "cube", 0.5: "sqrt", -1: "reciprocal"}


class Tensors:
    """The expressions of the tensors of one traced function."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._known: dict[Key, tuple[Expression, frozenset[int]]] = {}
        self._alive: list[torch.Tensor] = []
        self._inputs: set[int] = set()

    def input(self, name: str, tensor: torch.Tensor) -> None:
        """A tensor is an input; inputs of two axes and more are not followed."""
        self._inputs.add(tensor.untyped_storage()._cdata)
        self._alive.append(tensor)
        if tensor.ndim <= 1:
            self._keep(tensor, variable(name, tuple(tensor.shape)))

    def constant(self, name: str, tensor: torch.Tensor) -> None:
        """A tensor is a constant with a name, unless it is an input: a module's own parameter."""
        if plain(tensor) and tensor.untyped_storage()._cdata in self._inputs:
            return
        if tensor.ndim <= 2 and tensor.is_floating_point() and tensor.layout == torch.strided:
            values = tensor.detach().cpu().double().numpy()
            self._keep(tensor, constant(name, np.array(values)))

    def of(self, value: Any) -> Expression | None:
        """Return the expression of a tensor or a plain number; None if it is not known."""
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return number(value)
        if not plain(value) or value.layout != torch.strided:
            return None
        found = self._known.get(_key(value))
        return found[0] if found is not None and value._version in found[1] else None

    def predict(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Expression | None:
        """What an operation will give; asked before it runs, as it may change its operands."""
        rule = _RULES.get(_name(func).removesuffix("_") if _writes(func) else _name(func))
        if rule is None or any(kwargs.get(key) not in (None, 1) for key in ("alpha", "beta")):
            return None
        try:
            return rule(*(self._operand(value) for value in args))
        except (_Unknown, TypeError):
            return None

    def record(self, func: Any, args: Sequence[Any], made: Expression | None, out: Any) -> None:
        """An operation was run, and gave what was foreseen."""
        if made is None or not plain(out) or out.layout != torch.strided:
            return
        if made.shape == tuple(out.shape):
            home = out.untyped_storage()._cdata
            shared = [
                tensor._version  # a view will share the count of what it views
                for tensor in args
                if plain(tensor) and tensor.untyped_storage()._cdata == home
            ]
            bumped = [out._version + 1] if _writes(func) else []  # counted only after this
            self._keep(out, made, (*shared, *bumped))

    def _operand(self, value: Any) -> Any:
        """Return a tensor's expression; other arguments (axes, exponents) as they are."""
        if not isinstance(value, torch.Tensor):
            return value
        found = self.of(value)
        if found is None:
            raise _Unknown
        return found

    def _keep(self, tensor: torch.Tensor, made: Expression, versions: Sequence[int] = ()) -> None:
        """Remember a tensor at its present version, or at one of others."""
        valid = frozenset({tensor._version, *versions})
        before = self._known.get(_key(tensor))
        if before is not None and before[0] == made:  # detached: same memory, own count
            valid |= before[1]
        self._known[_key(tensor)] = made, valid
        self._alive.append(tensor)


class _Unknown(Exception):
    """An operand has no expression."""


def _name(func: Any) -> str:
    return str(func._schema.name.partition("::")[2])


def _writes(func: Any) -> bool:
    name = _name(func)
    return name.endswith("_") and not name.startswith("_")


def _key(tensor: torch.Tensor) -> Key:
    storage = tensor.untyped_storage()._cdata
    return storage, tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride())


# ── rules ─────────────────────────────────────────────────────────────────────────────────────


def _expression(value: Any) -> Expression:
    if isinstance(value, Expression):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Unknown
    return number(value)


def _add(a: Any, b: Any, *_: Any) -> Expression:
    a, b = _expression(a), _expression(b)
    if a.shape != b.shape:
        a, b = (e.scale(x, e.ones(y.shape)) if not x.shape else x for x, y in ((a, b), (b, a)))
    if a.shape != b.shape:
        raise _Unknown
    return e.add(a, b)


def _mul(a: Any, b: Any) -> Expression:
    a, b = _expression(a), _expression(b)
    if not a.shape or not b.shape:
        return e.scale(a, b) if not a.shape else e.scale(b, a)
    if a.shape != b.shape or len(a.shape) != 1:
        raise _Unknown
    return apply("square", a) if a == b else e.times(a, b)


def _div(a: Any, b: Any) -> Expression:
    a, b = _expression(a), _expression(b)
    if b.shape:
        return _mul(a, apply("reciprocal", b))
    return e.scale(e.inverse(b), a)


def _pow(a: Any, n: Any) -> Expression:
    if isinstance(n, Expression) and n.operation == "number":
        n = n.value
    if isinstance(n, bool) or not isinstance(n, int | float) or not isinstance(a, Expression):
        raise _Unknown
    if not a.shape:
        return e.power(a, n)
    if n not in _POWERS:
        raise _Unknown
    return apply(_POWERS[n], a)


def _mv(a: Expression, x: Expression) -> Expression:
    return e.matmul(a, x)


def _mm(a: Expression, b: Expression) -> Expression:
    """Return a row times a matrix: xᵀB is the row of Bᵀx."""
    if a.operation == "transpose" and len(a.arguments[0].shape) == 1:
        return e.transpose(e.matmul(e.transpose(b), a.arguments[0]))
    raise _Unknown


def _addmm(b: Expression, row: Expression, a: Expression) -> Expression:
    """Return a row times a matrix, plus a vector."""
    return e.transpose(_add(_as_vector(_mm(row, a)), b))


def _view(x: Expression, size: Sequence[int]) -> Expression:
    """Return a vector as a row, a row as a vector, or nothing new."""
    if len(x.shape) == 1 and len(size) == 2 and size[0] == 1:
        return _unsqueeze(x, 0)
    return _squeeze(x) if len(x.shape) == 2 and len(size) == 1 else x


def _unsqueeze(x: Expression, place: int) -> Expression:
    if len(x.shape) != 1 or place != 0:
        raise _Unknown
    return Expression("transpose", (x,), (1, *x.shape))


def _squeeze(x: Expression, *_: Any) -> Expression:
    """Return a row as a vector again."""
    if x.shape[:1] != (1,):
        raise _Unknown
    return _as_vector(x)


def _as_vector(row: Expression) -> Expression:
    """Return the vector whose row this is: (xᵀB) → Bᵀx."""
    if row.operation == "matmul":
        left, right = row.arguments
        return e.matmul(e.transpose(right), _as_vector(left))
    if row.operation in ("scale", "neg"):
        inner = _as_vector(row.arguments[-1])
        return e.neg(inner) if row.operation == "neg" else e.scale(row.arguments[0], inner)
    if row.operation == "add" and len(row.shape) == 2:
        return e.add(*map(_as_vector, row.arguments))
    if row.operation == "transpose" and len(row.arguments[0].shape) == 1:
        return row.arguments[0]
    raise _Unknown


def _transpose(a: Expression, *_: Any) -> Expression:
    if len(a.shape) != 2:
        raise _Unknown
    return e.transpose(a)


def _sum(x: Expression, *rest: Any) -> Expression:
    if len(x.shape) != 1 or any(value not in (None, [], (), 0, [0], False) for value in rest):
        raise _Unknown
    return e.of_vector("sum", x)


def _norm(x: Expression, p: Any = 2, *rest: Any) -> Expression:
    if len(x.shape) != 1 or p != 2 or any(value not in (None, [0], False) for value in rest):
        raise _Unknown
    return e.of_vector("norm", x)


def _softmax(x: Expression, *_: Any) -> Expression:
    if len(x.shape) != 1:
        raise _Unknown
    return e.of_vector("softmax", x)


def _same(x: Expression, *_: Any) -> Expression:
    return x


_RULES: dict[str, Callable[..., Expression]] = {
    "add": _add,
    "sub": lambda a, b, *_: _add(a, e.neg(_expression(b))),
    "rsub": lambda a, b, *_: _add(b, e.neg(_expression(a))),
    "mul": _mul,
    "div": _div,
    "neg": lambda a: e.neg(a),
    "pow": _pow,
    "mv": _mv,
    "mm": _mm,
    "addmm": _addmm,
    "view": _view,
    "_unsafe_view": _view,
    "reshape": _view,
    "addmv": lambda b, a, x: _add(b, e.matmul(a, x)),
    "dot": lambda a, b: e.of_vector("dot", a, b),
    "t": _transpose,
    "transpose": _transpose,
    "permute": _transpose,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "sum": _sum,
    "mean": lambda x, *rest: e.scale(number(1 / x.shape[0]), _sum(x, *rest)),
    "linalg_vector_norm": _norm,
    "_softmax": _softmax,
    **{name: partial(apply, name) for name in _FUNCTIONS},
    **dict.fromkeys(_SAME, _same),
}
