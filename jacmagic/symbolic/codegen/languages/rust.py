"""Rust with its standard library: references to arrays in, mutable references out."""

from __future__ import annotations

from dataclasses import replace

from jacmagic.symbolic.codegen.function import Argument, Function, Shape
from jacmagic.symbolic.codegen.language import LOGIC, Language, bounds, calls, power_by
from jacmagic.symbolic.codegen.layout import bracketed, comment, indented, numbers, stores

KEYWORDS = frozenset(
    """
    abstract as async await become box break const continue crate do dyn else enum extern false
    final fn for if impl in let loop macro match mod move mut override priv pub ref return self
    Self static struct super trait true try type typeof unsafe unsized use virtual where while
    yield f64 f32 None Some Ok Err
    """.split()
)
_SAME = "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp sqrt abs floor ceil"
_ALLOWED = "clippy::all, non_snake_case, unused_parens, unused_variables"


def _type(real: str, shape: Shape) -> str:
    text = real
    for size in reversed(shape):
        text = f"[{text}; {size}]"
    return text


def _declared(real: str, argument: Argument) -> str:
    return f"{argument.name}: {'&' if argument.shape else ''}{_type(real, argument.shape)}"


def _frame(real: str, f: Function) -> str:
    value, matrix = f.results
    declared = [_declared(real, argument) for argument in f.arguments]
    if f.values is not None:
        declared.append(f"{value}: &mut [{real}; {len(f.values)}]")
    declared.append(f"{matrix}: &mut [{real}; {len(f.entries)}]")
    constants = [f"let {name}: {real} = {number};" for name, number in f.constants]
    lines = comment(f.comment, "//")
    for suffix, integers in f.indexes.items():
        name = f"{f.name}_{suffix}".upper()
        lines += [f"pub const {name}: [usize; {len(integers)}] = [", *numbers(integers), "];"]
    lines += [f"#[allow({_ALLOWED})]", f"pub fn {f.name}({', '.join(declared)}) {{"]
    return "\n".join([*lines, *indented([*constants, *f.statements, *stores(f)]), "}", ""])


_DOUBLES = Language(
    calls={
        **calls("f64::", _SAME),
        "log": "f64::ln({})",
        "expm1": "f64::exp_m1({})",
        "log1p": "f64::ln_1p({})",
        "mod": "(({0} % {1}) + (if ({0} % {1})*{1} < 0.0 {{ {1} }} else {{ 0.0 }}))",
        "atan2": "f64::atan2({}, {})",
        **bounds("f64::max", "f64::min", "0.0"),
        "sign": "(if {0} > 0.0 {{ 1.0 }} else if {0} < 0.0 {{ -1.0 }} else {{ 0.0 }})",
        "sigmoid": "(1.0/(1.0 + f64::exp(-({}))))",
        **LOGIC,
        "not": "(!({}))",
    },
    power=power_by("f64::powf"),
    choice="(if {} {{ {} }} else {{ {} }})",
    infinity="f64::INFINITY",
    nan="f64::NAN",
    frame=lambda f: _frame("f64", f),
    assign="let {} = {};",
    component=bracketed,
    keywords=KEYWORDS,
    integer=lambda value: f"{value}.0",
    truth="({} != 0.0)",
    ascii_only=True,
    by_products=True,
)
RUST = replace(
    _DOUBLES,
    single=replace(
        _DOUBLES,
        calls={name: text.replace("f64", "f32") for name, text in _DOUBLES.calls.items()},
        power=power_by("f32::powf"),
        infinity="f32::INFINITY",
        nan="f32::NAN",
        frame=lambda f: _frame("f32", f),
    ),
)
