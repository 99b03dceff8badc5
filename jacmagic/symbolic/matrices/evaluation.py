"""Matrix expressions evaluated by NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jacmagic.symbolic.matrices.elementwise import ELEMENTWISE
from jacmagic.symbolic.matrices.expressions import Expression, Shape

_FILLED: dict[str, Callable[[Shape], np.ndarray]] = {
    "identity": lambda shape: np.eye(shape[0]),
    "ones": np.ones,
    "zero": np.zeros,
}


def _softmax(x: np.ndarray) -> np.ndarray:
    grown = np.exp(x - x.max())
    return np.asarray(grown / grown.sum())


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "neg": lambda a: -a,
    "scale": lambda c, a: c * a,  # a number times anything
    "times": lambda u, v: u * v,  # element by element
    "matmul": lambda a, b: a @ b,
    "transpose": lambda a: a.T if a.ndim == 2 else a[None, :],
    "column": lambda v: v[:, None],
    "diag": np.diag,
    "kron": np.kron,
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "logdet": lambda a: np.linalg.slogdet(a)[1],
    "trace": np.trace,
    "dot": lambda u, v: u @ v,
    "sum": np.sum,
    "norm": lambda v: np.sqrt((v**2).sum()),
    "softmax": _softmax,
    "logsumexp": lambda v: v.max() + np.log(np.exp(v - v.max()).sum()),
    "max": np.max,
    "inverse": lambda c: 1 / c,  # of a number
    "power": lambda c, n: c**n,  # of a number
}


def evaluate(expression: Expression, point: Mapping[str, np.ndarray]) -> np.ndarray:
    """Evaluate an expression where the inputs have these values, in float64."""
    if expression.operation == "input":
        return np.asarray(point[expression.name], dtype=float)
    if expression.operation in ("constant", "number"):
        return np.array(expression.value, dtype=float).reshape(expression.shape)
    values = [evaluate(argument, point) for argument in expression.arguments]
    if expression.operation == "apply":
        return np.asarray(ELEMENTWISE[expression.name].evaluate(values[0]))
    if expression.operation in ("identity", "ones", "zero"):
        return _FILLED[expression.operation](expression.shape)
    return np.asarray(OPERATIONS[expression.operation](*values))
