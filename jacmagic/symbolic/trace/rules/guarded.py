"""Rules for operations with a value where the textbook's form is 0·∞ or 0/0.

Away from the guarded points the form is the textbook's and nothing is assumed. At a guarded point
it is torch's, on the assumption that the point stays one; where torch's slope there is infinite or
its own choice, the operation is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ZERO, Graph
from jacmagic.symbolic.trace.rules.selections import Operands, Selection


def _numbers(operands: Operands, *arguments: Any) -> list[Any]:
    """Return the numbers of tensors and plain numbers, in the order of the arguments."""
    tensors = iter(operands.inputs)
    return [next(tensors) if isinstance(a, np.ndarray) else a for a in arguments]


def _refuse_unless_number(g: Graph, node: int, name: str) -> None:
    if g.value(node) is None:
        raise Unsupported(name, "has no closed form at 0, where its slope is not finite")


def _times_log(name: str, logarithm: str, zero: float) -> Callable[..., Selection]:
    """a·ln b, and 0 where a = 0 and b ≤ 0: xlogy, xlog1py is a·ln(1 + b)."""

    def rule(g: Graph, operands: Operands, a: Any, b: Any) -> Selection:
        values = np.broadcast_arrays(*map(np.asarray, _numbers(operands, a, b)))
        nodes = [u if isinstance(u, np.ndarray) else np.array(g.number(u)) for u in (a, b)]
        us, vs = np.broadcast_arrays(*nodes)
        result, conditions = np.empty(us.shape, dtype=np.int64), []
        for index in np.ndindex(*us.shape):
            u, v = int(us[index]), int(vs[index])
            if values[0][index] == 0 and values[1][index] <= zero:
                _refuse_unless_number(g, u, name)
                result[index] = ZERO
                conditions.append(g.apply("le", v, g.number(zero)))
            else:
                result[index] = g.mul(u, g.apply(logarithm, v))
        return Selection((result,), conditions)

    return rule


def _entropy(g: Graph, operands: Operands, x: np.ndarray) -> Selection:
    """−x ln x; −∞ for negative x, and at 0 the slope is infinite."""
    result, conditions = np.empty_like(x), []
    for index in np.ndindex(*x.shape):
        u, number = int(x[index]), operands.inputs[0][index]
        if number == 0:
            _refuse_unless_number(g, u, "special_entr")
            result[index] = ZERO
        elif number < 0:
            result[index] = g.number(-math.inf)
            conditions.append(g.apply("lt", u, ZERO))
        else:
            result[index] = g.neg(g.mul(u, g.apply("log", u)))
    return Selection((result,), conditions)


GUARDED: dict[str, Callable[..., Selection]] = {
    "xlogy": _times_log("xlogy", "log", 0),
    "special_xlog1py": _times_log("special_xlog1py", "log1p", -1),
    "special_entr": _entropy,
}
