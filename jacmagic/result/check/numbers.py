"""A matrix of numbers by another hand, known at one point, perhaps to a few digits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import torch

from jacmagic.result.check.arrange import Blocks, arrange, leaves_of
from jacmagic.result.check.hand import Hand
from jacmagic.result.core import JacobianResult

MAX_DIGITS = 9  # significant digits up to which a number was typed and rounded, not computed


def numbers_hand(value: Any, result: JacobianResult, blocks: Blocks) -> Hand:
    """Return a matrix of numbers, which is compared at the point alone.

    Args:
        value: a tensor, array, nested list or blocks as torch returns them.
        result: the Jacobian that it is checked against.
        blocks: the shapes of outputs and inputs.
    """
    arrangement = arrange(value, blocks)
    leaves = [one.detach().cpu().double().reshape(-1).numpy() for one in leaves_of(value)]
    flat = np.concatenate([*leaves, np.zeros(1)])
    numbers = flat[arrangement.index]
    rounding = np.vectorize(_half_a_digit, otypes=[float])(numbers)
    if isinstance(value, torch.Tensor) and value.dtype in (torch.float16, torch.bfloat16):
        rounding = np.maximum(rounding, torch.finfo(value.dtype).eps * np.abs(numbers))
    return Hand(
        "hand",
        "matrix",
        lambda point: numbers,
        only_here=True,
        rounding=rounding,
        notes=(arrangement.note,) if arrangement.note else (),
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
