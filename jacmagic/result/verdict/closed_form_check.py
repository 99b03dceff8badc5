"""Check the closed form by finite differences, where torch cannot differentiate.

Finite differences decide nothing where the function jumps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.numeric.differences import along
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.steadiness import unsteady
from jacmagic.render.text import number
from jacmagic.result.verdict.agreement import Agreement
from jacmagic.result.verdict.directional_check import DIRECTIONS, compared, random_directions
from jacmagic.result.verdict.evidence import Evidence
from jacmagic.result.verdict.findings import ALARMS, MAX_COLUMNS, Finding, Sources
from jacmagic.result.verdict.remarks import kinks_at
from jacmagic.symbolic.formula.singularities import Singularity

_REFUSED = "torch cannot differentiate this function"


def check_closed_form(evidence: Evidence) -> Agreement:
    """Compare the closed form's numbers with finite differences.

    Args:
        evidence: of a function that torch cannot differentiate; the matrix is the closed form's.
    """
    problem, values, alone = evidence.problem, evidence.truth, evidence.bare
    blank = Agreement("not confirmed", float("nan"), (), tuple(kinks_at(evidence)), alone)
    reason = _unasked(problem, evidence.numbers)
    if reason is not None:
        return replace(blank, reason=f"{_REFUSED}; {reason}")
    axes = random_directions(problem, DIRECTIONS)
    wide = len(axes) > MAX_COLUMNS
    axes = axes if wide else np.eye(len(axes))
    findings, sources = compared(problem, values @ axes, axes, evidence.dtype)
    blank = replace(blank, sources=alone if wide else sources)
    if sources.differences is None:
        slow = "the function is too slow, or fails, for finite differences"
        return replace(blank, reason=f"{_REFUSED}; {slow}")
    entry = (lambda i, k: f"row {i} along random direction {k}") if wide else evidence.name
    findings = _constant(problem, axes, findings, sources)
    return _concluded(blank, findings, sources, evidence.edges, entry)


def _unasked(problem: Problem, numbers: NumericJacobian) -> str | None:
    """Why finite differences are not taken, as a clause."""
    if problem.effects:
        return f"the function changes {', '.join(problem.effects)} whenever it runs"
    tensors = [input_.value.detach() for input_ in problem.inputs]
    return unsteady(problem.function, tensors, numbers.outputs.leaves)


def _constant(
    problem: Problem, axes: np.ndarray, findings: np.ndarray, sources: Sources
) -> np.ndarray:
    """Return the findings; zeros agree where steps away from the point change nothing."""
    open_ = (findings == Finding.UNCONFIRMED) & (sources.torch == 0)
    findings, tensors = findings.copy(), problem.tensors
    for k in np.flatnonzero(open_.any(axis=0)):
        near = along(problem.function, tensors, axes[:, k])
        if near is not None and len(near.scale) == len(findings):
            findings[open_[:, k] & (near.scale[:, 0] == 0), k] = Finding.AGREED
    return findings


def _concluded(
    blank: Agreement,
    findings: np.ndarray,
    sources: Sources,
    kinks: list[Singularity],
    entry: Callable[[int, int], str],
) -> Agreement:
    """Return the verdict over all entries, or over products with random directions."""
    assert sources.differences is not None
    on_edge = {row: edge for edge in kinks for row in edge.rows}
    wrong = [(i, j) for i, j in np.argwhere(np.isin(findings, ALARMS)) if i not in on_edge]
    if wrong:
        i, j = map(int, wrong[0])
        numbers = f"{sources.torch[i, j]:.6g} against {sources.differences[i, j]:.6g}"
        summary = (
            f"the closed form disagrees with finite differences in {entry(i, j)}, {numbers}, and "
            f"{_REFUSED}: please report it"
        )
        return replace(blank, verdict="disagree", summary=summary)
    opened = np.argwhere(findings != Finding.AGREED)
    if len(opened):
        i, j = map(int, opened[0])
        why = str(on_edge[i]) if i in on_edge else "finite differences are not decisive there"
        reason = f"{_REFUSED}; the closed form is the only source of {entry(i, j)}: {why}"
        return replace(blank, reason=reason)
    gaps = np.abs(sources.torch - sources.differences)[sources.decisive]
    largest = float(gaps.max(initial=0))
    agreed = (
        f"the closed form agrees with finite differences; largest difference {number(largest, 1)}"
    )
    return replace(blank, verdict="agree", largest=largest, summary=f"{agreed}; {_REFUSED}")
