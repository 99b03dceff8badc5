"""Judge each entry by torch, its closed form and finite differences.

Arrays in, one finding per entry out. No constant has a unit: all tolerances are bounds on rounding
errors or estimated errors, so that multiplying an input or an output by a power of 2 changes no
finding.

NOTE [What rounding explains]
The closed form's value carries a running bound b of what rounding in torch's own dtype may do on
the way (`symbolic.graph.bounds`). torch computes the same sum over paths of products of partial
derivatives in another order; N operations in any order have an error of at most N times what one of
them may add, so that N·b bounds both. Where |torch − closed form| ≤ 4·b and b leaves half of the
digits, the two are equal. Elsewhere the closed form is evaluated with fifty digits and is then
exact; torch is equal to it if rounding explains the difference (≤ 4·N·b) and either half of the
digits are right or the difference is no more than inputs wrong by one roundoff would make (4·N of
these, for N operations each wrong by one). Algorithms on whole matrices (LU, QR) are exact to a few
roundoffs of their largest numbers only; so a difference of 4·N roundoffs of what the row's entries
contribute counts as rounding too, unless the code cuts torch's graph there. A difference that
rounding explains but that leaves fewer digits right is neither agreement nor contradiction, unless
the exact value is 0: the derivative of Σ softmax(x) is 0 to rounding. Nor is
one so near to underflow that products on torch's way backwards, which the bound does not follow,
may have lost their digits there: two factors of the size of a roundoff are allowed for. Nor is one
of a roundoff of float32, in which torch writes constants of some kernels (1/6 of hardsigmoid). Nor
is one that changes the function's value by no more than rounding, were the input to change by all
of its size: torch's derivative of expm1(x) is expm1(x) + 1, which is 0 from x = −38 on.

NOTE [Undefined]: where the function's own value is nan or infinite it has no derivative; whatever
the sources give there, no source is called wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jacmagic.function.precision import MAX_ERROR_BOUNDS, Dtype, Exact, Exactly
from jacmagic.numeric.differences import Differences
from jacmagic.result.verdict.findings import (
    ALARMS,
    MAX_SHARE_OF_VARIATION,
    TRUSTED_ERRORS,
    Circumstances,
    Finding,
    Sources,
)

MAX_RELATIVE_SHORTENING = (
    MAX_ERROR_BOUNDS * 2.0**-24
)  # relative: a number that was rounded to float32 on the way
MAX_ROUNDOFFS = 2.0**10  # that torch's value may carry where no closed form bounds them


def judge(
    sources: Sources, dtype: Dtype, exactly: Exactly | None, circumstances: Circumstances
) -> tuple[np.ndarray, np.ndarray]:
    """Find who is right about each entry.

    Args:
        sources: the values.
        dtype: the arithmetic in which torch computed.
        exactly: evaluates entries of the closed form with fifty digits; None without one.
        circumstances: what else decides: runs, cuts, sizes.

    Where the closed form's values are in doubt, `sources` gets those of fifty digits.

    Returns:
        Findings (m, n), and where finite differences contradict what two others agree on, boolean.
    """
    findings = np.full(sources.torch.shape, Finding.UNCONFIRMED, dtype=int)
    findings[np.isnan(sources.torch)] = Finding.NOT_FINITE
    decisive = sources.decisive
    either = decisive | sources.flat
    decisive[sorted(circumstances.kinked)] = either[sorted(circumstances.kinked)] = False
    usable = np.zeros(findings.shape, dtype=bool)  # entries of which the closed form says something
    loose = np.zeros(findings.shape, dtype=bool)  # equal up to the inputs' own rounding only
    if sources.formula is not None:
        equal = _equal(sources, dtype)
        findings[equal] = Finding.AGREED
        doubtful = [(int(i), int(j)) for i, j in np.argwhere(~equal)]
        exacts = exactly(doubtful) if exactly is not None and doubtful else []
        for (i, j), exact in zip(doubtful, exacts, strict=True):
            entry = _Doubtful(sources, dtype, circumstances, i, j, exact)
            finding = entry.finding(bool(either[i, j]))
            if finding is not None:
                findings[i, j], usable[i, j] = finding, True
                loose[i, j] = not entry.has_digits
        _sharpen(sources.formula, doubtful, exacts)
        usable |= equal
    alone = np.zeros(findings.shape, dtype=bool)
    if sources.estimated is not None:
        confirmed, missed = _against(sources.estimated, sources.torch, dtype)
        alone = (findings == Finding.AGREED) & decisive & missed
        if sources.formula is not None:
            alone &= _against(sources.estimated, sources.formula, dtype)[1]
            findings[alone & loose], alone = Finding.ROUNDING, alone & ~loose
        findings[~usable & decisive & confirmed & (not circumstances.doubted)] = Finding.AGREED
        findings[~usable & decisive & missed] = Finding.TORCH
    if sources.apart is not None:
        findings[~usable & sources.apart & (sources.torch == 0)] = Finding.AGREED
    if circumstances.fair is not None:
        alone &= ~circumstances.fair
    _settle(findings, sources, circumstances)
    return findings, alone


def _sharpen(
    formula: np.ndarray, entries: Sequence[tuple[int, int]], exacts: Sequence[Exact]
) -> None:
    """Replace float64 values by exact ones where there are any."""
    for entry, exact in zip(entries, exacts, strict=False):
        if not np.isnan(exact.value):
            formula[entry] = exact.value


def _settle(findings: np.ndarray, sources: Sources, circumstances: Circumstances) -> None:
    """Judge entries of functions without a value, and those at a kink that have a derivative.

    There torch's choices may add up to a wrong one, and the closed form follows them:
    relu(x) − relu(−x) is x, and both have slope 0 at 0.
    """
    fair, truth = circumstances.fair, sources.torch
    if fair is not None:
        if sources.formula is not None:  # the sides of the form enclose torch's slope
            other = fair & (findings != Finding.AGREED) & np.isfinite(sources.formula)
            sources.formula[other] = truth[other]
        findings[fair] = Finding.AGREED
    if circumstances.smooth is not None:
        size = np.maximum(np.abs(truth), np.abs(circumstances.smooth))
        with np.errstate(invalid="ignore"):
            confirmed = np.abs(truth - circumstances.smooth) <= MAX_SHARE_OF_VARIATION * size
        findings[confirmed] = Finding.AGREED
        wrong = ~confirmed & np.isfinite(circumstances.smooth)
        findings[wrong] = Finding.TORCH
        if sources.formula is not None:  # its sides have the derivative that it lacks
            sources.formula[wrong] = circumstances.smooth[wrong]
    if circumstances.values is not None:
        nowhere = np.isnan(circumstances.values)[:, None]
        findings[nowhere & (findings == Finding.AGREED)] = Finding.NOT_FINITE
    for row in circumstances.undefined:
        findings[row, np.isin(findings[row], ALARMS)] = Finding.NOT_FINITE


def _equal(sources: Sources, dtype: Dtype) -> np.ndarray:
    """Where torch and the closed form are equal and the bound leaves no doubt."""
    truth, formula, bound = sources.torch, sources.formula, sources.bound
    assert formula is not None and bound is not None
    with np.errstate(invalid="ignore", over="ignore"):
        allowed = MAX_ERROR_BOUNDS * bound
        sharp = allowed <= dtype.half * np.maximum(np.abs(truth), np.abs(formula))
        tiny = (allowed <= dtype.normal) & (np.abs(truth) <= dtype.normal)
        close = np.abs(truth - formula) <= allowed
        return np.isfinite(truth) & np.isfinite(formula) & close & (sharp | tiny)


class _Doubtful:
    """One entry in which bounds do not decide, with the closed form's exact value.

    Attributes:
        truth: torch's value.
        formula: the closed form's in float64.
        value: the exact one, else `formula`; None if neither is finite.
    """

    def __init__(
        self,
        sources: Sources,
        dtype: Dtype,
        circumstances: Circumstances,
        row: int,
        column: int,
        exact: Exact,
    ) -> None:
        assert sources.formula is not None
        self.sources, self.dtype, self.circumstances, self.exact = (
            sources,
            dtype,
            circumstances,
            exact,
        )
        self.row, self.column = row, column
        self.truth = float(sources.torch[row, column])
        self.formula = float(sources.formula[row, column])
        best = self.formula if np.isnan(exact.value) else exact.value
        self.value = best if np.isfinite(best) or not np.isnan(exact.value) else None
        self.operations = MAX_ERROR_BOUNDS * exact.operations

    def finding(self, decisive: bool) -> Finding | None:
        """Compare torch with the exact value; None where the closed form gives none.

        Args:
            decisive: whether finite differences may decide.
        """
        truth, value = self.truth, self.value
        if np.isinf(truth) and truth == self.formula:
            exact = self.exact.value
            in_range = np.isfinite(exact) and abs(exact) <= self.dtype.largest
            return Finding.ROUNDING if in_range else Finding.AGREED
        if value is None:
            return None
        if np.isinf(truth) and abs(value) > self.dtype.largest and (value > 0) == (truth > 0):
            return Finding.AGREED
        gap = abs(truth - value)
        allowed = self.operations * self._bound + self._underflow(value)
        explained = bool(np.isfinite(gap)) and gap <= allowed
        rounding = MAX_ERROR_BOUNDS * self.circumstances.operations * self.dtype.unit
        if (explained and self._has_half_the_digits(gap, value)) or gap <= rounding * abs(value):
            return Finding.AGREED
        cut, share = self.circumstances.cut(self.row, self.column), self._share(gap)
        if not cut and share <= rounding:
            return Finding.AGREED
        if value == 0 and not cut and (explained or self._is_invisible(gap)):
            return Finding.AGREED
        if explained or (not cut and np.isfinite(truth) and self._is_near(gap, value)):
            return Finding.ROUNDING
        if decisive:
            source = self._by_differences(value)
            if source is not None and not (source is Finding.FORM and self.circumstances.doubted):
                return source
        if cut or not np.isfinite(truth):
            return Finding.TORCH
        return Finding.ROUNDING if share <= self.dtype.half else Finding.CONTRADICTED

    @property
    def has_digits(self) -> bool:
        """Whether torch has half of the digits right."""
        value = self.value
        return value is not None and abs(self.truth - value) <= self.dtype.half * abs(value)

    @property
    def _bound(self) -> float:
        assert self.sources.bound is not None
        finite = np.isfinite(self.exact.bound)  # it may overflow
        written = self.exact.bound if finite else self.exact.spread()
        return max(float(self.sources.bound[self.row, self.column]), written)

    def _underflow(self, value: float) -> float:
        return self.dtype.normal if abs(value) < self.dtype.normal else 0.0

    def _has_half_the_digits(self, gap: float, value: float) -> bool:
        """Whether half of the digits are right, or all but the inputs' rounding."""
        if gap <= self.dtype.half * abs(value) + self._underflow(value):
            return True
        return gap <= self.operations * max(self.exact.spread(), self.dtype.unit * abs(value))

    def _is_near(self, gap: float, value: float) -> bool:
        """Whether underflow, a constant in float32, or the value's rounding hides a gap."""
        if max(abs(value), abs(self.truth)) < self.dtype.normal / self.dtype.unit**2:
            return True
        return gap <= MAX_RELATIVE_SHORTENING * abs(value) or self._is_invisible(gap)

    def _is_invisible(self, gap: float) -> bool:
        """Whether a gap in slope, over the input's whole size, is rounding of the value."""
        circumstances = self.circumstances
        if circumstances.sizes is None or circumstances.values is None:
            return False
        with np.errstate(over="ignore", invalid="ignore"):
            moved = gap * circumstances.sizes[self.column]
        rounding = MAX_ERROR_BOUNDS * circumstances.operations * self.dtype.unit
        return bool(moved <= rounding * abs(circumstances.values[self.row]))

    def _share(self, gap: float) -> float:
        """Return a gap's share of the row's contributions, each scaled by its input."""
        assert self.sources.formula is not None
        n = self.sources.torch.shape[1]
        sizes = np.ones(n) if self.circumstances.sizes is None else self.circumstances.sizes
        with np.errstate(invalid="ignore", over="ignore"):
            contributions = np.abs(self.sources.formula[self.row]) * sizes
        largest = contributions[np.isfinite(contributions)].max(initial=0.0)
        return float(gap * sizes[self.column] / largest) if largest and gap == gap else np.inf

    def _by_differences(self, value: float) -> Finding | None:
        """Return the source that decisive finite differences confirm; None if neither or both."""
        assert self.sources.estimated is not None
        entry = self.sources.estimated.at(self.row, self.column)
        torch_met, torch_missed = _against(entry, np.array([[self.truth]]), self.dtype)
        form_met, form_missed = _against(entry, np.array([[value]]), self.dtype)
        if form_met.item() and torch_missed.item():
            return Finding.TORCH
        return Finding.FORM if torch_met.item() and form_missed.item() else None


def _against(
    estimate: Differences, values: np.ndarray, dtype: Dtype
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the differences meet the values, and where they miss them."""
    size = np.maximum(np.maximum(np.abs(values), np.abs(estimate.value)), estimate.scale)
    rounding = min(MAX_ROUNDOFFS * dtype.unit, dtype.half)
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(values - estimate.value)
        confirmed = gap <= TRUSTED_ERRORS * estimate.error + rounding * size
        confirmed &= np.isfinite(size)
        missed = (
            gap
            > TRUSTED_ERRORS * estimate.error + max(dtype.half, MAX_SHARE_OF_VARIATION**2) * size
        )
    return confirmed, missed | ~np.isfinite(values) & np.isfinite(estimate.value)
