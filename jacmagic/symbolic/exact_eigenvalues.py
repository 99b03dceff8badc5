"""Eigenvalues of an exact matrix, where they are short, and how pairs are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import sympy

from jacmagic.symbolic.exact_form import SINGULAR, simplified
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.shortest import symbols_in
from jacmagic.symbolic.trace import Refusal

MAX_ROWS = 8  # of a matrix whose eigenvalues are looked for
MAX_SYMBOLS = 40  # symbols of an eigenvalue that is shown: half a line
_HALF = sympy.Rational(1, 2)


def eigenvalues(matrix: Any, budget: float | None) -> dict[Any, int] | None:
    """Return eigenvalues with their multiplicities; None where they are not short.

    Args:
        matrix: SymPy (n, n), n ≤ 8.
        budget: seconds for finding them.
    """
    n = matrix.shape[0]
    if matrix.shape != (n, n) or not 0 < n <= MAX_ROWS or matrix.has(*SINGULAR):
        return None
    eigenvalues = attempt(lambda: matrix.eigenvals(), budget)
    if isinstance(eigenvalues, Refusal) or sum(eigenvalues.values()) != n:
        return None
    together: Counter[Any] = Counter()
    for value, count in eigenvalues.items():
        together[simplified(value, budget)] += count
    if any(
        symbols_in(one) > MAX_SYMBOLS or one.has(sympy.RootOf, sympy.Piecewise) for one in together
    ):
        return None
    return dict(together)


def numbered(multiplicities: Mapping[Any, int]) -> list[tuple[str, Any, Any]]:
    """Return eigenvalues as (indices "1,2", value, half): a pair a ± b is (…, a, b)."""
    left, lines, count = dict(multiplicities), [], 0
    while left:
        value = next(iter(left))
        multiplicity, half = left.pop(value), None
        single = [one for one, times in left.items() if times == multiplicity == 1]
        pairs = (_pair(value, one) for one in single)
        best = next((pair for pair in pairs if pair is not None), None)
        if best is not None:
            other, value, half = best
            del left[other]
            multiplicity = 2
        indices = range(count + 1, count + multiplicity + 1)
        lines.append((",".join(map(str, indices)), together(value), half and together(half)))
        count += multiplicity
    return lines


def _pair(p: Any, q: Any) -> tuple[Any, Any, Any] | None:
    """Return q and a, b of a ± b; None where two values are shorter than that."""
    middle, half = sympy.expand((p + q) / 2), sympy.expand((p - q) / 2)
    middle, half = sympy.factor_terms(middle), sympy.factor_terms(half)
    if sum(map(symbols_in, (middle, half))) >= sum(map(symbols_in, (p, q))):
        return None
    return q, middle, -half if half.could_extract_minus_sign() else half


def together(expression: Any) -> Any:
    """Return √(a/b) for √a/√b, which SymPy takes apart for positive a and b; for print only."""
    factors = sympy.Mul.make_args(expression)
    roots = [factor for factor in factors if factor.is_Pow and abs(factor.exp) == _HALF]
    if sum(bool(root.free_symbols) for root in roots) < 2:
        return expression
    rest = sympy.Mul(*(factor for factor in factors if factor not in roots))
    root = sympy.Pow(sympy.Mul(*(root**2 for root in roots)), _HALF, evaluate=False)
    return root if rest == 1 else sympy.Mul(rest, root, evaluate=False)
