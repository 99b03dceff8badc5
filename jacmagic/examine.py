"""The witnesses of one Jacobian brought together, and why they disagree where they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from jacmagic.agreement import Agreement, Witnesses, compare
from jacmagic.formula import ClosedForm
from jacmagic.formula.landmarks import Landmark, boundaries, kinks, origin_of_nonfinite
from jacmagic.labels import Label
from jacmagic.notation import notation_of
from jacmagic.numeric import Numbers, differences
from jacmagic.one_sided import OneSided
from jacmagic.problem import Problem
from jacmagic.road import point_of
from jacmagic.trace import ADVICE, Leak, Refusal

MOST_COLUMNS = 64  # inputs up to which finite differences are taken column by column
SECONDS = 0.5  # what finite differences may take
_UNKNOWN = "The cause is not known; please report this function."
_ROUNDING = "The function computes in low precision; cast its inputs with --dtype float64."


def finite_differences(
    problem: Problem, rows: int, tensors: Sequence[torch.Tensor] | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """The third witness and its estimated error, both (m, n); None where too dear or failing."""
    tensors = [one.value for one in problem.inputs] if tensors is None else tensors
    if sum(tensor.numel() for tensor in tensors) > MOST_COLUMNS or rows > 4096:
        return None
    found = differences(problem.function, tensors, seconds=SECONDS)
    if found is None or len(found.matrix) != rows:
        return None
    return found.matrix.numpy(), found.error.numpy()


def severed(form: ClosedForm, problem: Problem) -> Refusal | None:
    """A refusal if a number left torch on the way and the formula therefore misses a dependence.

    `float(x)` leaves no expression behind. Where it does not matter (a value that is only printed)
    finite differences confirm the formula, at the point and beside it.
    """
    for leak in form.trace.leaks:
        if leak.severed and not _confirmed(form, problem):
            return Refusal(
                leak.habit, leak.line, f"turns a tensor into a bare number; {leak.advice}"
            )
    return None


def _confirmed(form: ClosedForm, problem: Problem) -> bool:
    here = [one.value.detach() for one in problem.inputs]
    beside = [
        x
        + 0.1
        * (1 + x.abs())
        * torch.linspace(0.7, 1.3, max(x.numel(), 1))[: x.numel()].reshape(x.shape).to(x)
        for x in here
    ]
    for tensors in (here, beside):
        point = [v for tensor in tensors for v in tensor.reshape(-1).double().tolist()]
        if not form.holds_at(point):
            return False
        said = form.values(point) if problem.potential is None else _gradient(form, point)
        found = finite_differences(problem.potential or problem, len(said), tensors)
        if found is None:
            return False
        if not np.allclose(found[0], said, rtol=1e-4, atol=1e-5 + 10 * found[1].max()):
            return False
    return True


def _gradient(form: ClosedForm, point: Sequence[float]) -> np.ndarray:
    """The gradient (1, n) of which a Hessian's closed form is the Jacobian."""
    return np.array(form.tape.evaluate(point)[: form.shape[0]]).reshape(1, -1)


def examine(
    problem: Problem,
    numbers: Numbers,
    matrix: torch.Tensor,
    form: ClosedForm | None,
    *,
    rows: Sequence[Label],
    outside: set[int],
    refusal: Refusal | None = None,
    both: OneSided | None = None,
) -> Agreement:
    """Compare torch's matrix with the closed form and with finite differences.

    Args:
        problem: the function and the point.
        numbers: what the numeric road brought.
        matrix: torch's Jacobian (m, n).
        form: the closed form valid at the point, or None.
        rows: the labels of the outputs.
        outside: positions of inputs that the function reads from outside itself.
        refusal: why there is no closed form, if there is none.
        both: the two sides of a kink, if the point lies on one.
    """
    point = point_of(problem)
    columns = [label for one in problem.inputs for label in one.labels]
    truth = matrix.detach().cpu().double().numpy()
    found = finite_differences(problem, len(rows))
    witnesses = Witnesses(
        truth,
        None if form is None else form.values(point),
        None if found is None else found[0],
        None if found is None else found[1],
        _precision([matrix.dtype, *(leaf.dtype for leaf in numbers.outputs.leaves)]),
    )
    edges = [] if form is None else [*kinks(form, point), *boundaries(form, point)]

    def name(i: int, j: int) -> str:
        return notation_of(problem).unicode(problem.title, rows[i].unicode, columns[j].unicode)

    def cause(i: int, j: int) -> str:
        if refusal is not None and refusal.operation in ADVICE:
            return _habit(refusal.operation, refusal.line)
        return _cause(
            i, j, form=form, edges=edges, numbers=numbers, problem=problem, witnesses=witnesses
        )

    remarks = [
        *_gradient_remarks(problem, numbers, form, point),
        *_outside_remarks(problem, truth, outside),
        *(f"kink at this point: {edge}" for edge in dict.fromkeys(map(str, edges))),
        *_nonfinite_remarks(truth, form, point, name),
    ]
    between = None if both is None else both.around(truth)
    kinked = {row for edge in edges for row in edge.rows}
    return compare(
        witnesses,
        name=name,
        cause=cause,
        warnings=tuple(remarks),
        kinked=kinked,
        between=between,
    )


