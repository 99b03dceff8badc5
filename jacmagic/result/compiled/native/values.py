"""Values of a closed form, and how far rounding may move them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.rounding import bounded, bounded_outputs, dtype_of
from jacmagic.symbolic.validation import values_again


def columns_of(sizes: Sequence[int], chosen: Sequence[int]) -> np.ndarray:
    """Return the columns of some inputs among those of all, which have these sizes."""
    starts = np.cumsum([0, *sizes])
    return np.concatenate([np.arange(starts[k], starts[k + 1]) for k in chosen])


def evaluated(
    problem: Problem, chosen: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return the Jacobian (m, n) by some inputs from the closed form; None without one.

    With it come how far two evaluations may differ by rounding: its entries, and the values (m,).
    Infinite bounds are none.
    """
    form = ClosedForms().form(problem, values_again(problem.potential or problem))
    if not isinstance(form, ClosedForm):
        return None
    columns = columns_of([tensor.numel() for tensor in problem.tensors], chosen)
    point, dtype = problem.flat_point, dtype_of([tensor.dtype for tensor in problem.tensors])
    bounds = bounded(form, point, dtype)[1][:, columns], bounded_outputs(form, point, dtype)[1]
    entries, values = (2 * np.where(np.isfinite(bound), bound, 0) for bound in bounds)
    return form.values(point)[:, columns], entries, values
