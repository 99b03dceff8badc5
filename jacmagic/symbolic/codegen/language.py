"""A target language as one table: a template for each operation of the graph."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from jacmagic.symbolic.codegen.function import Function

# How tightly a piece of code binds.
CHOICE, COMPARED, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)
Piece = tuple[str, int]  # code, and how tightly it binds

INFIX = {
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
# Functions that Python, torch and C call by the same name.
COMMON = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp expm1 log log1p sqrt erf erfc "
    "lgamma"
)
LOGIC = {"and": "({} && {})", "or": "({} || {})", "not": "(!{})"}  # of C and its relatives


@dataclass(frozen=True)
class Language:
    """The table of one language.

    Attributes:
        calls: operation → template of its arguments, which bind as tightly as sums do.
        power: writes a power from (base, exponent, whether Python-like `**` keeps it real).
        choice: template of (condition, if true, if false).
        infinity: the word for ∞.
        nan: the word for what is not a number.
        frame: writes a function's source.
        assign: template of (name, value).
        component: (input's name, index, shape) → the component's name.
        keywords: words that are not names, and names that the platform has taken.
        integer: writes an integer.
        real: writes a decimal number.
        tensor: template of a number that makes a tensor of it; "" if not needed.
        tensors: operations whose arguments must be tensors.
        ascii_only: whether identifiers are ASCII.
        by_products: whether x² and x³ are written as products of x.
        truth: template that makes a condition of a number; "" where a number is one.
        single: the table in single precision; None where inputs decide, or where there is none.
        precisions: the precisions that the language can compute in, as torch names them.
        ieee: operation → template that keeps nan and signed zeros, where that in `calls` is
            easier to read and does not; for straight-line code.
    """

    calls: dict[str, str]
    power: Callable[[Piece, Piece, bool], str]
    choice: str
    infinity: str
    nan: str
    frame: Callable[[Function], str]
    assign: str
    component: Callable[[str, tuple[int, ...], tuple[int, ...]], str]
    keywords: frozenset[str]
    integer: Callable[[int], str] = str
    real: Callable[[str], str] = str
    tensor: str = ""
    tensors: frozenset[str] = frozenset()
    ascii_only: bool = False
    by_products: bool = False
    truth: str = ""
    single: Language | None = None
    precisions: tuple[str, ...] = ("float64", "float32")
    ieee: dict[str, str] = field(default_factory=dict)

    @cached_property
    def operations(self) -> frozenset[str]:
        """The operations that the language has an expression for."""
        return frozenset({*INFIX, *self.calls, "pow", "where"})

    @cached_property
    def reserved(self) -> frozenset[str]:
        """The words that no input may be named: keywords, and all that a body may call."""
        powers = [self.power(("0", ATOM), ("0", ATOM), real) for real in (True, False)]
        texts = [*self.calls.values(), *powers, self.choice, self.infinity, self.nan]
        return self.keywords | set(re.findall(r"(?<![\w.])[A-Za-z]\w*", " ".join(texts)))

    def template(self, operation: str) -> str:
        """Return the template of an operation on names and literals, as one statement.

        Raises:
            KeyError: the language has no expression for it.
        """
        if operation in INFIX:
            return str(INFIX[operation][0])
        if operation == "pow":
            return self.power(("{0}", ATOM), ("{1}", ATOM), False)
        if operation == "where":
            return self.choice
        return self.ieee.get(operation) or self.calls[operation]

    def literal(self, value: float) -> str:
        """Return a float in brackets, so that a sign before it stays apart."""
        if math.isfinite(value):
            return f"({float(value)!r})"
        word = self.infinity if value == value else self.nan
        return f"(-{word})" if value < 0 else f"({word})"


def calls(prefix: str, names: str, arity: int = 1) -> dict[str, str]:
    """Return templates of functions that are named as their operations are."""
    arguments = ", ".join(["{}"] * arity)
    return {name: f"{prefix}{name}({arguments})" for name in names.split()}


def bounds(larger: str, smaller: str, zero: str = "0") -> dict[str, str]:
    """Return templates of max, min, relu and clamp by two functions of two arguments."""
    return {
        "max": f"{larger}({{}}, {{}})",
        "min": f"{smaller}({{}}, {{}})",
        "relu": f"{larger}({{}}, {zero})",
        "clamp": f"{smaller}({larger}({{}}, {{}}), {{}})",
    }


def power_by(function: str) -> Callable[[Piece, Piece, bool], str]:
    """Return how a power is written by a function of base and exponent."""
    return lambda base, exponent, _: f"{function}({base[0]}, {exponent[0]})"


def hold(piece: Piece, least: int) -> str:
    """Return a piece of code, in brackets if it binds less tightly than needed."""
    text, tightness = piece
    return text if tightness >= least else f"({text})"


def starred(base: Piece, exponent: Piece, _: bool) -> str:
    """Return a power by `**`."""
    return f"{hold(base, ATOM)}**{hold(exponent, ATOM)}"
