"""JavaScript with `Math`: a module exporting one function of numbers and arrays."""

from __future__ import annotations

from jacmagic.symbolic.codegen.function import Function
from jacmagic.symbolic.codegen.language import LOGIC, Language, bounds, calls, starred
from jacmagic.symbolic.codegen.layout import bracketed, comment, entry_lines, indented, numbers

KEYWORDS = frozenset(
    """
    arguments await break case catch class const continue debugger default delete do else enum
    eval export extends false finally for function if implements import in instanceof interface
    let new null package private protected public return static super switch this throw true try
    typeof undefined var void while with yield
    """.split()
)
_FUNCTIONS = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp expm1 log log1p sqrt abs sign "
    "floor ceil"
)


def _frame(f: Function) -> str:
    lines = comment(f.comment, "//")
    for suffix, integers in f.indexes.items():
        lines += [f"export const {f.name}_{suffix} = [", *numbers(integers, 2), "];"]
    constants = [f"const {name} = {number};" for name, number in f.constants]
    lines += [
        f"export function {f.name}({', '.join(argument.name for argument in f.arguments)}) {{"
    ]
    lines += indented([*constants, *f.statements], 2)
    if f.values is None:
        return "\n".join([*lines, "  return [", *entry_lines(f, 4), "  ];", "}", ""])
    lines += ["  return {", f"    value: [{', '.join(f.values)}],", "    jacobian: ["]
    return "\n".join([*lines, *entry_lines(f, 6), "    ],", "  };", "}", ""])


JAVASCRIPT = Language(
    calls={
        **calls("Math.", _FUNCTIONS),
        "mod": "({0} % {1} + (({0} % {1})*{1} < 0 ? {1} : 0))",
        "atan2": "Math.atan2({}, {})",
        **bounds("Math.max", "Math.min"),
        "sigmoid": "(1/(1 + Math.exp(-({}))))",
        **LOGIC,
    },
    power=starred,
    choice="(({}) ? {} : {})",
    infinity="Infinity",
    nan="NaN",
    frame=_frame,
    assign="const {} = {};",
    component=bracketed,
    keywords=KEYWORDS,
    by_products=True,
    precisions=("float64",),
)
