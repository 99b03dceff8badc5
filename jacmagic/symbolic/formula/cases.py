"""A piecewise expression without evaluation, conditions included."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.functions.elementary.piecewise import ExprCondPair


def cases(*pairs: tuple[Any, Any]) -> sympy.Expr:
    """Return `sympy.Piecewise(*pairs)` with nothing evaluated.

    `evaluate=False` leaves the pairs alone, but SymPy still rewrites a condition that contains a
    piecewise expression, by solving for it: that may recurse without end, or divide by zero.

    Args:
        *pairs: (value, condition); the last condition may be True.
    """
    arguments = [
        sympy.Basic.__new__(ExprCondPair, sympy.sympify(value), sympy.sympify(condition))
        for value, condition in pairs
    ]
    if arguments[0].args[1] == sympy.true:
        return arguments[0].args[0]
    return sympy.Basic.__new__(sympy.Piecewise, *arguments)
