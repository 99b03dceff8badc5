"""Expressions of whole vectors and matrices, beside those of their elements.

While a function is traced, vectors and matrices carry an expression of `matrices` where every
operation that they come from has one of the `vector_rules`. A tensor that is written to afterwards
loses its expression, by torch's own count of versions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from jacmagic.function.aten.operation import Operation, is_dense
from jacmagic.function.torch_internals import storage_key, version_of
from jacmagic.symbolic.matrices.expressions import (
    Expression,
    constant,
    is_unnamed,
    number,
    variable,
)
from jacmagic.symbolic.matrices.linear_algebra import number_of
from jacmagic.symbolic.trace.vector_rules import RULES, Unknown

Key = tuple[Any, ...]
Predicted = Expression | tuple[Expression | None, ...] | None

MAX_PARTS = 256  # parts of an expression; a loop can double them with each step
MAX_UNNAMED_ELEMENTS = 256  # elements of a constant without a name that is followed


class Tensors:
    """The expressions of the tensors of one traced function."""

    def __init__(self, is_constant: Callable[[torch.Tensor], bool]) -> None:
        """Begin without any expression.

        Args:
            is_constant: whether a tensor does not depend on the inputs.
        """
        self._is_constant = is_constant
        self._expressions: dict[Key, tuple[Expression, frozenset[int]]] = {}
        self._alive: list[torch.Tensor] = []
        self._inputs: set[int] = set()

    def input(self, name: str, tensor: torch.Tensor) -> None:
        """Name a tensor as an input; inputs of three axes and more are not followed."""
        self._inputs.add(storage_key(tensor))
        self._alive.append(tensor)
        if tensor.ndim <= 2:
            self._keep(tensor, variable(name, tuple(tensor.shape)))

    def constant(self, name: str, tensor: torch.Tensor) -> None:
        """Name a tensor as a constant, unless it is an input: a module's own parameter."""
        if not is_dense(tensor) or storage_key(tensor) in self._inputs:
            return
        expression = self.of(tensor)
        if expression is not None and not is_unnamed(expression):
            return
        if tensor.ndim <= 2 and tensor.is_floating_point():
            values = tensor.detach().cpu().double().numpy()
            self._keep(tensor, constant(name, np.array(values)))

    def of(self, value: Any) -> Expression | None:
        """Return the expression of a tensor or a plain number; None if there is none."""
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return number(value)
        if not is_dense(value):
            return None
        expression, versions = self._expressions.get(_key(value), (None, frozenset()))
        return expression if version_of(value) in versions else None

    def predict(self, op: Operation) -> Predicted:
        """Return the expression of an operation's result, before it runs and may write."""
        keys = (*op.signature.keys, op.signature.functional_name)
        rule = next((RULES[key] for key in keys if key in RULES), None)
        if rule is None or any(op.kwargs.get(key) not in (None, 1) for key in ("alpha", "beta")):
            return None
        try:
            if op.name == "where":
                return self._operand(_with_value(*op.args))
            return rule(*map(self._operand, op.args))
        except (Unknown, TypeError):
            return None

    def record(self, op: Operation, predicted: Predicted, out: Any) -> None:
        """Give the results of an operation that has run the predicted expressions."""
        if isinstance(predicted, tuple):
            for expression, tensor in zip(predicted, out, strict=False):
                self.record(op, expression, tensor)
            return
        if predicted is None or not is_dense(out) or predicted.shape != tuple(out.shape):
            return
        if predicted.size > MAX_PARTS:
            return
        shared = [
            version_of(tensor)  # a view will share the count of its base
            for tensor in op.dense_tensors
            if storage_key(tensor) == storage_key(out)
        ]
        bumped = [version_of(out) + 1] if op.signature.written else []  # counted only after this
        self._keep(out, predicted, (*shared, *bumped))

    def determinant(self, matrix: torch.Tensor, value: torch.Tensor) -> None:
        """Record a number that was computed as the determinant of a matrix."""
        expression = self.of(matrix)
        if expression is not None and len(expression.shape) == 2 and not value.ndim:
            self._keep(value, number_of("det", expression))

    def _operand(self, value: Any) -> Any:
        """Return a tensor's expression; other arguments (axes, exponents) as they are."""
        if not isinstance(value, torch.Tensor):
            return value
        expression = self.of(value)
        if expression is None and self._is_unnamed(value):
            self.constant("", value)
            expression = self.of(value)
        if expression is None:
            raise Unknown
        return expression

    def _is_unnamed(self, value: torch.Tensor) -> bool:
        """Whether a tensor is a small constant that the function itself has made."""
        if not is_dense(value) or not 1 <= value.ndim <= 2 or value.numel() > MAX_UNNAMED_ELEMENTS:
            return False
        return self._is_constant(value) and storage_key(value) not in self._inputs

    def _keep(
        self, tensor: torch.Tensor, expression: Expression, versions: Sequence[int] = ()
    ) -> None:
        """Record a tensor's expression at its present version, or at one of others."""
        if tensor.is_inference():  # its writes are not counted
            return
        valid = frozenset({version_of(tensor), *versions})
        before = self._expressions.get(_key(tensor))
        if before is not None and before[0] == expression:  # detached: same memory, own count
            valid |= before[1]
        self._expressions[_key(tensor)] = expression, valid
        self._alive.append(tensor)


def _with_value(condition: Any, a: Any, b: Any) -> torch.Tensor:
    """Return the branch of a choice between tensors whose other one is nan, a missing value."""
    for one, other in ((a, b), (b, a)):
        if isinstance(one, torch.Tensor) and one.numel() <= 1 and bool(one.isnan().all()):
            return other
    raise Unknown


def _key(tensor: torch.Tensor) -> Key:
    return storage_key(tensor), tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride())