def _precision(dtypes: Sequence[torch.dtype]) -> str:
    """The shortest of some floating dtypes, by name."""
    floating = [dtype for dtype in dtypes if dtype.is_floating_point]
    shortest = min(floating, key=lambda dtype: torch.finfo(dtype).bits, default=torch.float64)
    return str(shortest).rpartition(".")[2]


def _cause(
    i: int,
    j: int,
    *,
    form: ClosedForm | None,
    edges: Sequence[Landmark],
    numbers: Numbers,
    problem: Problem,
    witnesses: Witnesses,
) -> str:
    """The likely reason why torch stands alone on one entry, and what to write instead."""
    if form is not None:
        for leak in _leaks_into(form, i):
            return _habit(leak.habit, leak.line)
        for edge in edges:
            if i in edge.rows:
                return f"The point lies on a kink: {edge}."
    if not _connected(numbers, problem, i, j):
        return (
            "torch's graph does not reach this input: look for torch.tensor([...]), .item(), "
            "float(), .detach(), .numpy() or no_grad on the way, and write torch.stack([...]) "
            "or the tensor itself."
        )
    if not np.isfinite(witnesses.torch[i, j]):
        return (
            "torch's backward pass meets 0·∞ or 0/0, often in a branch that torch.where discards."
        )
    if witnesses.precision != "float64":
        return _ROUNDING
    if form is None:
        return "A value may leave torch on the way: look for float(), .item() or a custom backward."
    return _UNKNOWN


def _habit(habit: str, line: int | None) -> str:
    place = "" if line is None else f" in line {line}"
    return f"{habit}{place} cuts torch's graph: {ADVICE[habit]}."


def _leaks_into(form: ClosedForm, row: int) -> list[Leak]:
    """The leaks whose values an output is made of."""
    reached = set(form.graph.reach([form.trace.outputs[row]]))
    return [leak for leak in form.trace.leaks if leak.nodes & reached]


def _connected(numbers: Numbers, problem: Problem, row: int, column: int) -> bool:
    """Whether torch's graph leads from an output component to an input component."""
    output = _holder([leaf.numel() for leaf in numbers.outputs.leaves], row)
    one = _holder([len(item.labels) for item in problem.inputs], column)
    return bool(numbers.connected[output][one])


def _holder(sizes: Sequence[int], place: int) -> int:
    """Which of consecutive parts holds a place."""
    for index, size in enumerate(sizes):
        if place < size:
            return index
        place -= size
    raise IndexError(place)


def _gradient_remarks(
    problem: Problem, numbers: Numbers, form: ClosedForm | None, point: Sequence[float]
) -> list[str]:
    """Up to three entries of the gradient that are wrong already, before it is differentiated.

    Finite differences of a Hessian difference torch's own gradient; here that gradient is held
    against finite differences of the function itself.
    """
    if problem.potential is None:
        return []
    columns = [label for one in problem.inputs for label in one.labels]
    leaves = numbers.outputs.leaves
    truth = torch.cat([leaf.detach().reshape(-1).cpu().double() for leaf in leaves])
    found = finite_differences(problem.potential, 1)
    witnesses = Witnesses(
        truth.numpy().reshape(1, -1),
        None if form is None else _gradient(form, point),
        None if found is None else found[0],
        None if found is None else found[1],
        _precision([leaf.dtype for leaf in leaves]),
    )
    leak = next((leak for leak in form.trace.leaks), None) if form is not None else None
    agreement = compare(
        witnesses,
        name=lambda i, j: f"∂{problem.title}/∂{columns[j].unicode}",
        cause=lambda i, j: "" if leak is None else _habit(leak.habit, leak.line),
        kinked=[0] if form is not None and kinks(form, point) else [],
    )
    return [
        f"the gradient is wrong already: {one.numbers}. {one.cause}".strip()
        for one in agreement.disagreements[:3]
    ]


def _outside_remarks(problem: Problem, truth: np.ndarray, outside: set[int]) -> list[str]:
    """Inputs whose whole block is zero because the function reads them from elsewhere."""
    remarks, start = [], 0
    for place, one in enumerate(problem.inputs):
        block = truth[:, start : start + len(one.labels)]
        start += len(one.labels)
        if place in outside and block.size and not block.any():
            remarks.append(
                f"{problem.title} reads {one.name} from outside instead of through its argument, "
                f"so these zeros are not its derivative: use the argument, or "
                "torch.func.functional_call(model, params, x) for a module"
            )
    return remarks


def _nonfinite_remarks(
    truth: np.ndarray,
    form: ClosedForm | None,
    point: Sequence[float],
    name: Callable[[int, int], str],
) -> list[str]:
    """Up to three entries that are nan or infinite, with the place where it first arises."""
    remarks = []
    for i, j in np.argwhere(~np.isfinite(truth))[:3]:
        origin = None if form is None else origin_of_nonfinite(form, int(i), int(j), point)
        because = f": {origin}" if origin else ""
        remarks.append(f"{name(int(i), int(j))} is {truth[i, j]}{because}")
    return remarks
