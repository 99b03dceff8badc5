"""Slips of the whole matrix, of a row, a column or a block of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.check.slips.slip import MAX_GAP, Slip, constant_name

MIN_FACTOR_ENTRIES = 2  # nonzero entries for a factor of the whole matrix; of one it is the entry's


def whole_slips(evidence: Evidence) -> Slip | None:
    """Return a slip that explains the whole matrix, or None."""
    truth, hand = evidence.truth, evidence.hand
    if not np.isfinite(hand).all():
        return None
    m, n = evidence.shape
    turned = np.swapaxes(truth, 1, 2)
    if m == n > 1 and evidence.all_equal(hand, turned):
        return Slip("transposed", "the whole matrix is transposed")
    if m * n > 1 and evidence.all_equal(hand, -truth):
        return Slip("sign", "the whole matrix has the other sign")
    factor = _factor(evidence)
    if factor is None and m == n > 1 and evidence.all_equal(hand, -turned):
        return Slip("transposed", "the whole matrix is transposed and has the other sign")
    return factor


def perturbation_slip(evidence: Evidence) -> Slip | None:
    """Return left against right perturbation of a rotation, or None."""
    if len(evidence.points) == 1 or not np.isfinite(evidence.hand).all():
        return None
    return _mirrored(evidence) or _rotated(evidence)


def _factor(evidence: Evidence) -> Slip | None:
    """Return a constant factor of all entries."""
    truth, hand = evidence.truth, evidence.hand
    if (np.abs(truth[0]) > 0).sum() < MIN_FACTOR_ENTRIES:
        return None
    big = np.unravel_index(np.abs(truth).argmax(), truth.shape)
    factor = float(hand[big] / truth[big]) if truth[big] else 0.0
    name = constant_name(factor)
    if name is None or not evidence.all_equal(hand, factor * truth):
        return None
    return Slip("factor", f"the whole matrix has the factor {name}{units(factor)}")


def units(factor: float) -> str:
    """Return what a factor of π/180 means."""
    if np.isclose(abs(factor), np.pi / 180, rtol=MAX_GAP):
        return ": degrees where the function takes radians"
    return ": per radian, not degree" if np.isclose(abs(factor), 180 / np.pi, rtol=MAX_GAP) else ""


def _mirrored(evidence: Evidence) -> Slip | None:
    """Return whether it is the Jacobian at −x: the other perturbation of a rotation."""
    if evidence.shape[1] < 3:
        return None
    other = evidence.elsewhere(-evidence.points)
    if not np.isfinite(other).all() or evidence.all_equal(other, evidence.truth):
        return None
    if evidence.all_equal(evidence.hand, other):
        return Slip("perturbation", "it is the Jacobian at −x: left against right perturbation")
    if evidence.all_equal(evidence.hand, -other):
        return Slip("perturbation", "it is minus the Jacobian at −x: a perturbation's sign")
    return None


def _rotated(evidence: Evidence) -> Slip | None:
    """Return whether both Jacobians differ by a rotation of the inputs or of the outputs.

    H = J Q with an orthogonal Q exactly where H Hᵀ = J Jᵀ, for matrices of one shape.
    """
    truth, hand = evidence.truth, evidence.hand
    m, n = evidence.shape
    for size, flip, side in ((n, False, "inputs"), (m, True, "outputs")):
        if size != 3:
            continue
        one, other = (np.swapaxes(a, 1, 2) if flip else a for a in (truth, hand))
        grams = [a @ np.swapaxes(a, 1, 2) for a in (one, other)]
        if np.allclose(
            grams[0],
            grams[1],
            rtol=MAX_GAP,
            atol=MAX_GAP * np.abs(grams[0]).max(),
        ) and _turns(truth, hand):
            return Slip(
                "perturbation",
                f"it differs by a rotation of the {side}: left against right perturbation",
            )
    return None


def _turns(truth: np.ndarray, hand: np.ndarray) -> bool:
    """Whether more than the order and the signs of entries differ."""
    one, other = (np.sort(np.abs(a).reshape(len(a), -1), axis=1) for a in (truth, hand))
    return not np.allclose(one, other, rtol=MAX_GAP, atol=0)


def line_slips(evidence: Evidence, wrong: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Slip]:
    """Return slips of wrong entries whose whole row or column is another one of the matrix."""
    wrong = list(wrong)
    slips: dict[tuple[int, int], Slip] = {}
    for axis, word in ((0, "row"), (1, "column")):
        lines = sorted({entry[axis] for entry in wrong})
        sources = {k: _source(evidence, axis, k) for k in lines}
        for entry in wrong:
            source = sources[entry[axis]]
            if source is not None and entry not in slips:
                slips[entry] = _line_slip(evidence, axis, word, entry[axis], source, sources)
    return slips


def _source(evidence: Evidence, axis: int, k: int) -> int | None:
    """Return which other row or column of J the hand-derived row or column k is."""
    count, others = evidence.shape[axis], evidence.shape[1 - axis]
    line = np.take(evidence.hand, k, axis=axis + 1)
    if others < 2 or not np.isfinite(line).all() or (np.abs(line[0]) > 0).sum() < 2:
        return None
    for other in range(count):
        right = np.take(evidence.truth, other, axis=axis + 1)
        if other != k and evidence.all_equal(line, right):
            return other
    return None


def _line_slip(
    evidence: Evidence, axis: int, word: str, k: int, source: int, sources: dict[int, int | None]
) -> Slip:
    labels = evidence.result.columns if axis else evidence.result.rows
    own, other = labels[k].unicode, labels[source].unicode
    back = np.take(evidence.hand, source, axis=axis + 1)
    if evidence.all_equal(back, np.take(evidence.truth, k, axis=axis + 1)):
        first, second = (own, other) if k < source else (other, own)
        return Slip(f"swapped {word}s", f"the {word}s of {first} and {second} are swapped")
    count = evidence.shape[axis]
    shifts = {(one - at) % count for at, one in sources.items() if one is not None}
    moved = sum(source is not None for source in sources.values())
    if moved > 1 and shifts in ({1}, {count - 1}):
        return Slip("index", f"the {word}s are shifted by one: this is the {word} of {other}")
    return Slip(f"swapped {word}s", f"this is the {word} of {other}")
