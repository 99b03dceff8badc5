"""A point of its own for a variant whose answers are numbers, the same one for a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Collection
from decimal import Decimal
from typing import TypeVar

import torch

from jacmagic.result.core import JacobianResult

TRIES = 24  # points that are drawn for a variant
MAX_CHOICES = 200  # numbers of one component, so that they are short

_Result = TypeVar("_Result", bound=JacobianResult)


def other_point(jacobian: _Result, seed: int, taken: Collection[tuple[float, ...]]) -> _Result:
    """Return the result at another point, drawn within the ranges of the sliders.

    Its numbers are as short as those of the given point; without a range on the magic's line they
    have the same sign and at most three times the size. The closed form is the same there, and
    torch agrees. Where no such point is found, the given result is returned.

    Args:
        jacobian: the result at the given point.
        seed: of the generator.
        taken: points of other variants, which are avoided where there are enough others.
    """
    draw = random.Random(f"jacmagic point {seed}")
    problem = jacobian.problem
    choices = [
        _choices(jacobian, k, value) for k, value in enumerate(map(float, problem.flat_point))
    ]
    for left in reversed(range(TRIES)):
        point = [draw.choice(one) for one in choices]
        if tuple(point) in taken and left > TRIES // 2:
            continue
        moved = jacobian.at(**problem.named(point))
        if _is_fine(jacobian, moved):
            return moved
    return jacobian


def _choices(jacobian: JacobianResult, k: int, value: float) -> list[float]:
    """Return the numbers that a component may have."""
    label, ranges = jacobian.columns[k], jacobian.view.ranges
    low, high = sorted((0.0, 3 * value)) if value else (-3.0, 3.0)
    if label.text in ranges:
        low, high, _ = ranges[label.text]
    unit = Decimal(10) ** max(_digit(value), _width(high - low))
    first, last = (math.ceil(low / float(unit)), math.floor(high / float(unit)))
    found = [float(unit * step) for step in range(first, last + 1) if step]
    return [one for one in found if low <= one <= high] or [value]


def _digit(value: float) -> int:
    """Return the power of ten of a number's last digit: −1 of 1.5, 0 of 30."""
    exponent = Decimal(repr(value)).as_tuple().exponent
    whole = value == int(value) and abs(value) < 1e6
    return 0 if whole else int(exponent)


def _width(size: float) -> int:
    """Return the power of ten that a range has at most `MAX_CHOICES` multiples of."""
    return math.ceil(math.log10(size / MAX_CHOICES))


def _is_fine(jacobian: JacobianResult, moved: JacobianResult) -> bool:
    """Whether the same closed form holds at a point, and torch agrees."""
    return (
        bool(torch.isfinite(moved.matrix).all())
        and moved.closed_form is jacobian.closed_form
        and moved.one_sided is None
        and moved.agreement.verdict == "agree"
    )
