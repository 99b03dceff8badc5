"""Units of a picture's inputs and outputs: powers of ten, where their sizes differ widely."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from jacmagic.render.plane import Point
from jacmagic.render.text import displayed, number
from jacmagic.view.pictures.curves import round_numbers
from jacmagic.view.pictures.slices import Jet, Slice
from jacmagic.view.reach import usual_reach

TICKS = 5  # about how many along an axis
DIGITS = 6  # of a tick, 12 of what all have in common
MAX_STEPS_WRITTEN = 1e4  # times the step: what is longer is written as a difference
PLAIN_POWERS_OF_TEN = (-3, 4)  # of ten, between which numbers are written out
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
COMPARABLE_RATIO = 20  # times the smallest size: up to there all have one scale
EXTREME_SIZE = 1e100  # a size, or one over it: products of three have no floating-point number
NOTE = "All numbers are in the units of the axes."


def differ(sizes: Sequence[float]) -> bool:
    """Whether one scale would make some of these too small to be seen, or to be computed with."""
    if not all(0 < size < math.inf for size in sizes):
        return False
    low, high = min(sizes), max(sizes)
    return high > COMPARABLE_RATIO * low or high > EXTREME_SIZE or low < 1 / EXTREME_SIZE


def powers(sizes: Sequence[float]) -> np.ndarray:
    """Return the power of ten next to each size."""
    return np.array([10.0 ** math.floor(math.log10(2 * size)) for size in sizes])


def in_units(part: Slice, kind: str, zoom: float) -> tuple[Slice, float, list[str]]:
    """Return a slice in its units, half the square's side in these, and a sentence about them.

    Args:
        part: the slice.
        kind: of the picture.
        zoom: how many times closer than a quarter of a slider's usual range.
    """
    reach = [usual_reach(float(coordinate)) for coordinate in part.centre]
    units, of_outputs = np.ones(len(reach)), np.ones(len(part.outputs))
    changes = (np.abs(part.here.jacobian) @ np.full(len(reach), min(reach))).tolist()
    if differ(reach) or (kind == "map" and differ(changes)):
        units = powers(reach)
    radius = float((reach / units).min()) / 2 / zoom
    if kind == "field":
        of_outputs = units
    elif kind == "map":
        changes = (np.abs(part.here.jacobian) @ (units * radius)).tolist()
        of_outputs = powers(changes) if differ(changes) else of_outputs
    is_plain = bool((units == 1).all() and (of_outputs == 1).all())
    return _scaled(part, units, of_outputs), radius, [] if is_plain else [NOTE]


def _scaled(part: Slice, units: np.ndarray, of_outputs: np.ndarray) -> Slice:
    def here(jet: Jet) -> Jet:
        return Jet(jet.value / of_outputs, jet.jacobian * units / of_outputs[:, None])

    def at(numbers: Sequence[float]) -> Jet | None:
        value = part.at((np.asarray(numbers) * units).tolist())
        return None if value is None else here(value)

    return dataclasses.replace(
        part,
        here=here(part.here),
        hessian=None if part.hessian is None else part.hessian * np.outer(units, units),
        centre=part.centre / units,
        texts={k: text for k, text in part.texts.items() if units[k] == 1},
        inputs=list(map(_label, part.inputs, units.tolist())),
        outputs=list(map(_label, part.outputs, of_outputs.tolist())),
        at=at,
    )


def unitless(label: str) -> str:
    """Return the name of an axis without its unit."""
    return label.partition(" / ")[0]


def _label(label: str, unit: float) -> str:
    return label if unit == 1 else f"{label} / 10{raised(round(math.log10(unit)))}"


def ticks(ends: Point, label: str) -> tuple[list[tuple[float, str]], str]:
    """Return numbers and their texts, and a label such as "x", "x − 2" or "x / 10⁶".

    Args:
        ends: of the axis.
        label: of what it shows.
    """
    values, offset = round_numbers(*ends, TICKS), 0.0
    if len(values) > 1 and max(map(abs, values)) > MAX_STEPS_WRITTEN * (values[1] - values[0]):
        offset = values[len(values) // 2]
        values = round_numbers(ends[0] - offset, ends[1] - offset, TICKS)
        label += f" {'−+'[offset < 0]} {number(abs(offset), 2 * DIGITS)}"
    largest = max(map(abs, values), default=0.0)
    power = math.floor(math.log10(largest)) if largest else 0
    if PLAIN_POWERS_OF_TEN[0] <= power <= PLAIN_POWERS_OF_TEN[1]:
        power = 0
    else:
        label = f"({label})" if offset else label
        label += f" / 10{raised(power)}"
    texts = [displayed(value / 10.0**power, DIGITS) for value in values]
    return [(offset + value, text) for value, text in zip(values, texts, strict=True)], label


def raised(power: int) -> str:
    """Return an integer as an exponent."""
    return str(power).translate(_RAISED)
