"""Check a Jacobian of many columns along random directions.

J·v for a random v against the function's rate of change along v: a wrong entry shows in its row
whatever the others are (Freivalds' check).
"""

from __future__ import annotations

import numpy as np

from jacmagic.function.neighbourhood import sizes_of
from jacmagic.function.precision import Dtype
from jacmagic.function.problem import Problem
from jacmagic.numeric.differences import along, differences
from jacmagic.numeric.entries import Sparse
from jacmagic.numeric.modes.sparse import gap_of_product
from jacmagic.numeric.result import NumericJacobian
from jacmagic.render.text import number
from jacmagic.result.verdict.agreement import Agreement
from jacmagic.result.verdict.comparison import judge
from jacmagic.result.verdict.findings import ALARMS, NO_CUTS, Finding, Sources
from jacmagic.result.verdict.matrix_rounding import excuse_matrices
from jacmagic.symbolic.formula.rounding import dtype_of

DIRECTIONS = 2  # one shows a wrong entry almost surely, a second where rounding hides it


def is_confirmed_along(problem: Problem, truth: np.ndarray, dtype: Dtype) -> bool:
    """Whether finite differences along one random direction confirm J (m, n).

    It takes seven evaluations. False says nothing: they are too few to contradict.
    """
    v = random_directions(problem, 1)
    estimate = along(problem.function, problem.tensors, v[:, 0])
    if estimate is None or len(estimate.value) != len(truth):
        return False
    products = product_of(truth, v)
    if not np.isfinite(products).all():
        return False
    sources = Sources(products, estimated=estimate)
    judged, _ = judge(sources, dtype, None, NO_CUTS)
    constant = (products == 0) & (estimate.scale == 0)
    return bool(((judged == Finding.AGREED) | constant).all())


def product_of(truth: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return rates of change (m, k) along k directions; infinite where they overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(truth @ v)


def random_directions(problem: Problem, count: int) -> np.ndarray:
    """Return random vectors (n, count) whose components are as large as the inputs'."""
    sizes = sizes_of(problem.tensors)
    chance = np.random.default_rng(1)
    signs = chance.choice((-1.0, 1.0), (len(sizes), count))
    return sizes[:, None] * signs * chance.uniform(0.5, 1.0, signs.shape)


def compared(
    problem: Problem,
    products: np.ndarray,
    v: np.ndarray,
    dtype: Dtype,
    truth: np.ndarray | None = None,
) -> tuple[np.ndarray, Sources]:
    """Return findings (m, k) along k directions, and the values compared.

    Args:
        problem: the function and the point.
        products: torch's Jacobian times the directions, (m, k).
        v: the directions, (n, k).
        dtype: the arithmetic in which torch computed.
        truth: torch's Jacobian (m, n), where it is at hand.
    """
    estimate = None
    if not problem.effects:
        estimate = differences(problem.function, problem.tensors, directions=v)
    if estimate is None or len(estimate.value) != len(products):
        return np.full(products.shape, Finding.UNCONFIRMED), Sources(products)
    sources = Sources(products, estimated=estimate)
    judged, _ = judge(sources, dtype, None, NO_CUTS)
    if truth is not None:
        judged = excuse_matrices(problem, truth, judged, sources, directions=v)
    return judged, sources


def check_sparse(problem: Problem, numbers: NumericJacobian, *, outside: set[int]) -> Agreement:
    """Compare products of a large sparse Jacobian with random vectors.

    Two sources, each of which shows a wrong or a missing entry: torch's own product uᵀ·J with a
    random u, and finite differences of the function along a random direction v, against J·v.

    Args:
        problem: the function and the point.
        numbers: what torch computed; its `sparse` is there.
        outside: positions of inputs that the function reads from outside itself.
    """
    sparse = numbers.sparse
    assert sparse is not None
    gap, allowed = gap_of_product(problem.function, problem.tensors, sparse)
    confirmed = _is_confirmed(problem, numbers, sparse)
    names = ["torch's own product with a random vector"]
    names += ["finite differences along one"] * (confirmed is not None)
    agreed = gap <= allowed and confirmed is not False
    summary = (
        f"the entries agree with {' and '.join(names)}; largest difference {number(gap, 1)}"
        if agreed
        else f"the entries disagree with {names[0] if gap > allowed else names[-1]}; "
        "write --mode reverse for all of them"
    )
    nothing = Sources(np.zeros((0, 0)))
    remarks = tuple(_remarks(problem, sparse, outside))
    alone = "" if agreed else "torch"
    verdict = "agree" if agreed else "disagree"
    return Agreement(verdict, gap, (), remarks, nothing, summary, alone)


def _is_confirmed(problem: Problem, numbers: NumericJacobian, sparse: Sparse) -> bool | None:
    """Whether J·v is the rate of change along v; None if that is not decisive."""
    v = random_directions(problem, 1)
    dtypes = [input_.value.dtype for input_ in problem.inputs]
    dtype = dtype_of([*dtypes, *(leaf.dtype for leaf in numbers.outputs.leaves)])
    findings, sources = compared(problem, sparse.entries @ v, v, dtype)
    if np.isin(findings, ALARMS).any():
        return False
    return True if sources.differences is not None and (findings == Finding.AGREED).any() else None


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
