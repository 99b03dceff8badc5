"""A Jacobian of which only the entries are held, examined without ever writing it out.

Two witnesses, each of which would see a wrong or a missing entry: torch's own product uᵀ·J with a
random u, from the other side of the entries, and finite differences of the function along a random
direction v, against J·v.
"""

from __future__ import annotations

import numpy as np
import torch

from jacmagic.agreement import MATCHING, Agreement, Witnesses
from jacmagic.numeric import Numbers, Sparse, differences, gap_of_product
from jacmagic.problem import Problem

SECONDS = 0.5  # what finite differences may take


def examine_entries(problem: Problem, numbers: Numbers, *, outside: set[int]) -> Agreement:
    """Compare the entries, times random directions, with torch and with finite differences.

    Args:
        problem: the function and the point.
        numbers: what the numeric road brought; its `sparse` is there.
        outside: positions of inputs that the function reads from outside itself.
    """
    sparse = numbers.sparse
    assert sparse is not None
    gap, allowed = gap_of_product(problem.function, [one.value for one in problem.inputs], sparse)
    agreed, largest, names = gap <= allowed, gap, ["torch's own product with a random vector"]
    along = _along(problem, sparse)
    if along is not None:
        agreed, names = agreed and along, [*names, "finite differences along one"]
    verdict = "agree" if agreed else "disagree"
    said = (
        f"the entries agree with {' and '.join(names)}; largest difference {largest:.1g}"
        if agreed
        else f"the entries disagree with {names[0] if gap > allowed else names[-1]}; "
        "write --mode reverse for all of them"
    )
    nothing = Witnesses(np.zeros((0, 0)), None, None, None, "float64")
    return Agreement(verdict, largest, (), tuple(_remarks(problem, sparse, outside)), nothing, said)


def _along(problem: Problem, sparse: Sparse) -> bool | None:
    """Whether J·v is the function's rate of change along v; None where that is too dear."""
    tensors = [one.value.detach() for one in problem.inputs]
    generator = torch.Generator().manual_seed(1)
    size = sum(tensor.numel() for tensor in tensors)
    v = torch.randn(size, generator=generator, dtype=torch.float64)

    def line(t: torch.Tensor) -> torch.Tensor:
        parts = v.to(t).split([tensor.numel() for tensor in tensors])
        moved = [
            tensor.to(t.dtype) + t * part.reshape(tensor.shape)
            for tensor, part in zip(tensors, parts, strict=True)
        ]
        return problem.function(*moved)

    found = differences(line, [torch.zeros((), dtype=tensors[0].dtype)], seconds=SECONDS)
    if found is None or len(found.matrix) != sparse.scheme.shape[0]:
        return None
    rate, error = found.matrix.numpy()[:, 0], found.error.numpy()[:, 0]
    entries = sparse.entries
    mine, sizes = entries @ v.numpy(), abs(entries) @ np.abs(v.numpy())
    shortest = min((torch.finfo(t.dtype).bits, t.dtype) for t in tensors)[1]
    tolerance = max(1e-5, 100 * MATCHING[str(shortest).rpartition(".")[2]])
    with np.errstate(invalid="ignore"):
        gap = np.abs(mine - rate)
        told = np.isfinite(gap) & np.isfinite(error)
        return not (gap[told] > (tolerance * (1 + sizes) + 10 * error)[told]).any()


def _remarks(problem: Problem, sparse: Sparse, outside: set[int]) -> list[str]:
    """What else should be known: entries that are not finite, inputs read from outside."""
    entries = sparse.entries
    remarks = []
    odd = int((~np.isfinite(entries.data)).sum())
    if odd:
        remarks.append(f"{odd} of the entries are not finite numbers")
    start = 0
    for place, one in enumerate(problem.inputs):
        stop = start + one.value.numel()
        inside = (entries.indices >= start) & (entries.indices < stop)
        if place in outside and not entries.data[inside].any():
            remarks.append(
                f"{problem.title} reads {one.name} from outside instead of through its argument, "
                "so these zeros are not its derivative: use the argument"
            )
        start = stop
    return remarks
