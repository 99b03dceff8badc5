"""C99 with `math.h`: arrays in, value and entries of the matrix row by row out; no allocation."""

from __future__ import annotations

import re
from dataclasses import replace

from jacmagic.symbolic.codegen.function import Function
from jacmagic.symbolic.codegen.language import COMMON, LOGIC, Language, bounds, calls, power_by
from jacmagic.symbolic.codegen.layout import bracketed, comment, indented, numbers, stores

# Keywords, and macros that the platform's headers define.
KEYWORDS = frozenset(
    """
    alignas alignof asm auto bool break case char const constexpr continue default do double
    else enum extern false float for fortran goto if inline int long main near far nullptr
    register restrict return short signed sizeof static static_assert struct switch thread_local
    true typedef typeof typeof_unqual union unsigned void volatile wchar_t while errno linux
    unix i386 I EOF NULL HUGE HUGE_VAL HUGE_VALF HUGE_VALL INFINITY NAN SNAN SNANF SNANL DOMAIN
    SING OVERFLOW UNDERFLOW PLOSS TLOSS X_TLOSS MAXFLOAT DBL_MAX DBL_MIN FP_NAN FP_INFINITE
    FP_ZERO FP_SUBNORMAL FP_NORMAL FP_ILOGB0 FP_ILOGBNAN FP_FAST_FMA FP_FAST_FMAF FP_FAST_FMAL
    FP_INT_UPWARD FP_INT_DOWNWARD FP_INT_TOWARDZERO FP_INT_TONEARESTFROMZERO FP_INT_TONEAREST
    MATH_ERRNO MATH_ERREXCEPT math_errhandling M_E M_LOG2E M_LOG10E M_LN2 M_LN10 M_PI M_PI_2
    M_PI_4 M_1_PI M_2_PI M_2_SQRTPI M_SQRT2 M_SQRT1_2
    """.split()
)

# The functions that the templates in `ieee` call.
IEEE_FUNCTIONS = """\
static inline double larger(double a, double b) { return a != a || a > b ? a : b; }
static inline double smaller(double a, double b) { return a != a || a < b ? a : b; }
static inline double sigmoid(double x)
{
    if (x >= 0) return 1 / (1 + exp(-x));
    const double small = exp(x);
    return small / (1 + small);
}
static inline double modulo(double a, double b)
{
    const double rest = fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
"""


def index_arrays(f: Function) -> list[str]:
    """Return the index arrays of a sparse matrix; an empty one holds a zero."""
    lines = []
    for suffix, integers in f.indexes.items():
        lines += [f"static const int {f.name}_{suffix}[{max(len(integers), 1)}] = {{"]
        lines += [*numbers(integers or [0]), "};"]
    return lines


def _frame(real: str, f: Function) -> str:
    value, matrix = f.results
    declared = [
        bracketed(f"const {real} {argument.name}", argument.shape) for argument in f.arguments
    ]
    declared += [] if f.values is None else [f"{real} *{value}"]
    constants = [f"const {real} {name} = {number};" for name, number in f.constants]
    lines = [*comment(f.comment, "//"), "#include <math.h>", "", *index_arrays(f)]
    lines += [f"void {f.name}({', '.join([*declared, f'{real} *{matrix}'])})", "{"]
    return "\n".join([*lines, *indented([*constants, *f.statements, *stores(f)]), "}", ""])


def _in_floats(template: str) -> str:
    """Return a template whose functions and numbers are of single precision."""
    called = re.sub(r"\b([a-z][a-z0-9]*)\(", r"\1f(", template)
    return re.sub(r"(\d\.\d)", r"\1f", called).replace("(double)", "(float)")


C = Language(
    calls={
        **calls("", COMMON + " floor ceil j0 j1 y0 y1"),
        "abs": "fabs({})",
        "mod": "(fmod({0}, {1}) + (fmod({0}, {1})*{1} < 0.0 ? {1} : 0.0))",
        "atan2": "atan2({}, {})",
        **bounds("fmax", "fmin", "0.0"),
        "sign": "((double)(({0} > 0) - ({0} < 0)))",
        "sigmoid": "(1.0/(1.0 + exp(-({}))))",
        **LOGIC,
    },
    ieee={
        "mod": "modulo({}, {})",
        "max": "larger({}, {})",
        "min": "smaller({}, {})",
        "relu": "{0} != {0} || {0} > 0 ? {0} : 0.0",
        "clamp": "smaller(larger({}, {}), {})",
        "sign": "{0} == {0} ? (double)(({0} > 0) - ({0} < 0)) : {0}",
        "sigmoid": "sigmoid({})",
    },
    power=power_by("pow"),
    choice="(({}) ? {} : {})",
    infinity="INFINITY",
    nan="NAN",
    frame=lambda f: _frame("double", f),
    assign="const double {} = {};",
    component=bracketed,
    keywords=KEYWORDS,
    integer=lambda value: f"{value}.0",
    ascii_only=True,
    by_products=True,
)
_FLOATS = replace(
    C,
    calls={name: _in_floats(template) for name, template in C.calls.items()},
    power=power_by("powf"),
    frame=lambda f: _frame("float", f),
    assign="const float {} = {};",
    integer=lambda value: f"{value}.0f",
    real=lambda text: f"{text}f",
    ieee={},
)
C = replace(C, single=_FLOATS)
