"""Comparison with a hand-derived Jacobian: status, difference and cause of each entry."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from jacmagic.result.analysis.arrays import epsilon_of
from jacmagic.result.check.calls import of_form
from jacmagic.result.check.expressions import Expressions
from jacmagic.result.check.hand import Hand
from jacmagic.result.check.judgement import (
    NOISE_FACTOR,
    WRONG,
    Status,
    agreement_at,
    decide,
    doubts_of,
    invisible,
    is_wrong,
    settle,
)
from jacmagic.result.check.proof import mark_proved
from jacmagic.result.check.read import Make, read_hand
from jacmagic.result.check.samples import Samples, sample, with_noise
from jacmagic.result.check.slips import Slip, explain
from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.time_limit import one_allowance


@dataclass(frozen=True)
class Entry:
    """One entry of the comparison.

    Attributes:
        row: i.
        column: j.
        name: ∂fᵢ/∂xⱼ in Unicode.
        hand: the hand-derived number at the point where both are shown.
        right: the Jacobian's number there.
        status: what is known of it.
        cause: the likely slip, or why the entry is in doubt; "" without one.
        point: the flat point of the numbers; x, unless the entry is right there.
    """

    row: int
    column: int
    name: str
    hand: float
    right: float
    status: Status
    cause: str
    point: np.ndarray = field(repr=False, compare=False)

    @property
    def difference(self) -> float:
        """The hand-derived number minus the right one."""
        return self.hand - self.right

    @property
    def ratio(self) -> float:
        """The hand-derived number divided by the right one; nan where that is 0."""
        return self.hand / self.right if self.right else float("nan")


@dataclass(frozen=True, eq=False, repr=False)
class CheckResult:
    """A comparison with a hand-derived Jacobian; `jacmagic.view.comparison` displays it."""

    result: JacobianResult
    checked: Hand
    samples: Samples
    status: np.ndarray
    slips: dict[tuple[int, int], Slip]
    doubts: dict[tuple[int, int], str]

    @classmethod
    def of(
        cls, hand: Any, result: JacobianResult, make: Make, of: str = "auto", *, moves: bool = True
    ) -> Self:
        """Compare with a result; see `jacmagic.compare`.

        `make` returns the problem of another function of the same arguments; `moves` is False if
        other functions can be evaluated at x alone.
        """
        checked = read_hand(hand, result, make, of)
        if not moves:
            checked = replace(checked, only_here=True)
        unit = epsilon_of(result)
        samples = sample(result, checked)
        equal = agreement_at(samples, unit, checked.rounding)
        if (equal != 1).any():
            samples = with_noise(samples, result, checked)
            equal = agreement_at(samples, unit, checked.rounding)
        form = None if result.closed_form is None else of_form(result.closed_form)
        settle(equal, samples, form, checked)
        status = decide(equal, samples.truth, samples.hand)
        doubts = doubts_of(result, samples, status)
        for i, j in doubts:
            status[i, j] = Status.DOUBT
        if form is not None and not checked.only_here:
            mark_proved(status, form, checked)
        wrong = [(int(i), int(j)) for i, j in np.argwhere(is_wrong(status))]
        slips: dict[tuple[int, int], Slip] = {}
        if wrong:
            with one_allowance(result.forms.budget), np.errstate(all="ignore"):
                slips = explain(_evidence(result, checked, samples, form, unit), wrong)
        return cls(result, checked, samples, status, slips, doubts)

    @property
    def ok(self) -> bool:
        """Whether no entry differs; entries in doubt do not count."""
        return not is_wrong(self.status).any() and not self.checked.transposed

    def __bool__(self) -> bool:
        return self.ok

    @cached_property
    def entries(self) -> list[Entry]:
        """All m·n entries, row by row."""
        m, n = self.status.shape
        return [self._entry(i, j) for i in range(m) for j in range(n)]

    @property
    def wrong(self) -> list[Entry]:
        """The entries that differ."""
        return [entry for entry in self.entries if entry.status in WRONG]

    @property
    def doubtful(self) -> list[Entry]:
        """The entries that nothing decides."""
        return [entry for entry in self.entries if entry.status is Status.DOUBT]

    @property
    def causes(self) -> dict[str, int]:
        """The likely slips, each with the number of entries that it explains."""
        return dict(Counter(str(slip) for slip in self.slips.values()))

    def _entry(self, i: int, j: int) -> Entry:
        status = self.status[i, j]
        at = 0 if status is not Status.HERE else self._worst(i, j)
        name = self.result._entry(i, j)
        slip = self.slips.get((i, j))
        cause = str(slip) if slip is not None else self.doubts.get((i, j), "")
        if status is Status.DIFFERENT and not np.isfinite(self.samples.hand[0, i, j]):
            cause = cause or "no finite value where the function has a derivative"
        hand, right = self.samples.hand[at, i, j], self.samples.truth[at, i, j]
        return Entry(i, j, name, float(hand), float(right), status, cause, self.samples.points[at])

    def _worst(self, i: int, j: int) -> int:
        """Return the point with the largest relative difference."""
        hand, truth = self.samples.hand[:, i, j], self.samples.truth[:, i, j]
        with np.errstate(all="ignore"):
            gaps = np.abs(hand - truth) / np.maximum(np.abs(hand), np.abs(truth))
        return int(np.nanargmax(gaps))

    @property
    def largest(self) -> float:
        """The largest relative difference of the entries that are equal."""
        equal = (self.status == Status.EQUAL) | (self.status == Status.PROVED)
        hand, truth = self.samples.hand[:, equal], self.samples.truth[:, equal]
        size = np.maximum(np.abs(hand), np.abs(truth))
        with np.errstate(all="ignore"):
            gaps = np.abs(hand - truth) / np.maximum(size, np.median(size, axis=0))
        return float(np.nanmax(gaps, initial=0.0))


def _evidence(
    result: JacobianResult, hand: Hand, samples: Samples, form: Expressions | None, unit: float
) -> Evidence:
    """Return what slips are looked for in, at the points where both sides have values."""
    both = np.isfinite(samples.truth) & np.isfinite(samples.hand)
    finite = both.all(axis=(1, 2))
    usable = finite if finite.any() else np.arange(len(finite)) == 0
    noise = NOISE_FACTOR * samples.noise + invisible(samples, unit) + hand.rounding
    size = np.maximum(np.abs(samples.truth), np.abs(samples.hand))
    noise = noise + 1e-13 * (unit / 2.0**-52) * size
    return Evidence(
        samples.points[usable],
        samples.truth[usable],
        samples.hand[usable],
        np.nan_to_num(noise[usable], posinf=0.0),
        form,
        hand.expressions if not hand.only_here else None,
        result,
    )
