"""Ticks of an axis: round numbers, and in its label what they have in common."""

from __future__ import annotations

import math

from jacmagic.render.text import number
from jacmagic.view.pictures.curves import Point, round_numbers

TICKS = 5  # about how many along an axis
DIGITS = 6  # of a tick, 12 of what all have in common
LONGEST = 1e4  # times the step: what is longer is written as a difference
POWERS = (-3, 4)  # of ten, between which numbers are written out
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def ticks(ends: Point, label: str) -> tuple[list[tuple[float, str]], str]:
    """Return numbers and their texts, and a label such as "x", "x − 2" or "x / 10⁶".

    Args:
        ends: of the axis.
        label: of what it shows.
    """
    values, offset = round_numbers(*ends, TICKS), 0.0
    if len(values) > 1 and max(map(abs, values)) > LONGEST * (values[1] - values[0]):
        offset = values[len(values) // 2]
        values = round_numbers(ends[0] - offset, ends[1] - offset, TICKS)
        label += f" {'−+'[offset < 0]} {number(abs(offset), 2 * DIGITS)}"
    largest = max(map(abs, values), default=0.0)
    power = math.floor(math.log10(largest)) if largest else 0
    if POWERS[0] <= power <= POWERS[1]:
        power = 0
    else:
        label = f"({label})" if offset else label
        label += f" / 10{raised(power)}"
    texts = [number(value / 10.0**power, DIGITS).replace("-", "−") for value in values]
    return [(offset + value, text) for value, text in zip(values, texts, strict=True)], label


def raised(power: int) -> str:
    """Return an integer as an exponent."""
    return str(power).translate(_RAISED)
