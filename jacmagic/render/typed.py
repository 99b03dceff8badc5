r"""Expressions of numbers and constants as they are typed: 3*pi/4 as "3π/4" and \frac{3 \pi}{4}.

Only such an expression is typeset: one name that is no constant, and there is nothing to show.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import singledispatch

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
    """A typeset expression: text, LaTeX, and what it is where it becomes a part of another."""

    text: str
    latex: str
    level: Level = Level.ATOM

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
        None for a number alone, with or without a sign, for a long expression, and for one of
        other parts than numbers, arithmetic, π, e, τ and functions of these.
    """
    bare = expression
    while isinstance(bare, ast.UnaryOp):
        bare = bare.operand
    if isinstance(bare, ast.Constant):
        return None
    try:
        found = _typed(expression)
    except (_NotTypeset, RecursionError):
        return None
    return found if len(found.text) <= MAX_LETTERS else None


@singledispatch
def _typed(node: ast.AST) -> Typed:
    raise _NotTypeset


@_typed.register
def _(node: ast.Constant) -> Typed:
    if type(node.value) not in (int, float):
        raise _NotTypeset
    mantissa, _, exponent = repr(node.value).partition("e")
    if not exponent:
        return Typed(mantissa, mantissa)
    power = rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return Typed(repr(node.value), power, Level.PRODUCT)


@_typed.register
def _(node: ast.Name) -> Typed:
    return _constant(node.id)


@_typed.register
def _(node: ast.Attribute) -> Typed:  # math.pi
    return _constant(node.attr)


def _constant(name: str) -> Typed:
    if name not in CONSTANTS:
        raise _NotTypeset
    return Typed(*CONSTANTS[name])


@_typed.register
def _(node: ast.UnaryOp) -> Typed:
    inner = _typed(node.operand)
    if isinstance(node.op, ast.UAdd):
        return inner
    if not isinstance(node.op, ast.USub):
        raise _NotTypeset
    return _negative(inner)


def _negative(inner: Typed) -> Typed:
    shown = inner.within(Level.PRODUCT)
    return Typed(f"-{shown.text}", f"-{shown.latex}", Level.SUM)


@_typed.register
def _(node: ast.BinOp) -> Typed:
    combine = _OPERATORS.get(type(node.op))
    if combine is None:
        raise _NotTypeset
    return combine(_typed(node.left), _typed(node.right))


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


@_typed.register
def _(node: ast.Call) -> Typed:
    name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
    if len(node.args) != 1 or node.keywords:
        raise _NotTypeset
    inner = _typed(node.args[0])
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
