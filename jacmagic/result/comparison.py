"""Who is right about each entry of a Jacobian: torch, its closed form, finite differences.

Arrays in, one finding per entry out; nothing is known here of code. No constant has a unit: all
tolerances are bounds on rounding errors or estimated errors, so that multiplying an input or an
output by a power of 2 changes no finding.

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
rounding explains but that leaves fewer digits right is neither agreement nor contradiction. Nor is
one so near to underflow that products on torch's way backwards, which the bound does not follow,
may have lost their digits there: two factors of the size of a roundoff are allowed for. Nor is one
of a roundoff of float32, in which torch writes constants of some kernels (1/6 of hardsigmoid). Nor
is one that changes the function's value by no more than rounding, were the input to change by all
of its size: torch's derivative of expm1(x) is expm1(x) + 1, which is 0 from x = −38 on.

NOTE [Undefined]: where the function's own value is nan or infinite it has no derivative; whatever
the sources give there, nothing is said about who is right.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from jacmagic.function.precision import FACTOR, Dtype, Exact, Exactly

TRUSTED = 10.0  # estimated errors of finite differences within which values are met
SMALL_PART = 2.0**-10  # of the function's variation: an error below it decides
SHORT = FACTOR * 2.0**-24  # relative: a number that was rounded to float32 on the way
MANY = 2.0**10  # roundoffs that torch's value may carry where no closed form bounds them


class Finding(IntEnum):
    """What is found of one entry."""

    AGREED = 0  # two independent sources are equal within their bounds
    UNCONFIRMED = 1  # one source only
    NOT_FINITE = 2  # nan: nothing to compare
    ROUNDING = 3  # rounding explains the difference, but leaves too few digits right
    TORCH = 4  # torch is alone
    FORM = 5  # the closed form is alone
    CONTRADICTED = 6  # two sources contradict each other, and no third one decides


ALARMS = (Finding.TORCH, Finding.FORM, Finding.CONTRADICTED)


@dataclass(frozen=True)
class Sources:
    """What each source says, as float64 arrays (m, n).

    Attributes:
        torch: the value that is shown.
        formula: the closed form's values, or None.
        differences: finite differences, or None where there are none.
        error: estimated error of the finite differences, or None.
        precision: name of the dtype in which torch computed, such as "float64".
        bound: bounds on the rounding errors of the closed form in that dtype, or None.
        scale: how much the function varied over the steps of the differences, or None.
        apart: boolean, entries of 0 whose output was seen not to depend on the input, or None.
        along: whether finite differences confirm torch along one random direction, where they were
            not taken entry by entry.
    """

    torch: np.ndarray
    formula: np.ndarray | None
    differences: np.ndarray | None
    error: np.ndarray | None
    precision: str
    bound: np.ndarray | None = None
    scale: np.ndarray | None = None
    apart: np.ndarray | None = None
    along: bool = False

    @property
    def decisive(self) -> np.ndarray:
        """Boolean (m, n): where the differences' error is a small part of the variation."""
        if self.differences is None or self.error is None or self.scale is None:
            return np.zeros(self.torch.shape, dtype=bool)
        known = np.isfinite(self.error) & np.isfinite(self.scale)
        with np.errstate(over="ignore"):
            small = TRUSTED * self.error <= SMALL_PART * self.scale
        return known & (self.scale > 0) & small


@dataclass(frozen=True)
class Circumstances:
    """What is known of the function beside the sources.

    Attributes:
        cut: (row, column) → whether the code cuts torch's graph on the way between them.
        fair: boolean (m, n), where torch's value lies between the two sides of a kink.
        kinked: rows in which the point lies on a kink; differences average its two sides.
        sizes: (n,) the sizes of the inputs' components.
        values: (m,) the function's own values.
        operations: how many operations the whole closed form takes.
        undefined: rows in which the function itself is nan or infinite, see NOTE [Undefined].
        doubted: whether what finite differences start from is not confirmed itself; they then
            contradict, but confirm nothing.
    """

    cut: Callable[[int, int], bool]
    fair: np.ndarray | None = None
    kinked: Collection[int] = ()
    sizes: np.ndarray | None = None
    values: np.ndarray | None = None
    operations: int = 1
    doubted: bool = False
    undefined: Collection[int] = ()


def judge(
    sources: Sources, dtype: Dtype, exactly: Exactly | None, known: Circumstances
) -> tuple[np.ndarray, np.ndarray]:
    """Find who is right about each entry.

    Args:
        sources: the values.
        dtype: the arithmetic in which torch computed.
        exactly: evaluates entries of the closed form with fifty digits; None without one.
        known: what else is known of the function.

    Returns:
        Findings (m, n), and where finite differences contradict what two others agree on, boolean.
    """
    found = np.full(sources.torch.shape, Finding.UNCONFIRMED, dtype=int)
    found[np.isnan(sources.torch)] = Finding.NOT_FINITE
    decisive = sources.decisive
    decisive[sorted(known.kinked)] = False
    usable = np.zeros(found.shape, dtype=bool)  # entries of which the closed form says something
    if sources.formula is not None:
        equal = _equal(sources, dtype)
        found[equal] = Finding.AGREED
        doubtful = [(int(i), int(j)) for i, j in np.argwhere(~equal)]
        exacts = exactly(doubtful) if exactly is not None and doubtful else []
        for (i, j), exact in zip(doubtful, exacts, strict=True):
            said = _against_form(sources, dtype, decisive, known, i, j, exact)
            if said is not None:
                found[i, j], usable[i, j] = said, True
        usable |= equal
    alone = np.zeros(found.shape, dtype=bool)
    if sources.differences is not None:
        met, missed = _against_differences(sources.torch, sources, dtype)
        alone = (found == Finding.AGREED) & decisive & missed
        if sources.formula is not None:
            alone &= _against_differences(sources.formula, sources, dtype)[1]
        found[~usable & decisive & met & (not known.doubted)] = Finding.AGREED
        found[~usable & decisive & missed] = Finding.TORCH
    if sources.apart is not None:
        found[~usable & sources.apart & (sources.torch == 0)] = Finding.AGREED
    if known.fair is not None:
        found[known.fair] = Finding.AGREED
        alone &= ~known.fair
    for row in known.undefined:
        found[row, np.isin(found[row], ALARMS)] = Finding.NOT_FINITE
    return found, alone


