"""A slip with its sentence, the wrong entry that it explains, and numbers by their names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from jacmagic.render.text import number

MAX_GAP = 1e-9  # relative, between rounding, about 1e-13, and any other formula at 65 points
MIN_SHARE_OF_POINTS = 0.9  # of the points; at the others an evaluation may have lost digits
MAX_RELATIVE_NOISE = 1e-6  # relative, at those
MAX_NAMED_INTEGER = 60  # numerator and denominator of a factor that is named


@dataclass(frozen=True)
class Slip:
    """One mistake.

    Attributes:
        kind: its class, such as "sign" or "product rule".
        text: one clause that names it in the function's own terms.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class WrongEntry:
    """One wrong entry at the points where both sides have a value.

    Attributes:
        row: i.
        column: j.
        truth: the right values (k,).
        hand: its hand-derived values (k,).
        noise: what rounding explains (k,).
        alone: whether there is only one point, at which a free constant always fits.
    """

    row: int
    column: int
    truth: np.ndarray
    hand: np.ndarray
    noise: np.ndarray
    alone: bool

    def explained_by(self, candidate: np.ndarray) -> bool:
        """Whether a mistaken version of the right entry is the wrong one, at all points."""
        return self.equal(candidate, self.hand)

    def equal(self, one: np.ndarray, other: np.ndarray) -> bool:
        """Whether two arrays (k,) are equal at all points but for rounding."""
        with np.errstate(invalid="ignore", over="ignore"):
            size = np.maximum(np.abs(one), np.abs(other))
            gap = np.abs(one - other)
            exact = (gap <= MAX_GAP * size + self.noise).mean() >= MIN_SHARE_OF_POINTS
            return bool(exact and (gap <= MAX_RELATIVE_NOISE * size + self.noise).all())

    def constant(self, above: np.ndarray, below: np.ndarray) -> float | None:
        """Return the constant c with above = c · below at all points, or None."""
        with np.errstate(all="ignore"):
            quiet = np.where(below == 0, np.inf, (self.noise + 1e-300) / np.abs(below))
            big = int(np.nanargmin(quiet))
            ratio = float(above[big] / below[big])
        if not np.isfinite(ratio) or ratio == 0:
            return None
        if self.alone and constant_name(ratio) is None:
            return None
        return ratio if self.equal(above, ratio * below) else None


_NAMED = {
    "π": math.pi, "2π": 2 * math.pi, "π/180": math.pi / 180, "180/π": 180 / math.pi,
    "ln 10": math.log(10), "1/ln 10": 1 / math.log(10), "ln 2": math.log(2),
    "1/ln 2": 1 / math.log(2), "√2": math.sqrt(2), "1/√2": math.sqrt(0.5),
    "√π": math.sqrt(math.pi), "2/√π": 2 / math.sqrt(math.pi), "√π/2": math.sqrt(math.pi) / 2,
    "√(2π)": math.sqrt(2 * math.pi), "1/√(2π)": 1 / math.sqrt(2 * math.pi), "1/π": 1 / math.pi,
    "1/(2π)": 0.5 / math.pi, "e": math.e, "1/e": 1 / math.e,
}  # fmt: skip


def constant_name(value: float) -> str | None:
    """Return a constant by its name: 2, 1/3, π/180; None for an arbitrary number."""
    if not math.isfinite(value) or value == 0:
        return None
    for name, size in _NAMED.items():
        if abs(abs(value) - size) <= MAX_GAP * size:
            return name if value > 0 else f"−{name}"
    ratio = Fraction(value).limit_denominator(MAX_NAMED_INTEGER)
    close = abs(float(ratio) - value) <= MAX_GAP * abs(value)
    if close and 0 < abs(ratio.numerator) <= MAX_NAMED_INTEGER:
        return str(ratio).replace("-", "−")
    return None


def shown(value: float) -> str:
    """Return a constant by its name, or to six digits."""
    return constant_name(value) or number(value, 6).replace("-", "−")
