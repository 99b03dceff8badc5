"""A hand-derived Jacobian to be checked, evaluated at any point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import torch

from jacmagic.function.components import components
from jacmagic.result.check.arrange import arrange, leaves_of, real
from jacmagic.result.check.expressions import Expressions
from jacmagic.result.core import JacobianResult

MAX_DIGITS = 9  # significant digits up to which a number was typed and rounded, not computed
NO_DECIMALS = 0.0  # half a unit of the last digit of numbers that are not rounded


@dataclass(frozen=True)
class Hand:
    """A hand-derived Jacobian (m, n).

    Attributes:
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


def numbers_hand(value: Any, result: JacobianResult) -> Hand:
    """Return a matrix of numbers, which is compared at the point alone.

    Args:
        value: a tensor, array, nested list or blocks as torch returns them.
        result: the Jacobian that it is checked against.
    """
    arrangement = arrange(value, result)
    numbers = np.append(components([*map(real, leaves_of(value))]), 0.0)[arrangement.index]
    rounding = np.vectorize(_half_a_digit, otypes=[float])(numbers)
    if isinstance(value, torch.Tensor) and value.dtype in (torch.float16, torch.bfloat16):
        rounding = np.maximum(rounding, torch.finfo(value.dtype).eps * np.abs(numbers))
    return Hand(
        "matrix",
        lambda point: numbers,
        only_here=True,
        rounding=rounding,
        notes=arrangement.notes,
        transposed=arrangement.transposed,
    )


def _half_a_digit(number: float) -> float:
    """Return half a unit of the last digit written, 0 for numbers in full and whole ones."""
    if not np.isfinite(number) or number == round(number):
        return 0.0
    written = Decimal(repr(float(number)))
    exponent = int(written.as_tuple().exponent)
    if len(written.as_tuple().digits) > MAX_DIGITS:
        return 0.0
    return 0.5 * 10.0**exponent