def _equal(sources: Sources, dtype: Dtype) -> np.ndarray:
    """Where torch and the closed form are equal and the bound leaves no doubt."""
    truth, formula, bound = sources.torch, sources.formula, sources.bound
    assert formula is not None and bound is not None
    with np.errstate(invalid="ignore", over="ignore"):
        allowed = FACTOR * bound
        sharp = allowed <= dtype.half * np.maximum(np.abs(truth), np.abs(formula))
        tiny = (allowed <= dtype.normal) & (np.abs(truth) <= dtype.normal)
        return (truth == formula) & np.isinf(truth) | (
            (np.abs(truth - formula) <= allowed) & (sharp | tiny)
        )


def _against_form(
    sources: Sources,
    dtype: Dtype,
    decisive: np.ndarray,
    known: Circumstances,
    i: int,
    j: int,
    exact: Exact,
) -> Finding | None:
    """Return what a doubtful entry comes to; None where the closed form says nothing about it."""
    assert sources.formula is not None and sources.bound is not None
    truth, value = sources.torch[i, j], exact.value
    written = exact.bound if np.isfinite(exact.bound) else exact.spread()  # it may overflow
    bound = max(sources.bound[i, j], written)
    if np.isnan(value):
        value = sources.formula[i, j]
        if not np.isfinite(value):
            return None
    if np.isinf(truth) and abs(value) > dtype.largest and (value > 0) == (truth > 0):
        return Finding.AGREED
    gap = abs(truth - value)
    explained = gap <= FACTOR * exact.operations * bound + _underflow(value, dtype)
    if explained:
        if gap <= dtype.half * abs(value) + _underflow(value, dtype):
            return Finding.AGREED
        if gap <= FACTOR * exact.operations * max(exact.spread(), dtype.unit * abs(value)):
            return Finding.AGREED
    if gap <= FACTOR * known.operations * dtype.unit * abs(value):
        return Finding.AGREED
    cut, share = known.cut(i, j), _share(sources, known, i, j, gap)
    if not cut and share <= FACTOR * known.operations * dtype.unit:
        return Finding.AGREED
    near = abs(value) < dtype.normal / dtype.unit**2 or gap <= SHORT * abs(value)
    near |= _is_invisible(dtype, known, i, j, gap)
    if explained or (not cut and np.isfinite(truth) and near):
        return Finding.ROUNDING
    if decisive[i, j]:
        found = _decided(sources, dtype, i, j, value)
        if found is not None and not (found is Finding.FORM and known.doubted):
            return found
    if cut or not np.isfinite(truth):
        return Finding.TORCH
    return Finding.ROUNDING if share <= dtype.half else Finding.CONTRADICTED


def _underflow(value: float, dtype: Dtype) -> float:
    return dtype.normal if abs(value) < dtype.normal else 0.0


def _decided(sources: Sources, dtype: Dtype, i: int, j: int, value: float) -> Finding | None:
    """Whom decisive finite differences side with; None if with neither or with both."""
    here = np.s_[i : i + 1, j : j + 1]
    part = Sources(
        sources.torch[here], None, sources.differences[here], sources.error[here],  # type: ignore[index]
        sources.precision, scale=sources.scale[here],  # type: ignore[index]
    )  # fmt: skip
    torch_met, torch_missed = _against_differences(part.torch, part, dtype)
    form_met, form_missed = _against_differences(np.array([[value]]), part, dtype)
    if form_met.item() and torch_missed.item():
        return Finding.TORCH
    return Finding.FORM if torch_met.item() and form_missed.item() else None


def _share(sources: Sources, known: Circumstances, i: int, j: int, gap: float) -> float:
    """Return a difference's part in what the row's entries contribute, each by its input's size."""
    assert sources.formula is not None
    sizes = np.ones(sources.torch.shape[1]) if known.sizes is None else known.sizes
    with np.errstate(invalid="ignore", over="ignore"):
        contributions = np.abs(sources.formula[i]) * sizes
    largest = contributions[np.isfinite(contributions)].max(initial=0.0)
    return gap * sizes[j] / largest if largest and gap == gap else np.inf


def _is_invisible(dtype: Dtype, known: Circumstances, i: int, j: int, gap: float) -> bool:
    """Whether a difference in slope, over the input's whole size, is rounding of the value."""
    if known.sizes is None or known.values is None:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        moved = gap * known.sizes[j]
    return bool(moved <= FACTOR * known.operations * dtype.unit * abs(known.values[i]))


def _against_differences(
    values: np.ndarray, sources: Sources, dtype: Dtype
) -> tuple[np.ndarray, np.ndarray]:
    """Where values are met by the differences, and where they are missed; between, neither."""
    assert sources.differences is not None and sources.error is not None
    assert sources.scale is not None
    size = np.maximum(np.maximum(np.abs(values), np.abs(sources.differences)), sources.scale)
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(values - sources.differences)
        met = gap <= TRUSTED * sources.error + min(MANY * dtype.unit, dtype.half) * size
        missed = gap > TRUSTED * sources.error + max(dtype.half, SMALL_PART**2) * size
    return met, missed | ~np.isfinite(values) & np.isfinite(sources.differences)
