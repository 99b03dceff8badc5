"""The comparison of one Jacobian: gather evidence, judge every entry, conclude."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from jacmagic.render.text import number
from jacmagic.result.verdict.agreement import Agreement, Disagreement, conclude
from jacmagic.result.verdict.comparison import judge
from jacmagic.result.verdict.directional_check import (
    DIRECTIONS,
    compared,
    product_of,
    random_directions,
)
from jacmagic.result.verdict.evidence import Evidence
from jacmagic.result.verdict.findings import ALARMS, MAX_COLUMNS, NO_CUTS, Finding
from jacmagic.result.verdict.matrix_rounding import excuse_matrices
from jacmagic.result.verdict.numpy_value import numpy_differs
from jacmagic.result.verdict.remarks import reason_for, remarks_on
from jacmagic.symbolic.trace import Refusal
from jacmagic.symbolic.validation import fits_beside

_DRAWS = "the function draws random numbers"
_MISSES = Refusal("the closed form", None, "differs from the function near the point")
_TRIANGLE = (
    "the function reads one triangle of a symmetric matrix, and torch spreads the derivative over "
    "both, as finite differences do here"
)


def contradicts(evidence: Evidence) -> bool:
    """Whether a closed form and torch differ in any entry by more than rounding."""
    findings, _ = judge(evidence.sources, evidence.dtype, evidence.exactly, NO_CUTS)
    return bool(np.isin(findings, (Finding.TORCH, Finding.CONTRADICTED)).any())


def diagnose(evidence: Evidence, outside: set[int]) -> Agreement:
    """Compare torch's matrix with the closed form and with finite differences.

    Args:
        evidence: what each source gives.
        outside: positions of inputs that the function reads from outside itself.
    """
    problem, form = evidence.problem, evidence.form
    warnings = remarks_on(evidence, outside)
    unjudged = _unjudged(evidence, warnings)
    if unjudged is not None:
        return unjudged
    findings, alone = judge(
        evidence.sources, evidence.dtype, evidence.exactly, evidence.circumstances
    )
    findings = excuse_matrices(
        problem, evidence.truth, findings, evidence.sources, cut=evidence.causes.cut
    )
    if form is not None and alone.any() and fits_beside(form, problem) is False:
        return diagnose(replace(evidence, form=None, refusal=_MISSES, both=None), outside)
    agreement = conclude(
        evidence.sources,
        findings,
        alone,
        name=evidence.name,
        cause=evidence.cause,
        reason=partial(reason_for, evidence),
        warnings=warnings,
    )
    if agreement.verdict == "agree" and not alone.any() and evidence.spread:
        return replace(agreement, reason=_TRIANGLE)
    return agreement


def _unjudged(evidence: Evidence, warnings: tuple[str, ...]) -> Agreement | None:
    """Return the verdict where entries are not compared one by one; else None.

    The function's values do not repeat, or NumPy gives others, or there are too many columns.
    """
    blank = Agreement("not confirmed", float("nan"), (), warnings, evidence.bare)
    if evidence.unsteady is not None:
        refusal = evidence.refusal
        draws = refusal is not None and "random numbers" in refusal.reason
        return replace(blank, reason=_DRAWS if draws else evidence.unsteady)
    problem, leaves = evidence.problem, evidence.numbers.outputs.leaves
    differs = numpy_differs(problem, leaves, evidence.form, evidence.dtype)
    if differs is not None:
        return replace(blank, warnings=(*warnings, differs), reason=differs)
    if evidence.form is not None or len(evidence.sizes) <= MAX_COLUMNS:
        return None
    return _check_along(evidence, warnings)


def _check_along(evidence: Evidence, warnings: tuple[str, ...]) -> Agreement:
    """Compare torch's matrix times random vectors with finite differences."""
    problem, truth = evidence.problem, evidence.truth
    v = random_directions(problem, DIRECTIONS)
    findings, sources = compared(problem, product_of(truth, v), v, evidence.dtype, truth)
    blank = Agreement("not confirmed", float("nan"), (), warnings, sources)
    if sources.differences is None:
        slow = "the function is too slow for finite differences"
        return replace(blank, reason=f"torch is the only source; {slow}")
    wrong = np.argwhere(np.isin(findings, ALARMS))
    if len(wrong):
        i, k = map(int, wrong[0])
        return _alone(evidence, i, v[:, k], blank)
    if (findings != Finding.AGREED).any():
        i = int(np.argwhere(findings != Finding.AGREED)[0, 0])
        where = f"finite differences along random directions are not decisive for row {i}"
        return replace(blank, reason=f"torch is the only source; {where}")
    largest = float(np.abs(sources.torch - sources.differences).max(initial=0))
    agreed = f"torch agrees with finite differences along {DIRECTIONS} random directions"
    summary = f"{agreed}; largest difference {number(largest, 1)}"
    return replace(blank, verdict="agree", largest=largest, summary=summary)


def _alone(evidence: Evidence, row: int, v: np.ndarray, blank: Agreement) -> Agreement:
    """Return the verdict on a wrong row, whose columns are halved until one entry is left."""
    problem, truth = evidence.problem, evidence.truth
    columns = np.arange(len(v))
    while len(columns) > 1:
        halves = np.array_split(columns, 2)
        tried = np.stack([np.where(np.isin(np.arange(len(v)), half), v, 0) for half in halves], 1)
        findings, _ = compared(problem, product_of(truth, tried), tried, evidence.dtype, truth)
        wrong = np.isin(findings[row], ALARMS)
        if not wrong.any():
            break
        columns = halves[int(np.argmax(wrong))]
    if len(columns) > 1:
        differs = f"row {row} disagrees with finite differences along a random vector"
        summary = f"torch is alone: {differs}"
        return replace(blank, verdict="disagree", alone="torch", summary=summary)
    j = int(columns[0])
    axis = np.eye(1, len(v), j).T
    _, unit = compared(problem, truth @ axis, axis, evidence.dtype)
    assert unit.differences is not None
    value = float(truth[row, j])
    entry = Disagreement(
        row,
        j,
        evidence.name(row, j),
        value,
        None,
        float(unit.differences[row, 0]),
        evidence.cause(row, j),
    )
    return replace(blank, verdict="disagree", disagreements=(entry,), alone="torch")
