"""Remarks beside a verdict: kinks, inputs read from outside, why an entry is not confirmed."""

from __future__ import annotations

import math

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.render.text import number
from jacmagic.result.verdict.causes import sentence
from jacmagic.result.verdict.comparison import MAX_RELATIVE_SHORTENING
from jacmagic.result.verdict.evidence import Evidence
from jacmagic.result.verdict.findings import Finding
from jacmagic.symbolic.formula.singularities import origin_of_nonfinite
from jacmagic.symbolic.trace import Leak

_LOWER = "compute in a higher precision (--dtype float64)"
_REWRITE = "rewrite the function without the cancellation"
_SCALE = "rewrite or scale the function so that no number on the way overflows or underflows"
MAX_REMARKS = 3  # entries named one by one: more of them do not help a reader


def remarks_on(evidence: Evidence, outside: set[int]) -> tuple[str, ...]:
    """Return the remarks on one Jacobian.

    Args:
        evidence: what the sources give.
        outside: positions of inputs that the function reads from outside itself.
    """
    return (
        *_gradient_remarks(evidence),
        *_text_remarks(evidence),
        *_outside_remarks(evidence.problem, evidence.truth, outside),
        *kinks_at(evidence),
        *_nonfinite_remarks(evidence),
    )


def kinks_at(evidence: Evidence) -> list[str]:
    """Return a remark on each kink at the point, unless both sides and torch have one slope."""
    return list(dict.fromkeys(e.remark for e in evidence.edges if not evidence.is_smooth_at(e)))


def _gradient_remarks(evidence: Evidence) -> list[str]:
    """Return remarks on up to three gradient entries in which torch differs from all else."""
    gradient = evidence.gradient
    return [
        f"the gradient is wrong already: {disagreement.numbers}. {disagreement.cause}".strip()
        for disagreement in (() if gradient is None else gradient.disagreements[:MAX_REMARKS])
        if disagreement.alone != "the closed form"
    ]


def _text_remarks(evidence: Evidence) -> list[str]:
    """Return a remark where a number is read from the text of another: a constant to torch."""
    refusal = evidence.refusal
    if refusal is None or refusal.operation != "float(text)":
        return []
    return [sentence(Leak(refusal.operation, refusal.line, frozenset()))]


def _outside_remarks(problem: Problem, truth: np.ndarray, outside: set[int]) -> list[str]:
    """Return remarks on inputs whose block is zero as they are read from elsewhere."""
    return [
        f"{problem.title} reads {name} from outside instead of through its argument, "
        "so these zeros are not its derivative: use the argument, or "
        "torch.func.functional_call(model, params, x) for a module"
        for position, (name, part) in enumerate(problem.slices.items())
        if position in outside and (block := truth[:, part]).size and not block.any()
    ]


def _nonfinite_remarks(evidence: Evidence) -> list[str]:
    """Return remarks on up to three nan or infinite entries, with their origin."""
    remarks = []
    for i, j in np.argwhere(~np.isfinite(evidence.truth))[:MAX_REMARKS]:
        entry, form = (int(i), int(j)), evidence.form
        origin = None if form is None else origin_of_nonfinite(form, *entry, evidence.point)
        because = f": {origin}" if origin else ""
        remarks.append(f"{evidence.name(*entry)} is {evidence.truth[entry]}{because}")
    return remarks


def reason_for(evidence: Evidence, finding: Finding, i: int, j: int) -> str:
    """Return why an entry is not confirmed.

    Args:
        evidence: what the sources give.
        finding: what was found of the entry.
        i: its row; -1 if there are no entries at all.
        j: its column.
    """
    if i < 0:
        return "there is nothing to compare"
    entry = evidence.name(i, j)
    if finding is Finding.NOT_FINITE and i in evidence.undefined:
        return f"{evidence.rows[i].unicode} itself is not finite and has no derivative"
    if finding is Finding.NOT_FINITE:
        return f"{entry} is {evidence.truth[i, j]}, and no other source has a value there"
    if finding is Finding.ROUNDING and evidence.form is not None:
        return _rounding(evidence, i, j)
    if finding is Finding.ROUNDING:
        return (
            f"rounding in an algorithm on whole matrices leaves too few digits of {entry}, "
            f"which is ill-conditioned here: torch {number(float(evidence.truth[i, j]), 6)}"
        )
    problem = evidence.problem
    if problem.effects:
        return f"torch is the only source, as the function {side_effects(problem)}"
    if evidence.differences is None:
        slow = "there are too many entries, or the function is too slow, for finite differences"
        return f"torch is the only source; {slow}"
    if problem.potential is not None and evidence.sources.decisive[i, j]:
        return "the gradient itself is not confirmed, which finite differences start from"
    return f"torch is the only source of {entry}: finite differences are not decisive there"


def _rounding(evidence: Evidence, i: int, j: int) -> str:
    """Return how many digits rounding leaves, or the value that torch should have."""
    assert evidence.exactly is not None
    (exact,) = evidence.exactly([(i, j)])
    entry, value, precision = evidence.name(i, j), evidence.truth[i, j], evidence.dtype.name
    bound = evidence.sources.bound
    in_range = np.isfinite(value) and (bound is None or np.isfinite(bound[i, j]))
    rewritten = _REWRITE if in_range else _SCALE
    advice = rewritten if precision == "float64" else _LOWER
    gap = abs(value - exact.value)
    if 0 < gap <= MAX_RELATIVE_SHORTENING * abs(exact.value) and advice == _REWRITE:
        digits = math.floor(-math.log10(gap / abs(exact.value)))
        return f"torch has only {digits} digits of {entry} right"
    other = f"exact {number(exact.value, 6)}"
    if not np.isfinite(exact.value) and evidence.sources.differences is not None:
        other = f"finite differences {number(float(evidence.sources.differences[i, j]), 6)}"
    return (
        f"rounding in {precision} leaves too few digits of {entry}: "
        f"torch {number(value, 6)}, {other}; {advice}"
    )


def side_effects(problem: Problem) -> str:
    """Return what a function does beside giving a value, as a clause."""
    return f"changes {', '.join(problem.effects)} whenever it runs"
