"""How Python, torch, C and JavaScript write a function: a table from operations to words each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

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
        calls: operation → template of its arguments, each in brackets of its own or a call.
        power: template of a power, and how tightly its base must hold.
        choice: template of (condition, if true, if false).
        integer: writes an integer.
        frame: (name, arguments, statements, rows of entries) → the source.
        assign: template of (name, value).
        component: (input's name, index) → the component's name.
    """

    calls: dict[str, str]
    power: tuple[str, int]
    choice: str
    frame: Callable[[str, Sequence[str], list[str], list[list[str]]], str]
    assign: str
    component: Callable[[str, tuple[int, ...]], str]
    integer: Callable[[int], str] = str
    infix: dict[str, tuple] = field(default_factory=lambda: dict(_INFIX))


# ── frames ────────────────────────────────────────────────────────────────────────────────────


def _rows(rows: list[list[str]]) -> list[str]:
    return [f"        [{', '.join(row)}]," for row in rows]


def _python(
    name: str, arguments: Sequence[str], statements: list[str], rows: list[list[str]]
) -> str:
    head = ["import math", "", "", f"def {name}({', '.join(arguments)}):"]
    body = [f"    {line}" for line in statements]
    return "\n".join([*head, *body, "    return [", *_rows(rows), "    ]", ""])


def _torch(
    name: str, arguments: Sequence[str], statements: list[str], rows: list[list[str]]
) -> str:
    m, n = len(rows), len(rows[0]) if rows else 0
    head = ["import torch", "", "", f"def {name}({', '.join(arguments)}):"]
    body = [f"    {line}" for line in statements]
    body.append(f"    J = {arguments[0]}.new_zeros({m}, {n})")
    body += [
        f"    J[{i}, {j}] = {entry}"
        for i, row in enumerate(rows)
        for j, entry in enumerate(row)
        if entry != "0"
    ]
    return "\n".join([*head, *body, "    return J", ""])


def _c(name: str, arguments: Sequence[str], statements: list[str], rows: list[list[str]]) -> str:
    n = len(rows[0]) if rows else 0
    head = ["#include <math.h>", "", f"/* J has {len(rows)} x {n} entries, row by row. */"]
    doubles = ", ".join(arguments)
    lines = [f"    {line}" for line in statements]
    lines += [
        f"    J[{i * n + j}] = {entry};"
        for i, row in enumerate(rows)
        for j, entry in enumerate(row)
    ]
    return "\n".join([*head, f"void {name}({doubles}, double *J)", "{", *lines, "}", ""])


def _javascript(
    name: str, arguments: Sequence[str], statements: list[str], rows: list[list[str]]
) -> str:
    lines = [f"  {line}" for line in statements]
    body = [*lines, "  return [", *(line[4:] for line in _rows(rows)), "  ];"]
    return "\n".join([f"export function {name}({', '.join(arguments)}) {{", *body, "}", ""])


# ── languages ─────────────────────────────────────────────────────────────────────────────────


def _bracketed(name: str, index: tuple[int, ...]) -> str:
    return name + "".join(f"[{place}]" for place in index)


LANGUAGES: dict[str, Language] = {
    "python": Language(
        calls={
            **_calls("math.", _ARGUMENTS),
            "abs": "abs({})",
            "floor": "math.floor({})",
            "ceil": "math.ceil({})",
            "mod": "(({}) % ({}))",
            "atan2": "math.atan2({}, {})",
            "max": "max({}, {})",
            "min": "min({}, {})",
            "relu": "max({}, 0)",
            "clamp": "min(max({}, {}), {})",
            "sign": "(({0} > 0) - ({0} < 0))",
            "sigmoid": "((1 + math.tanh(({})/2))/2)",
            "and": "(({}) and ({}))",
            "or": "(({}) or ({}))",
            "not": "(not ({}))",
        },
        power=("{}**{}", ATOM),
        choice="({1} if {0} else {2})",
        frame=_python,
        assign="{} = {}",
        component=_bracketed,
    ),
    "torch": Language(
        calls={
            **_calls("torch.", _ARGUMENTS + " floor ceil sign abs sigmoid relu digamma"),
            "mod": "torch.remainder({}, {})",
            "atan2": "torch.atan2({}, {})",
            "max": "torch.where({0} > {1}, {0}, {1})",
            "min": "torch.where({0} < {1}, {0}, {1})",
            "clamp": "torch.clamp({}, {}, {})",
            "polygamma": "torch.special.polygamma({}, {})",
            "i0": "torch.special.i0({})",
            "i1": "torch.special.i1({})",
            "j0": "torch.special.bessel_j0({})",
            "j1": "torch.special.bessel_j1({})",
            "y0": "torch.special.bessel_y0({})",
            "y1": "torch.special.bessel_y1({})",
            "k0": "torch.special.modified_bessel_k0({})",
            "k1": "torch.special.modified_bessel_k1({})",
            "erfinv": "torch.erfinv({})",
            "zeta": "torch.special.zeta({}, {})",
            "gammainc": "torch.special.gammainc({}, {})",
            "gammaincc": "torch.special.gammaincc({}, {})",
            "and": "(({}) & ({}))",
            "or": "(({}) | ({}))",
            "not": "(~({}))",
        },
        power=("{}**{}", ATOM),
        choice="torch.where({}, {}, {})",
        frame=_torch,
        assign="{} = {}",
        component=lambda name, index: f"{name}[{', '.join(map(str, index))}]" if index else name,
    ),
    "c": Language(
        calls={
            **_calls("", _ARGUMENTS),
            **{name: f"{name}({{}})" for name in ("floor", "ceil", "j0", "j1", "y0", "y1")},
            "abs": "fabs({})",
            "mod": "(({0}) - ({1})*floor(({0})/({1})))",
            "atan2": "atan2({}, {})",
            "max": "fmax({}, {})",
            "min": "fmin({}, {})",
            "relu": "fmax({}, 0.0)",
            "clamp": "fmin(fmax({}, {}), {})",
            "sign": "((double)(({0} > 0) - ({0} < 0)))",
            "sigmoid": "((1.0 + tanh(({})/2.0))/2.0)",
            "and": "(({}) && ({}))",
            "or": "(({}) || ({}))",
            "not": "(!({}))",
        },
        power=("pow({}, {})", CHOICE),
        choice="(({}) ? {} : {})",
        frame=_c,
        assign="const double {} = {};",
        component=_bracketed,
        integer=lambda value: f"{value}.0",
    ),
    "javascript": Language(
        calls={
            **_calls(
                "Math.", "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp log"
            ),
            **_calls("Math.", "sqrt abs sign floor ceil"),
            "mod": "(({0}) - ({1})*Math.floor(({0})/({1})))",
            "atan2": "Math.atan2({}, {})",
            "max": "Math.max({}, {})",
            "min": "Math.min({}, {})",
            "relu": "Math.max({}, 0)",
            "clamp": "Math.min(Math.max({}, {}), {})",
            "sigmoid": "((1 + Math.tanh(({})/2))/2)",
            "and": "(({}) && ({}))",
            "or": "(({}) || ({}))",
            "not": "(!({}))",
        },
        power=("{}**{}", ATOM),
        choice="(({}) ? {} : {})",
        frame=_javascript,
        assign="const {} = {};",
        component=_bracketed,
    ),
}
