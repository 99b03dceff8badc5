"""Check a large sparse Jacobian by products with random vectors.

Two sources, each of which shows a wrong or a missing entry: torch's own product uᵀ·J with a
random u, and finite differences of the function along a random direction v, against J·v.
"""

from __future__ import annotations

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.numeric import NumericJacobian, Sparse, gap_of_product
from jacmagic.result.verdict.agreement import Agreement
from jacmagic.result.verdict.directional_check import compared, random_directions
from jacmagic.result.verdict.findings import ALARMS, Finding, Sources
from jacmagic.symbolic.formula.rounding import dtype_of


def check_sparse(problem: Problem, numbers: NumericJacobian, *, outside: set[int]) -> Agreement:
    """Compare products with random directions with torch and finite differences.

    Args:
        problem: the function and the point.
        numbers: what torch computed; its `sparse` is there.
        outside: positions of inputs that the function reads from outside itself.
    """
    sparse = numbers.sparse
    assert sparse is not None
    gap, allowed = gap_of_product(problem.function, problem.tensors, sparse)
    along = _along(problem, numbers, sparse)
    names = ["torch's own product with a random vector"]
    names += ["finite differences along one"] * (along is not None)
    agreed = gap <= allowed and along is not False
    summary = (
        f"the entries agree with {' and '.join(names)}; largest difference {gap:.1g}"
        if agreed
        else f"the entries disagree with {names[0] if gap > allowed else names[-1]}; "
        "write --mode reverse for all of them"
    )
    nothing = Sources(np.zeros((0, 0)), None, None, None, "float64")
    remarks = tuple(_remarks(problem, sparse, outside))
    alone = "" if agreed else "torch"
    verdict = "agree" if agreed else "disagree"
    return Agreement(verdict, gap, (), remarks, nothing, summary, alone)


def _along(problem: Problem, numbers: NumericJacobian, sparse: Sparse) -> bool | None:
    """Whether J·v is the rate of change along v; None if that is not decisive."""
    v = random_directions(problem, 1)
    dtypes = [one.value.dtype for one in problem.inputs]
    dtype = dtype_of([*dtypes, *(leaf.dtype for leaf in numbers.outputs.leaves)])
    found, sources = compared(problem, sparse.entries @ v, v, dtype)
    if np.isin(found, ALARMS).any():
        return False
    return True if sources.differences is not None and (found == Finding.AGREED).any() else None


def _remarks(problem: Problem, sparse: Sparse, outside: set[int]) -> list[str]:
    """Return remarks: entries that are not finite, inputs read from outside."""
    entries = sparse.entries
    remarks = []
    odd = int((~np.isfinite(entries.data)).sum())
    if odd:
        remarks.append(f"{odd} of the entries are not finite numbers")
    for position, (name, part) in enumerate(problem.slices.items()):
        inside = (entries.indices >= part.start) & (entries.indices < part.stop)
        if position in outside and not entries.data[inside].any():
            remarks.append(
                f"{problem.title} reads {name} from outside instead of through its argument, "
                "so these zeros are not its derivative: use the argument"
            )
    return remarks
