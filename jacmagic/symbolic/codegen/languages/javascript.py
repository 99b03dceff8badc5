"""JavaScript with `Math`: a module exporting one function of numbers and arrays."""

from __future__ import annotations

from collections.abc import Sequence

from jacmagic.symbolic.codegen.language import Language, calls, starred
from jacmagic.symbolic.codegen.layout import bracketed, indented, nested_rows

KEYWORDS = frozenset(
    """
    arguments await break case catch class const continue debugger default delete do else enum
    eval export extends false finally for function if implements import in instanceof interface
    let new null package private protected public return static super switch this throw true try
    typeof undefined var void while with yield
    """.split()
)
_FUNCTIONS = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp log sqrt abs sign floor ceil"
)


def _frame(
    name: str, arguments: Sequence[str], _: str, statements: list[str], rows: list[list[str]]
) -> str:
    body = [*indented(statements, 2), "  return [", *nested_rows(rows, 4), "  ];"]
    return "\n".join([f"export function {name}({', '.join(arguments)}) {{", *body, "}", ""])


JAVASCRIPT = Language(
    calls={
        **calls("Math.", _FUNCTIONS),
        "mod": "({0} % {1} + (({0} % {1})*{1} < 0 ? {1} : 0))",
        "atan2": "Math.atan2({}, {})",
        "max": "Math.max({}, {})",
        "min": "Math.min({}, {})",
        "relu": "Math.max({}, 0)",
        "clamp": "Math.min(Math.max({}, {}), {})",
        "sigmoid": "(1/(1 + Math.exp(-({}))))",
        "and": "({} && {})",
        "or": "({} || {})",
        "not": "(!{})",
    },
    power=starred,
    choice="(({}) ? {} : {})",
    infinity="Infinity",
    nan="NaN",
    frame=_frame,
    assign="const {} = {};",
    component=bracketed,
    keywords=KEYWORDS,
)
