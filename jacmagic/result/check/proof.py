"""Symbolic proofs that entries are equal, each within a time limit.

The difference of two entries is 0 if SymPy's normal forms say so: of polynomials and rational
functions always, of others after functions have been rewritten in one another. A proof that is not
found in time says nothing; the comparison at random points stands.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from jacmagic.result.check.expressions import Expressions
from jacmagic.result.check.hand import Hand
from jacmagic.result.check.judgement import Status
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.time_limit import one_allowance
from jacmagic.symbolic.graph.passes import tree_sizes

MAX_SYMBOLS = 400  # of an entry on either side
MAX_SECONDS = 0.6  # for all entries of a matrix
MAX_SECONDS_PER_ENTRY = 0.2


def mark_proved(status: np.ndarray, form: Expressions, hand: Hand) -> None:
    """Mark the equal entries whose equality SymPy proves, in place.

    Args:
        status: of each entry, (m, n) objects.
        form: the right Jacobian.
        hand: the other.
    """
    written = None if hand.formula is not None else hand.expressions
    if hand.formula is None and written is None:
        return
    sizes = tree_sizes(form.graph, form.entries)
    with one_allowance(MAX_SECONDS):
        for k in np.flatnonzero(status == Status.EQUAL).tolist():
            if sizes[k] > MAX_SYMBOLS:
                continue

            def work(k: int = k) -> bool:
                right = form.sympy(form.entries[k], form.symbols)
                return is_zero(right - _other(form, hand, written, k))

            if attempt(work, MAX_SECONDS_PER_ENTRY) is True:
                status.flat[k] = Status.PROVED


def _other(form: Expressions, hand: Hand, written: Expressions | None, k: int) -> Any:
    """Return the hand-derived entry in the symbols of the right one."""
    if written is None:
        renamed = dict(zip(hand.symbols, form.symbols, strict=True))
        return hand.formula[k].xreplace(renamed)
    if tree_sizes(written.graph, [written.entries[k]])[0] > MAX_SYMBOLS:
        return sympy.nan
    return written.sympy(written.entries[k], form.symbols)


def is_zero(difference: Any) -> bool:
    """Whether SymPy shows an expression to be 0."""
    if difference == 0:
        return True
    if difference.has(sympy.nan, sympy.Float):  # rounded numbers prove nothing
        return False
    for form in (sympy.expand, sympy.cancel, _in_exponentials, sympy.trigsimp):
        if form(difference) == 0:
            return True
    return False


def _in_exponentials(expression: Any) -> Any:
    return sympy.cancel(sympy.expand(expression.rewrite(sympy.exp), power_exp=True))
