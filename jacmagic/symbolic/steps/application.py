"""A rule applied: parts to differentiate, parts kept, and their assembly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

Expr = Any  # sympy.Expr; SymPy ships no types
Parts = tuple[Expr, ...]


def _first(derivatives: Parts, kept: Parts) -> Expr:
    return kept[0]


def _times(derivatives: Parts, kept: Parts) -> Expr:
    return kept[0] * derivatives[0]


@dataclass(frozen=True)
class Application:
    """A rule applied to an expression.

    Attributes:
        rule: its name.
        formula: what it says, as LaTeX.
        inner: the parts that remain to be differentiated.
        kept: the parts that the derivative takes over as they are.
        assemble: (derivatives of `inner`, `kept`) → the derivative.
    """

    rule: str
    formula: str
    inner: Parts = ()
    kept: Parts = ()
    assemble: Callable[[Parts, Parts], Expr] = _first


def chain(
    name: str, left: str, right: str, outer: Expr, inner: Expr, symbol: sympy.Symbol
) -> Application:
    """Apply f(u)′ = f′(u), times u′ where u is more than the variable itself."""
    if inner == symbol:
        return Application(name, _prime(left, right), (inner,), (outer,), _times)
    value, space, condition = right.partition(r" \quad")
    if value.startswith("1 "):
        value = rf"\left({value}\right)"
    product = value if value == "0" else rf"{value} \cdot u'"
    formula = _prime(left, product + space + condition)
    return Application(f"chain rule, {name}", formula, (inner,), (outer,), _times)


def _prime(left: str, right: str) -> str:
    return rf"\left({left}\right)' = {right}"
