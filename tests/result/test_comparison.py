"""Who is right about an entry: findings from bare arrays, at any scale."""

from __future__ import annotations

import numpy as np
import pytest
from torch import float64

from jacmagic.function.precision import Dtype, Exact
from jacmagic.numeric.differences import Differences
from jacmagic.result.verdict.comparison import judge
from jacmagic.result.verdict.findings import Circumstances, Finding, Sources

F64 = Dtype("float64", 2.0**-53, 2.0**-1022, 1.8e308)
U = F64.unit


def found(torch, form=None, differences=None, *, error=1e-12, bound=U, cut=False, exact=None):
    """Return the finding of one entry; errors, bounds and variation are relative to its size."""
    known_sizes = (abs(v) for v in (torch, form, differences) if v is not None and np.isfinite(v))
    size = max(known_sizes, default=1.0)
    numbers = (np.array([[one]], dtype=float) for one in (differences, error * size, size))
    estimated = Differences(*numbers, float64)
    sources = Sources(
        np.array([[torch]]),
        None if form is None else np.array([[form]]),
        None if form is None else np.array([[bound * size]]),
        None if differences is None else estimated,
    )

    def exactly(entries):
        value = form if exact is None else exact
        return [Exact(value, 10, lambda: U * size, bound * size) for _ in entries]

    known = Circumstances(cut=lambda i, j: cut, sizes=np.ones(1))
    findings, alone = judge(sources, F64, None if form is None else exactly, known)
    return Finding(findings.item()), bool(alone.item())


@pytest.mark.parametrize("scale", [1.0, 2.0**-200, 2.0**200])
@pytest.mark.parametrize(
    ("given", "expected", "alone"),
    [
        ((2.0, 2.0 * (1 + 4 * U), 2.0), Finding.AGREED, False),
        ((2.0, 2.0, 3.0), Finding.AGREED, True),
        ((2.0, 3.0, 3.0), Finding.TORCH, False),
        ((2.0, 3.0, 2.0), Finding.FORM, False),
        ((2.0, 3.0, 4.0), Finding.CONTRADICTED, False),
        ((0.0, 3.0, 3.0), Finding.TORCH, False),
        ((2.0, 2.0 * (1 + 1e-10), 2.0), Finding.ROUNDING, False),
        ((2.0, None, 2.0), Finding.AGREED, False),
        ((2.0, None, 2.1), Finding.TORCH, False),
        ((2.0, None, None), Finding.UNCONFIRMED, False),
        ((2.0, 3.0, None), Finding.CONTRADICTED, False),
        ((np.nan, 3.0, None), Finding.TORCH, False),
        ((np.nan, None, None), Finding.NOT_FINITE, False),
        ((np.inf, np.inf, None), Finding.AGREED, False),
    ],
)
def test_findings_at_every_scale(given, expected, alone, scale) -> None:
    """Torch, form and differences at hand: who agrees and who is alone does not depend on units."""
    scaled = [None if v is None else v * scale for v in given]
    assert found(*scaled) == (expected, alone)


def test_imprecise_differences_decide_nothing() -> None:
    """An error that is not a small part of the variation neither confirms nor accuses."""
    assert found(2.0, None, 2.1, error=0.05)[0] is Finding.UNCONFIRMED
    assert found(2.0, None, 2.0, error=0.05)[0] is Finding.UNCONFIRMED
    assert found(2.0, 3.0, 3.0, error=0.05)[0] is Finding.CONTRADICTED
    assert found(2.0, 2.0, 3.0, error=0.5) == (Finding.AGREED, False)


def test_a_cut_in_the_code_decides() -> None:
    """Where the code cuts torch's graph, torch is alone even without a third source."""
    assert found(2.0, 3.0, cut=True)[0] is Finding.TORCH
    assert found(2.0, 2.0 * (1 + 1e-10), cut=True)[0] is Finding.TORCH


def test_rounding_that_leaves_no_digits_is_no_agreement() -> None:
    """A difference within a wide bound, far from the exact value, confirms nothing."""
    assert found(2.0, 2.0, bound=1.0, exact=1e-9)[0] is Finding.ROUNDING
    assert found(2.0, 2.0, bound=1.0, exact=2.0)[0] is Finding.AGREED
