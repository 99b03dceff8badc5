"""Rounding in algorithms on whole matrices, where a source seems to be wrong.

The closed form's bounds follow single operations, and finite differences have no bound on torch's
own error. A singular vector next to an almost equal one is known to few digits only; entries which
such rounding moves by as much as they are apart are not a disagreement.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.numeric.backward_error import matrix_noise_of_rows
from jacmagic.result.verdict.findings import ALARMS, TRUSTED_ERRORS, Finding, Sources

MAX_ROWS = 64  # that are differentiated again


def excuse_matrices(
    problem: Problem,
    truth: np.ndarray,
    findings: np.ndarray,
    sources: Sources,
    *,
    cut: Callable[[int, int], bool] = lambda i, j: False,
    directions: np.ndarray | None = None,
) -> np.ndarray:
    """Return the findings, with `ROUNDING` where rounding in matrices explains an alarm.

    Args:
        problem: the function and the point.
        truth: torch's Jacobian (m, n).
        findings: a finding for each entry (m, n), or for J·v along k directions (m, k).
        sources: the values compared, of the same shape.
        cut: whether the code cuts torch's graph between a row and a column, which nothing excuses.
        directions: the vectors v, (n, k); None for entries.
    """
    alarms = np.isin(findings, ALARMS)
    rows = np.flatnonzero(alarms.any(axis=1)).tolist()
    other = sources.formula if sources.formula is not None else sources.differences
    if not rows or len(rows) > MAX_ROWS or problem.effects or other is None:
        return findings
    moves = matrix_noise_of_rows(problem.function, problem.tensors, rows, truth)
    if moves is None:
        return findings
    if directions is not None:
        moves = moves @ np.abs(directions)
    excused = findings.copy()
    for (i, j), move in np.ndenumerate(moves):
        row = rows[i]
        gap = abs(sources.torch[row, j] - other[row, j])
        if alarms[row, j] and gap <= TRUSTED_ERRORS * move and not cut(row, j):
            excused[row, j] = Finding.ROUNDING
    return excused
