"""Python with `math`: floats, and nested lists for tensors."""

from __future__ import annotations

import keyword

from jacmagic.symbolic.codegen.function import Function
from jacmagic.symbolic.codegen.language import COMMON, Language, Piece, bounds, calls, starred
from jacmagic.symbolic.codegen.layout import bracketed, comment, entry_lines, indented, numbers

KEYWORDS = frozenset([*keyword.kwlist, "__debug__"])


def head(f: Function, module: str) -> list[str]:
    """Return comment, import, index arrays and the line of `def`."""
    lines = [*comment(f.comment, "#"), module, ""]
    for suffix, integers in f.indexes.items():
        lines += [f"{f.name}_{suffix} = [", *numbers(integers), "]"]
    return [*lines, "", f"def {f.name}({', '.join(argument.name for argument in f.arguments)}):"]


def constants(f: Function, template: str = "{} = {}") -> list[str]:
    """Return the assignments of named constants."""
    return [template.format(name, number) for name, number in f.constants]


def _frame(f: Function) -> str:
    value, matrix = f.results
    lines = [*head(f, "import math"), *indented([*constants(f), *f.statements])]
    if f.values is None:
        return "\n".join([*lines, "    return [", *entry_lines(f, 8), "    ]", ""])
    lines += [f"    {value} = [{', '.join(f.values)}]", f"    {matrix} = ["]
    return "\n".join([*lines, *entry_lines(f, 8), "    ]", f"    return {value}, {matrix}", ""])


def _power(base: Piece, exponent: Piece, real: bool) -> str:
    """Return `**`; where it may turn complex, `math.pow`, which raises instead."""
    return starred(base, exponent, real) if real else f"math.pow({base[0]}, {exponent[0]})"


PYTHON = Language(
    calls={
        **calls("math.", COMMON + " floor ceil"),
        "abs": "abs({})",
        "mod": "(({}) % ({}))",
        "atan2": "math.atan2({}, {})",
        **bounds("max", "min"),
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
    precisions=("float64",),
)
