"""The determinant beside the table of a square Jacobian."""

from __future__ import annotations

import numpy as np

from jacmagic.result.analysis.determinant import Determinant, determinant_of
from jacmagic.result.analysis.verbs import AnalysedResult
from jacmagic.result.core import JacobianResult

MAX_ROWS = 40  # of a table that is shown in full


def shown_determinant(jacobian: JacobianResult) -> Determinant | None:
    """Return the determinant that a display shows; None where the matrix is not square.

    A single entry is its own determinant, and a table of more than 40 rows is not shown in full.
    """
    m, n = jacobian.shape
    if m != n or not 1 < n <= MAX_ROWS or jacobian.large:
        return None
    found = jacobian.det if isinstance(jacobian, AnalysedResult) else determinant_of(jacobian)
    return found if np.isfinite(found) else None
