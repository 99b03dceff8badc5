"""What is checked: a Jacobian by another hand, evaluated at any point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from jacmagic.result.check.expressions import Expressions

NO_DECIMALS = 0.0


@dataclass(frozen=True)
class Hand:
    """A Jacobian (m, n) by another hand.

    Attributes:
        title: its name in messages.
        kind: what it is, in a word or two: "function", "matrix", "LaTeX", "backward".
        evaluate: from a flat point (n,) to the matrix, float64 (m, n); may raise.
        derive: returns its expressions, or None where it cannot be traced.
        formula: the SymPy matrix in `symbols`, where it is one.
        symbols: of that formula, one for each column.
        only_here: whether it is known at the point alone.
        rounding: half a unit of the last digit that is written of each number, (m, n); 0 for
            numbers in full.
        notes: how it was read.
        transposed: whether it was given as (n, m).
    """

    title: str
    kind: str
    evaluate: Callable[[np.ndarray], np.ndarray]
    derive: Callable[[], Expressions | None] = lambda: None
    formula: Any = None
    symbols: tuple[Any, ...] = ()
    only_here: bool = False
    rounding: np.ndarray | float = NO_DECIMALS
    notes: tuple[str, ...] = ()
    transposed: bool = False

    @cached_property
    def expressions(self) -> Expressions | None:
        """Its entries on a graph; None where it cannot be traced."""
        return self.derive()
