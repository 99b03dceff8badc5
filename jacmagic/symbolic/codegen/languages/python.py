"""Python with `math`: floats, and nested lists for tensors."""

from __future__ import annotations

import keyword
from collections.abc import Sequence

from jacmagic.symbolic.codegen.language import COMMON, Language, Piece, calls, starred
from jacmagic.symbolic.codegen.layout import bracketed, indented, nested_rows

KEYWORDS = frozenset([*keyword.kwlist, "__debug__"])


def _frame(
    name: str, arguments: Sequence[str], _: str, statements: list[str], rows: list[list[str]]
) -> str:
    head = ["import math", "", "", f"def {name}({', '.join(arguments)}):", *indented(statements)]
    return "\n".join([*head, "    return [", *nested_rows(rows, 8), "    ]", ""])


def _power(base: Piece, exponent: Piece, real: bool) -> str:
    """Return `**`; where it may turn complex, `math.pow`, which raises instead."""
    return starred(base, exponent, real) if real else f"math.pow({base[0]}, {exponent[0]})"


PYTHON = Language(
    calls={
        **calls("math.", COMMON + " floor ceil"),
        "abs": "abs({})",
        "mod": "(({}) % ({}))",
        "atan2": "math.atan2({}, {})",
        "max": "max({}, {})",
        "min": "min({}, {})",
        "relu": "max({}, 0)",
        "clamp": "min(max({}, {}), {})",
        "sign": "(({0} > 0) - ({0} < 0))",
        "sigmoid": "((1 if {0} >= 0 else math.exp({0}))/(1 + math.exp(-abs({0}))))",
        "and": "({} and {})",
        "or": "({} or {})",
        "not": "(not {})",
    },
    ieee={
        "floor": "floor({})",  # the graph's own: math.floor makes an integer
        "ceil": "ceil({})",
        "sign": "sign({})",
        "relu": "{0} if {0} != {0} or {0} > 0 else 0.0",
        "and": "True if {0} and {1} else False",
        "or": "True if {0} or {1} else False",
    },
    power=_power,
    choice="({1} if {0} else {2})",
    infinity="math.inf",
    nan="math.nan",
    frame=_frame,
    assign="{} = {}",
    component=bracketed,
    keywords=KEYWORDS,
)
