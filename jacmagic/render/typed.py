r"""Expressions of numbers and constants as they are typed: 3*pi/4 as "3π/4" and \frac{3 \pi}{4}.

Only such an expression is typeset: one name that is not a constant, and there is nothing to show.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

USUAL_DIGITS = 4  # of a number that is shown
MAX_DIGITS = 8  # of a number that is shown as it is typed
MAX_LETTERS = 24  # of an expression in a title; a longer one is shown as its number

CONSTANTS = {"pi": ("π", r"\pi"), "π": ("π", r"\pi"), "e": ("e", "e"), "tau": ("τ", r"\tau")}
_FUNCTIONS = frozenset(
    "exp log log2 log10 sin cos tan asin acos atan arcsin arccos arctan sinh cosh tanh".split()
)
_LATEX_NAMES = {"log": r"\ln", "log2": r"\log_2", "log10": r"\log_{10}"} | {
    f"a{name}": rf"\arc{name}" for name in ("sin", "cos", "tan")
}
_IN_DEGREES = frozenset({"radians", "deg2rad"})


class Level(IntEnum):
    """How tightly an expression binds; one of a lower level than required gets brackets."""

    SUM = 0  # and whatever has a sign
    PRODUCT = 1
    FRACTION = 2  # in LaTeX a unit; in text a product
    CALL = 3  # a unit but for a power
    ATOM = 4


@dataclass(frozen=True)
class Typed:
    """A typeset expression: text, LaTeX, and its precedence as an operand."""

    text: str
    latex: str
    level: Level = Level.ATOM

    @property
    def on_page(self) -> str:
        """The text with true minus signs; an exponent is written as in code."""
        return re.sub(r"(?<!\de)-", "−", self.text)

    def within(self, level: Level) -> Typed:
        """Return it, in brackets if it is of a lower level."""
        if self.level >= level:
            return self
        return Typed(f"({self.text})", rf"\left({self.latex}\right)")


class TypedLatex(str):
    """The LaTeX of a typeset expression as a number within a formula.

    Attributes:
        typed: the expression.
    """

    typed: Typed

    @classmethod
    def of(cls, typed: Typed) -> TypedLatex:
        """Return the LaTeX that remembers its expression."""
        source = cls(typed.latex)
        source.typed = typed
        return source


class _NotTypeset(Exception):
    """An expression of more than numbers and constants."""


def typeset(expression: ast.expr) -> Typed | None:
    """Return an expression as it is written in mathematics.

    Returns:
        None for a number alone, unless it has a few digits more than are shown as a rule, for a
        long expression, and for one of other parts than numbers, arithmetic, π, e, τ and functions
        of these.
    """
    bare = expression
    while isinstance(bare, ast.UnaryOp):
        bare = bare.operand
    if isinstance(bare, ast.Constant) and not _has_more_digits(bare.value):
        return None
    try:
        typed = _typed(expression)
    except (_NotTypeset, RecursionError):
        return None
    return typed if len(typed.text) <= MAX_LETTERS else None


def _has_more_digits(value: object) -> bool:
    """Whether a number has more significant digits than usual, and few enough: 273.15."""
    if type(value) not in (int, float) or "e" in str(value):
        return False
    digits = str(value).replace(".", "").strip("0")
    return USUAL_DIGITS < len(digits) <= MAX_DIGITS


def _typed(node: ast.expr) -> Typed:
    match node:
        case ast.Constant(value=value) if type(value) in (int, float):
            return _number(repr(value))
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in CONSTANTS:
            return Typed(*CONSTANTS[name])
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _typed(inner)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _negative(_typed(inner))
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_typed(left), _typed(right))
        case ast.Call(
            func=ast.Name(id=name) | ast.Attribute(attr=name), args=[argument], keywords=[]
        ):
            return _called(name, _typed(argument))
    raise _NotTypeset


def _number(text: str) -> Typed:
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return Typed(text, text)
    power = int(exponent)
    return Typed(f"{mantissa}e{power}", rf"{mantissa} \cdot 10^{{{power}}}", Level.PRODUCT)


def _negative(inner: Typed) -> Typed:
    shown = inner.within(Level.PRODUCT)
    return Typed(f"-{shown.text}", f"-{shown.latex}", Level.SUM)


def _sum(left: Typed, right: Typed) -> Typed:
    right = right if right.text[0] != "-" else right.within(Level.PRODUCT)
    return Typed(f"{left.text} + {right.text}", f"{left.latex} + {right.latex}", Level.SUM)


def _difference(left: Typed, right: Typed) -> Typed:
    right = right.within(Level.PRODUCT)
    return Typed(f"{left.text} - {right.text}", f"{left.latex} - {right.latex}", Level.SUM)


def _product(left: Typed, right: Typed) -> Typed:
    """Return 2π and 3√2 side by side, numbers with a dot between them."""
    if left.text[0] == "-" and left.level is Level.SUM and right.level > Level.SUM:
        return _negative(_product(Typed(left.text[1:], left.latex[1:], Level.PRODUCT), right))
    left, right = left.within(Level.PRODUCT), right.within(Level.PRODUCT)
    is_close = left.text[-1].isdigit() and right.text[0] in "πeτ√" and right.text[:2] != "ex"
    dot, dots = ("", " ") if is_close and "/" not in left.text else ("·", r" \cdot ")
    return Typed(f"{left.text}{dot}{right.text}", f"{left.latex}{dots}{right.latex}", Level.PRODUCT)


def _quotient(above: Typed, below: Typed) -> Typed:
    """Return a fraction; the sign of its numerator stands before it."""
    if above.text[0] == "-" and " " not in above.text:
        return _negative(_quotient(Typed(above.text[1:], above.latex[1:], Level.PRODUCT), below))
    line = f"{above.within(Level.PRODUCT).text}/{below.within(Level.CALL).text}"
    return Typed(line, rf"\frac{{{above.latex}}}{{{below.latex}}}", Level.FRACTION)


def _power(base: Typed, exponent: Typed) -> Typed:
    base = base.within(Level.ATOM)
    line = f"{base.text}^{exponent.within(Level.ATOM).text}"
    return Typed(line, f"{base.latex}^{{{exponent.latex}}}", Level.CALL)


_OPERATORS: dict[type[ast.operator], Callable[[Typed, Typed], Typed]] = {
    ast.Add: _sum,
    ast.Sub: _difference,
    ast.Mult: _product,
    ast.Div: _quotient,
    ast.Pow: _power,
}


def _called(name: str, inner: Typed) -> Typed:
    if name == "sqrt":
        return Typed(f"√{inner.within(Level.ATOM).text}", rf"\sqrt{{{inner.latex}}}", Level.CALL)
    if name in _IN_DEGREES:
        shown = inner.within(Level.ATOM)
        return Typed(f"{shown.text}°", rf"{shown.latex}^{{\circ}}", Level.CALL)
    if name not in _FUNCTIONS:
        raise _NotTypeset
    if name == "exp":
        return Typed(f"exp({inner.text})", f"e^{{{inner.latex}}}", Level.CALL)
    called = _LATEX_NAMES.get(name, rf"\{name}")
    shown_name = "ln" if name == "log" else name
    return Typed(f"{shown_name}({inner.text})", rf"{called}\left({inner.latex}\right)", Level.CALL)
