"""The choice of what a variant asks for, by a seeded generator: its entries and its point."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import TypeVar

import torch

from jacmagic.result.core import JacobianResult
from jacmagic.view.exercise.question import TRIVIAL

MAX_POINTS_TRIED = 24  # points that are drawn for a variant
MAX_CHOICES = 200  # numbers of one component, so that they are short

_Result = TypeVar("_Result", bound=JacobianResult)
MAX_BLANKS = 12  # entries that are all asked for, unless another number is wanted
USUAL_BLANKS = 6  # of a larger matrix
USUAL_DERIVATIONS = 3  # entries that are derived line by line, or rule by rule
MAX_SYMBOLS = 150  # of an entry, and of the output, that a person derives by hand

Entry = tuple[int, int]


def chosen_entries(
    jacobian: JacobianResult, number: int | None, *, derived: bool, varied: bool, seed: int
) -> list[Entry]:
    """Return the entries that are asked for, in row-major order.

    Entries that are not zero come first; of those, the ones that a person can derive.

    Args:
        jacobian: the result; it has a closed form.
        number: how many; None leaves that to the size of the matrix.
        derived: whether each entry's derivation is asked for.
        varied: whether other seeds are to give other entries.
        seed: of the generator.
    """
    m, n = jacobian.shape
    every = [(i, j) for i in range(m) for j in range(n)]
    long = _long(jacobian)
    pattern = jacobian.pattern.tolist()
    moving = [(i, j) for i, j in every if pattern[i][j] and (i, j) not in long]
    zeros = [(i, j) for i, j in every if not pattern[i][j]]
    draw = random.Random(f"jacmagic {seed}")
    if derived:
        pool = [entry for entry in moving if _is_composed(jacobian, entry)]
        count = number or min(USUAL_DERIVATIONS, len(moving) - (varied and len(moving) > 1))
        return sorted(_drawn(draw, pool, moving, zeros, count=count))
    if number is None and not varied and len(every) <= MAX_BLANKS and not long:
        return every
    usual = (len(moving) + 1) // 2 if varied else len(moving)
    count = number or max(1, min(usual, USUAL_BLANKS))
    return sorted(_drawn(draw, moving, zeros, count=count))


def _drawn(draw: random.Random, *pools: Sequence[Entry], count: int) -> list[Entry]:
    """Return that many different entries, of the first pools where they suffice."""
    drawn: list[Entry] = []
    for pool in pools:
        left = [entry for entry in pool if entry not in drawn]
        drawn += draw.sample(left, min(count - len(drawn), len(left)))
    return drawn


def _long(jacobian: JacobianResult) -> set[Entry]:
    """Return the entries that are too long to be derived by hand."""
    form, reading = jacobian.closed_form, jacobian.reading
    if form is None or reading is None:
        return set()
    (m, n), sizes = jacobian.shape, reading.form.sizes
    return {
        (i, j)
        for i in range(m)
        for j in range(n)
        if max(sizes[i], sizes[m + i * n + j]) > MAX_SYMBOLS
    }


def _is_composed(jacobian: JacobianResult, entry: Entry) -> bool:
    """Whether the derivation of an entry has a step within a step."""
    step = jacobian.steps(*entry)
    return any(child.rule not in TRIVIAL and child.children for child in step.children)


def other_point(
    jacobian: _Result, seed: int, other_points: Collection[tuple[float, ...]]
) -> _Result:
    """Return the result at another point, drawn within the ranges of the sliders.

    Its numbers are as short as those of the given point; without a range on the magic's line they
    have the same sign and at most three times the size. The closed form is the same there, and
    torch agrees. Where no such point is found, the given result is returned.

    Args:
        jacobian: the result at the given point.
        seed: of the generator.
        other_points: points of other variants, which are avoided where there are enough others.
    """
    draw = random.Random(f"jacmagic point {seed}")
    problem = jacobian.problem
    choices = [
        _choices(jacobian, k, value) for k, value in enumerate(map(float, problem.flat_point))
    ]
    for left in reversed(range(MAX_POINTS_TRIED)):
        point = [draw.choice(choice) for choice in choices]
        if tuple(point) in other_points and left > MAX_POINTS_TRIED // 2:
            continue
        moved = jacobian.at(**problem.named(point))
        if _is_fine(jacobian, moved):
            return moved
    return jacobian


def _choices(jacobian: JacobianResult, k: int, value: float) -> list[float]:
    """Return the candidate values of a component at another point."""
    label, ranges = jacobian.columns[k], jacobian.view.ranges
    low, high = sorted((0.0, 3 * value)) if value else (-3.0, 3.0)
    if label.text in ranges:
        low, high, _ = ranges[label.text]
    width = math.ceil(math.log10((high - low) / MAX_CHOICES))  # of a power of ten
    unit = Decimal(10) ** max(_digit(value), width)
    first, last = (math.ceil(low / float(unit)), math.floor(high / float(unit)))
    choices = [float(unit * step) for step in range(first, last + 1) if step]
    return [choice for choice in choices if low <= choice <= high] or [value]


def _digit(value: float) -> int:
    """Return the power of ten of a number's last digit: −1 of 1.5, 0 of 30."""
    exponent = Decimal(repr(value)).as_tuple().exponent
    whole = value == int(value) and abs(value) < 1e6
    return 0 if whole else int(exponent)


def _is_fine(jacobian: JacobianResult, moved: JacobianResult) -> bool:
    """Whether the same closed form holds at a point, and torch agrees."""
    return (
        bool(torch.isfinite(moved.matrix).all())
        and moved.closed_form is jacobian.closed_form
        and moved.one_sided is None
        and moved.agreement.verdict == "agree"
    )
