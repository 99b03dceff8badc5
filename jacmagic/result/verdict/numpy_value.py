"""Compare the function's value by `math` and NumPy with the one that torch gave.

All sources see the same lifted function: torch, the closed form and finite differences would agree
where lifting it changed its meaning. One run of the function as it is written shows that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from jacmagic.errors import JacmagicError
from jacmagic.function.components import components
from jacmagic.function.interop.plain import plain_value
from jacmagic.function.outputs import flatten
from jacmagic.function.precision import MAX_ERROR_BOUNDS, Dtype
from jacmagic.function.problem import Problem
from jacmagic.result.verdict.comparison import MAX_ROUNDOFFS
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.formula.rounding import bounded_outputs


def numpy_differs(
    problem: Problem, outputs: Sequence[Tensor], form: ClosedForm | None, dtype: Dtype
) -> str | None:
    """Return a clause if NumPy gives the function another value; else None.

    Args:
        problem: the function and the point.
        outputs: the m numbers that torch gave, as tensors.
        form: the closed form, which bounds what rounding may explain; None if there is none.
        dtype: the arithmetic of the evaluation.
    """
    if problem.effects:
        return None
    if problem.potential is not None:
        values = [input_.value.detach() for input_ in problem.inputs]
        again = flatten(problem.potential.function(*values)).leaves
        return numpy_differs(problem.potential, again, None, dtype)
    numpy_value = plain_value(problem.function, problem.tensors)
    if numpy_value is None:
        return None
    try:
        plain = components(flatten(numpy_value).leaves)
    except JacmagicError:  # no numbers at all, such as a list of texts
        return None
    traced = components(outputs)
    if plain.shape != traced.shape:
        return f"the function gives {len(plain)} numbers with NumPy, {len(traced)} with torch"
    allowed = MAX_ROUNDOFFS * dtype.unit * np.maximum(np.abs(traced), np.abs(plain))
    if form is not None:
        allowed += MAX_ERROR_BOUNDS * bounded_outputs(form, problem.flat_point, dtype)[1]
    else:  # what cancels is as exact as its largest part, which is not known
        allowed += dtype.unit**0.5 * np.abs(traced[np.isfinite(traced)]).max(initial=0.0)
    with np.errstate(invalid="ignore"):
        same = (np.abs(plain - traced) <= allowed) | (plain == traced)
    wrong = np.flatnonzero(~(same | (np.isnan(plain) & np.isnan(traced))))
    if not len(wrong):
        return None
    at = wrong[0]
    return f"the function's value is {plain[at]:.6g} with NumPy and {traced[at]:.6g} with torch"
