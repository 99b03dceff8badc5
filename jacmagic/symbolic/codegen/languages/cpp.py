"""C++11: a template for float and double; tensors are pointers to rows, nothing is allocated."""

from __future__ import annotations

from jacmagic.symbolic.codegen.function import Argument, Function
from jacmagic.symbolic.codegen.language import COMMON, LOGIC, Language, bounds, calls, power_by
from jacmagic.symbolic.codegen.languages.c import KEYWORDS as KEYWORDS_OF_C
from jacmagic.symbolic.codegen.languages.c import index_arrays
from jacmagic.symbolic.codegen.layout import comment, flat, indented, stores

KEYWORDS = KEYWORDS_OF_C | frozenset(
    """
    alignas and and_eq bitand bitor catch char8_t char16_t char32_t class co_await co_return
    co_yield compl concept consteval constinit const_cast decltype delete dynamic_cast explicit
    export false friend mutable namespace new noexcept not not_eq operator or or_eq private
    protected public reinterpret_cast requires static_cast template this throw true try typeid
    typename using virtual wchar_t xor xor_eq std Real count
    """.split()
)


def declared(argument: Argument) -> str:
    """Return an input's declaration: a number, or a pointer to rows."""
    return f"const Real *{argument.name}" if argument.shape else f"Real {argument.name}"


def body(f: Function) -> list[str]:
    """Return constants, statements and stores."""
    constants = [f"const Real {name} = {number};" for name, number in f.constants]
    return indented([*constants, *f.statements, *stores(f)])


def definition(f: Function, qualifiers: str) -> list[str]:
    """Return index arrays and the function as a template."""
    value, matrix = f.results
    results = ([] if f.values is None else [f"Real *{value}"]) + [f"Real *{matrix}"]
    head = f"{qualifiers} void {f.name}({', '.join([*map(declared, f.arguments), *results])})"
    return [*index_arrays(f), "template <typename Real>", head, "{", *body(f), "}"]


def _frame(f: Function) -> str:
    head = [*comment(f.comment, "//"), "#include <cmath>", "#include <limits>", ""]
    return "\n".join([*head, *definition(f, "inline"), ""])


CPP = Language(
    calls={
        **calls("std::", COMMON + " floor ceil"),
        **{name: f"Real(::{name}({{}}))" for name in ("j0", "j1", "y0", "y1")},
        "abs": "std::fabs({})",
        "mod": "(std::fmod({0}, {1}) + (std::fmod({0}, {1})*{1} < Real(0) ? {1} : Real(0)))",
        "atan2": "std::atan2({}, {})",
        **bounds("std::fmax", "std::fmin", "Real(0)"),
        "sign": "Real(({0} > 0) - ({0} < 0))",
        "sigmoid": "(Real(1)/(Real(1) + std::exp(-({}))))",
        **LOGIC,
    },
    power=power_by("std::pow"),
    choice="(({}) ? {} : {})",
    infinity="std::numeric_limits<Real>::infinity()",
    nan="std::numeric_limits<Real>::quiet_NaN()",
    frame=_frame,
    assign="const Real {} = {};",
    component=flat,
    keywords=KEYWORDS,
    integer=lambda value: f"Real({value})",
    real=lambda text: f"Real({text})",
    ascii_only=True,
    by_products=True,
)
