"""The table of operations with kinks and jumps: where these lie, and what torch takes there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Values = Sequence[float]


def _at_zero(values: Values, errors: Values) -> bool:
    return abs(values[0]) <= errors[0]


def at_tie(values: Values, errors: Values) -> bool:
    return values[0] == values[1] or abs(values[0] - values[1]) <= errors[0] + errors[1]


def _at_bound(values: Values, errors: Values) -> bool:
    x, e = values[0], errors[0]
    return any(at_tie((x, values[k]), (e, errors[k])) for k in (1, 2))


def _at_integer(values: Values, errors: Values) -> bool:
    return math.isfinite(values[0]) and abs(values[0] - round(values[0])) <= errors[0]


def _at_multiple(values: Values, errors: Values) -> bool:
    (a, b), (ea, eb) = values, errors
    if b == 0 or not math.isfinite(a / b):
        return False
    return a % b == 0 or min(a % b, b - a % b, key=abs) <= ea + abs(a / b) * eb


# Operation → whether values whose errors are within bounds may lie on its kink, and what it is.
KINKS: dict[str, tuple[Callable[[Values, Values], bool], str]] = {
    "abs": (_at_zero, "abs has no derivative at 0; torch takes 0"),
    "relu": (_at_zero, "relu has no derivative at 0; torch takes 0"),
    "max": (at_tie, "max has no derivative at a tie; torch shares it or picks one"),
    "min": (at_tie, "min has no derivative at a tie; torch shares it or picks one"),
    "clamp": (_at_bound, "clamp has no derivative at its bounds; torch shares it or picks one"),
    "sqrt": (_at_zero, "the square root has infinite slope at 0"),
    "pow": (lambda v, e: _at_zero(v, e) and 0 < v[1] < 1, "the root has infinite slope at 0"),
    "floor": (_at_integer, "floor jumps at integers"),
    "ceil": (_at_integer, "ceil jumps at integers"),
    "sign": (_at_zero, "sign jumps at 0"),
    "mod": (_at_multiple, "the remainder jumps at multiples"),
    "atan2": (
        lambda v, e: abs(v[0]) <= e[0] and abs(v[1]) <= e[1],
        "atan2 has no derivative at (0, 0)",
    ),
}

STEPS = ("floor", "ceil", "sign")
JUMPS = (*STEPS, "mod", "where")
