"""Exact values of a point: π/2 as it is typed, fractions, SymPy's expressions, texts.

A text is read, not run: numbers, signs of arithmetic, π, e, and the functions of a table.
"""

from __future__ import annotations

import ast
import math
import numbers
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import sympy

from jacmagic.errors import PointError
from jacmagic.symbolic.formula.sympy_numbers import number
from jacmagic.symbolic.graph.numbers import exact

_CONSTANTS = {"pi": sympy.pi, "π": sympy.pi, "e": sympy.E, "tau": 2 * sympy.pi, "inf": sympy.oo}
_ALIKE = "sqrt exp log sin cos tan asin acos atan sinh cosh tanh".split()
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(sympy, name) for name in _ALIKE},
    **{f"arc{name}": getattr(sympy, f"a{name}") for name in ("sin", "cos", "tan")},
    "radians": lambda degrees: degrees * sympy.pi / 180,
    "deg2rad": lambda degrees: degrees * sympy.pi / 180,
    "Fraction": sympy.Rational,
    "Rational": sympy.Rational,
}
_MAKERS = frozenset("tensor as_tensor array asarray".split())  # exact where their numbers are
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


class _NotExact(Exception):
    """A part of a text that is not read here."""


def exact_value(value: Any) -> Any:
    """Return a value as SymPy's numbers and expressions: one, or nested lists of them.

    Args:
        value: an int, Fraction, float (as the number that was typed: 0.1 is 1/10), expression of
            SymPy, text such as "pi/2", a tensor, an array, or lists of these; None in a list
            leaves a component symbolic.

    Raises:
        PointError: it is none of these.
    """
    if value is None or isinstance(value, sympy.Basic):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [exact_value(part) for part in value]
    if isinstance(value, str):
        return read_exactly(value, {})
    if isinstance(value, numbers.Real):
        if isinstance(value, numbers.Rational):
            return number(Fraction(int(value.numerator), int(value.denominator)))
        if math.isnan(value):
            raise PointError("expected an exact value; found nan; write a number or None")
        return number(exact(float(value)))
    raise PointError(
        f"expected an exact value; found {type(value).__name__}; "
        'write a number, a fraction, "pi/2", or a SymPy expression'
    )


def read_exactly(source: str, namespace: Mapping[str, Any]) -> Any:
    """Return the value of a text, as `exact_value` does.

    Args:
        source: a Python expression.
        namespace: the values of names in it; a name without a value is a symbol.

    Raises:
        PointError: it is not an expression, or holds what has no exact value.
    """
    try:
        return _read(ast.parse(source.strip(), mode="eval").body, namespace)
    except (SyntaxError, ValueError, RecursionError, _NotExact) as error:
        raise PointError(
            f"expected an exact value; found {source!r} ({error}); "
            "write numbers, pi, sqrt(2), 1/3, or a list of these"
        ) from None


def _read(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    if isinstance(node, ast.List | ast.Tuple):
        return [_read(part, namespace) for part in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _number(node.operand, namespace)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _number(node.left, namespace), _number(node.right, namespace)
        value = _BINARY[type(node.op)](left, right)
        if value.has(sympy.zoo, sympy.nan):  # 1/0, 0/0
            raise _NotExact(f"{ast.unparse(node)} has no value")
        return value
    if isinstance(node, ast.Name):
        return _named(node.id, namespace)
    if isinstance(node, ast.Attribute) and node.attr in _CONSTANTS:
        return _CONSTANTS[node.attr]  # math.pi
    if isinstance(node, ast.Call):
        return _called(node, namespace)
    raise _NotExact(f"{ast.unparse(node)} is not read exactly")


def _constant(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return exact_value(value)
    if type(value) not in (int, float):
        raise _NotExact(f"{value!r} is not a number")
    return exact_value(value)


def _named(name: str, namespace: Mapping[str, Any]) -> Any:
    if name in namespace:
        try:
            return exact_value(namespace[name])
        except PointError as error:
            raise _NotExact(f"{name} is not a number: {error}") from None
    return _CONSTANTS.get(name) or sympy.Symbol(name, real=True)


def _called(node: ast.Call, namespace: Mapping[str, Any]) -> Any:
    name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
    if name in _MAKERS and node.args:
        return _read(node.args[0], namespace)
    if name in _FUNCTIONS and not node.keywords:
        return _FUNCTIONS[name](*(_number(arg, namespace) for arg in node.args))
    raise _NotExact(f"{ast.unparse(node)} is not read exactly")


def _number(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    value = _read(node, namespace)
    if isinstance(value, list) or value is None:
        raise _NotExact(f"{ast.unparse(node)} is not a number")
    return value
