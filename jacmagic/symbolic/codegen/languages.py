"""How Python, torch, C and JavaScript write a function: a table from operations to words each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from jacmagic.symbolic.codegen.scope import KEYWORDS

# how tightly a piece of code holds together
CHOICE, COMPARED, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)
Piece = tuple[str, int]

_INFIX = {
    "add": ("{} + {}", SUM, (SUM, SUM)),
    "sub": ("{} - {}", SUM, (SUM, PRODUCT)),
    "mul": ("{}*{}", PRODUCT, (PRODUCT, SIGN)),
    "div": ("{}/{}", PRODUCT, (PRODUCT, POWER)),
    "neg": ("-{}", SIGN, (ATOM,)),
    **{
        name: (f"{{}} {sign} {{}}", COMPARED, (SUM, SUM))
        for name, sign in zip("lt le gt ge eq ne".split(), "< <= > >= == !=".split(), strict=True)
    },
}
_ARGUMENTS = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp log sqrt erf erfc lgamma"
)


def _calls(prefix: str, names: str) -> dict[str, str]:
    return {name: f"{prefix}{name}({{}})" for name in names.split()}


@dataclass(frozen=True)
class Language:
    """How one language writes a function.

    Attributes:
        calls: operation → template of its arguments, which hold together as sums do.
        power: writes a power from (base, exponent, whether Python-like `**` keeps it real).
        choice: template of (condition, if true, if false).
        infinity: the word for ∞.
        nan: the word for what is not a number.
        frame: (name, arguments, result, statements, rows of entries) → the source.
        assign: template of (name, value).
        argument: (input's name, shape) → how it is declared.
        component: (input's name, index) → the component's name.
        keywords: words that are no names, and names that the platform has taken.
        integer: writes an integer.
        tensor: template of (an input, number) that makes a tensor of a number; "" if not needed.
        tensors: operations whose arguments must be tensors.
        ascii_only: whether identifiers are ASCII.
    """

    calls: dict[str, str]
    power: Callable[[Piece, Piece, bool], str]
    choice: str
    infinity: str
    nan: str
    frame: Callable[[str, Sequence[str], str, list[str], list[list[str]]], str]
    assign: str
    component: Callable[[str, tuple[int, ...]], str]
    keywords: frozenset[str]
    argument: Callable[[str, tuple[int, ...]], str] = lambda name, _: name
    integer: Callable[[int], str] = str
    tensor: str = ""
    tensors: frozenset[str] = frozenset()
    ascii_only: bool = False
    infix: dict[str, tuple] = field(default_factory=lambda: dict(_INFIX))

    @cached_property
    def reserved(self) -> frozenset[str]:
        """The words that an input's name must not hide: keywords, and all that a body may call."""
        powers = [self.power(("0", ATOM), ("0", ATOM), real) for real in (True, False)]
        texts = [*self.calls.values(), *powers, self.choice, self.infinity, self.nan]
        return self.keywords | set(re.findall(r"(?<![\w.])[A-Za-z]\w*", " ".join(texts)))


# ── frames ────────────────────────────────────────────────────────────────────────────────────


def _rows(rows: list[list[str]]) -> list[str]:
    return [f"        [{', '.join(row)}]," for row in rows]


def _python(
    name: str, arguments: Sequence[str], _: str, statements: list[str], rows: list[list[str]]
) -> str:
    head = ["import math", "", "", f"def {name}({', '.join(arguments)}):"]
    body = [f"    {line}" for line in statements]
    return "\n".join([*head, *body, "    return [", *_rows(rows), "    ]", ""])


def _torch(
    name: str, arguments: Sequence[str], result: str, statements: list[str], rows: list[list[str]]
) -> str:
    m, n = len(rows), len(rows[0]) if rows else 0
    head = ["import torch", "", "", f"def {name}({', '.join(arguments)}):"]
    body = [f"    {line}" for line in statements]
    body.append(f"    {result} = {arguments[0]}.new_zeros({m}, {n})")
    body += [
        f"    {result}[{i}, {j}] = {entry}"
        for i, row in enumerate(rows)
        for j, entry in enumerate(row)
        if entry != "0"
    ]
    return "\n".join([*head, *body, f"    return {result}", ""])


def _c(
    name: str, arguments: Sequence[str], result: str, statements: list[str], rows: list[list[str]]
) -> str:
    n = len(rows[0]) if rows else 0
    head = ["#include <math.h>", "", f"/* {result} has {len(rows)} x {n} entries, row by row. */"]
    doubles = ", ".join([*arguments, f"double *{result}"])
    lines = [f"    {line}" for line in statements]
    lines += [
        f"    {result}[{i * n + j}] = {entry};"
        for i, row in enumerate(rows)
        for j, entry in enumerate(row)
    ]
    return "\n".join([*head, f"void {name}({doubles})", "{", *lines, "}", ""])


def _javascript(
    name: str, arguments: Sequence[str], _: str, statements: list[str], rows: list[list[str]]
) -> str:
    lines = [f"  {line}" for line in statements]
    body = [*lines, "  return [", *(line[4:] for line in _rows(rows)), "  ];"]
    return "\n".join([f"export function {name}({', '.join(arguments)}) {{", *body, "}", ""])


# ── powers ────────────────────────────────────────────────────────────────────────────────────


def hold(piece: Piece, least: int) -> str:
    """Return a piece, in brackets if it would fall apart in its place."""
    text, tightness = piece
    return text if tightness >= least else f"({text})"


def _starred(base: Piece, exponent: Piece, _: bool) -> str:
    return f"{hold(base, ATOM)}**{hold(exponent, ATOM)}"


def _python_power(base: Piece, exponent: Piece, real: bool) -> str:
    """Python's ** makes a complex number of a broken power of a negative one; math.pow raises."""
    return _starred(base, exponent, real) if real else f"math.pow({base[0]}, {exponent[0]})"


def _c_power(base: Piece, exponent: Piece, _: bool) -> str:
    return f"pow({base[0]}, {exponent[0]})"


# ── languages ─────────────────────────────────────────────────────────────────────────────────


def _bracketed(name: str, index: tuple[int, ...]) -> str:
    return name + "".join(f"[{size}]" for size in index)


LANGUAGES: dict[str, Language] = {
    "python": Language(
        calls={
            **_calls("math.", _ARGUMENTS + " floor ceil"),
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
        power=_python_power,
        choice="({1} if {0} else {2})",
        infinity="math.inf",
        nan="math.nan",
        frame=_python,
        assign="{} = {}",
        component=_bracketed,
        keywords=KEYWORDS["python"],
    ),
    "torch": Language(
        calls={
            **_calls("torch.", _ARGUMENTS + " floor ceil sign abs sigmoid relu digamma erfinv"),
            **_calls("torch.special.", "i0 i1"),
            "mod": "torch.remainder({}, {})",
            "atan2": "torch.atan2({}, {})",
            "max": "torch.maximum({}, {})",
            "min": "torch.minimum({}, {})",
            "clamp": "torch.clamp({}, {}, {})",
            "polygamma": "torch.special.polygamma({}, {})",
            "j0": "torch.special.bessel_j0({})",
            "j1": "torch.special.bessel_j1({})",
            "y0": "torch.special.bessel_y0({})",
            "y1": "torch.special.bessel_y1({})",
            "k0": "torch.special.modified_bessel_k0({})",
            "k1": "torch.special.modified_bessel_k1({})",
            "zeta": "torch.special.zeta({}, {})",
            "gammainc": "torch.special.gammainc({}, {})",
            "gammaincc": "torch.special.gammaincc({}, {})",
            "and": "({} & {})",
            "or": "({} | {})",
            "not": "(~{})",
        },
        power=_starred,
        choice="torch.where({}, {}, {})",
        infinity="torch.inf",
        nan="torch.nan",
        frame=_torch,
        assign="{} = {}",
        component=lambda name, index: f"{name}[{', '.join(map(str, index))}]" if index else name,
        keywords=KEYWORDS["python"],
        tensor="{}.new_tensor({})",
        tensors=frozenset({"atan2", "max", "min", "gammainc", "gammaincc"}),
    ),
    "c": Language(
        calls={
            **_calls("", _ARGUMENTS),
            **{name: f"{name}({{}})" for name in ("floor", "ceil", "j0", "j1", "y0", "y1")},
            "abs": "fabs({})",
            "mod": "(fmod({0}, {1}) + (fmod({0}, {1})*{1} < 0.0 ? {1} : 0.0))",
            "atan2": "atan2({}, {})",
            "max": "fmax({}, {})",
            "min": "fmin({}, {})",
            "relu": "fmax({}, 0.0)",
            "clamp": "fmin(fmax({}, {}), {})",
            "sign": "((double)(({0} > 0) - ({0} < 0)))",
            "sigmoid": "(1.0/(1.0 + exp(-({}))))",
            "and": "({} && {})",
            "or": "({} || {})",
            "not": "(!{})",
        },
        power=_c_power,
        choice="(({}) ? {} : {})",
        infinity="INFINITY",
        nan="NAN",
        frame=_c,
        assign="const double {} = {};",
        component=_bracketed,
        argument=lambda name, shape: _bracketed(f"const double {name}", shape),
        keywords=KEYWORDS["c"],
        integer=lambda value: f"{value}.0",
        ascii_only=True,
    ),
    "javascript": Language(
        calls={
            **_calls(
                "Math.", "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp log"
            ),
            **_calls("Math.", "sqrt abs sign floor ceil"),
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
        power=_starred,
        choice="(({}) ? {} : {})",
        infinity="Infinity",
        nan="NaN",
        frame=_javascript,
        assign="const {} = {};",
        component=_bracketed,
        keywords=KEYWORDS["javascript"],
    ),
}
