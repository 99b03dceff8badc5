"""Slips that one entry's numbers show: sign, factor, zero, another entry, another point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations, product

import numpy as np

from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.check.slips.slip import Slip, WrongEntry, constant_name, shown
from jacmagic.result.check.slips.whole import units

MAX_VARIABLES = 10  # of which all pairs are tried
MAX_ENTRIES = 4_096  # of a matrix whose entries are all compared with one


def plain_slip(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return a missing value, a zero, or another sign."""
    if not wrong.hand.any():
        return Slip("zero", "0, but the entry is not zero everywhere")
    if wrong.truth.any() and wrong.explained_by(-wrong.truth):
        return Slip("sign", "the other sign")
    return None


def factor_slip(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return a constant factor that has a name."""
    factor = wrong.constant(wrong.hand, wrong.truth)
    name = None if factor is None else constant_name(factor)
    if name is None or factor is None:
        return None
    return Slip("degrees" if units(factor) else "factor", f"the factor {name}{units(factor)}")


def any_factor(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return a constant factor of any value."""
    factor = wrong.constant(wrong.hand, wrong.truth)
    return None if factor is None else Slip("factor", f"the constant factor {shown(factor)}")


def other_entry(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return which other entry it is: the transposed one, or one of the row or column."""
    i, j = wrong.row, wrong.column
    return _entry_among(evidence, wrong, 1.0, lambda at: at == (j, i) or at[0] == i or at[1] == j)


def far_entry(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return which entry of the whole matrix it is, perhaps with the other sign."""
    anywhere = _entry_among(evidence, wrong, 1.0, lambda at: True)
    return anywhere or _entry_among(evidence, wrong, -1.0, lambda at: True)


def _entry_among(
    evidence: Evidence, wrong: WrongEntry, sign: float, is_among: Callable[[tuple[int, int]], bool]
) -> Slip | None:
    m, n = evidence.shape
    i, j = wrong.row, wrong.column
    if m * n > MAX_ENTRIES or (wrong.alone and abs(wrong.hand[0]) in (0.0, 1.0, 2.0)):
        return None
    others = [at for at in product(range(m), range(n)) if at != (i, j) and is_among(at)]
    others.sort(key=lambda at: (abs(at[0] - i) + abs(at[1] - j), at != (j, i)))
    for at in others:
        right = evidence.truth[:, at[0], at[1]]
        if right.any() and wrong.explained_by(sign * right):
            return _named(evidence, (i, j), at, "" if sign > 0 else "minus ")
    return None


def _named(evidence: Evidence, own: tuple[int, int], at: tuple[int, int], sign: str) -> Slip:
    name = f"{sign}{evidence.result._entry(*at)}"
    if at == own[::-1] and evidence.shape[0] == evidence.shape[1]:
        return Slip("transposed", f"this is {name}, the transposed entry")
    if at[1] == own[1]:
        return Slip("swapped rows", f"this is {name}, of another row")
    if at[0] == own[0]:
        return Slip("swapped columns", f"this is {name}, of another column")
    return Slip("index", f"this is {name}, another entry")


def rounded_slip(evidence: Evidence, wrong: WrongEntry, min_digits: int = 3) -> Slip | None:
    """Return rounded constants or difference quotients: a few digits are right everywhere."""
    with np.errstate(all="ignore"):
        gaps = np.abs(wrong.hand - wrong.truth) / np.abs(wrong.truth)
    worst = float(np.nanmax(gaps)) if np.isfinite(gaps).any() else 1.0
    if not 0 < worst < 10.0**-min_digits:
        return None
    digits = int(-np.log10(worst))
    return Slip(
        "rounded", f"{digits} digits are right: a rounded constant or a difference quotient"
    )


def moved_slip(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return a change of the point at which the right entry has these values."""
    form = evidence.form
    if wrong.alone or form is None:
        return None
    entry = form.entries[wrong.row * evidence.shape[1] + wrong.column]
    names = [label.unicode for label in evidence.result.columns]
    for kind, text, points in _other_points(evidence.points, names):
        with np.errstate(all="ignore"):
            values = form.values(points).of(entry)
        if wrong.explained_by(values):
            return Slip(kind, text)
    return None


def _other_points(
    points: np.ndarray, names: Sequence[str]
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield points with other values of a variable: the kind of the slip, a clause, (k, n)."""
    columns = np.arange(points.shape[1])
    for k in columns[: 4 * MAX_VARIABLES]:
        yield (
            "sign",
            f"−{names[k]} where {names[k]} is right",
            np.where(columns == k, -points, points),
        )
    for factor, text in ((np.pi / 180, "in degrees"), (180 / np.pi, "in radians")):
        for k in columns[:MAX_VARIABLES]:
            scaled = np.where(columns == k, factor * points, points)
            yield "degrees", f"{names[k]} is taken {text}", scaled
    for k, other in permutations(columns[:MAX_VARIABLES].tolist(), 2):
        source = np.where(columns == k, other, columns)
        yield "variable", f"{names[other]} where {names[k]} is right", points[:, source]
        if k < other:
            source[other] = k
            yield "variable", f"{names[k]} and {names[other]} are exchanged", points[:, source]
