"""What earlier calls for a function taught: a search in vain, a road recorded as a program.

NOTE [When a program may stand in]: the function itself is still run, plainly, at every point. Its
program stands in for the road alone, and only where its values of the function are the same bit by
bit and nothing that the function reads from outside has changed. Before that it has to bring what
the road itself does, when it is recorded and at the next point.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from jacmagic.numeric.choice import ladder
from jacmagic.numeric.entries import Sparse
from jacmagic.numeric.evaluation import Evaluation, evaluate
from jacmagic.numeric.ladder import OBSTACLES
from jacmagic.numeric.measured import LONG, quicker
from jacmagic.numeric.numbers import Numbers
from jacmagic.numeric.rows import Blocks
from jacmagic.replay import Program, Recorder, Unrecorded, program_of, same_values

AFTER = 3  # calls before a program is worth recording
QUICK = 3e-2  # seconds of the function beyond which recording is not even tried
SMALL = 2**18  # scalars of a result, likewise
KINDS = 8  # kinds of inputs that are kept of one function
SHARE = 30  # how many times longer the calls must last than a search in vain before the next one
BACKWARDS = ("reverse", "pullback")  # roads of which only trying tells the quicker
TRIALS = 2  # calls by each of them; the first may load and prepare
PROOFS = 2  # points at which a program must bring what the road does before it stands in
RUNS = 2  # of the program at each of these points; the quickest counts
SLOWER = 1.0  # times what the road takes, beyond which a program does not stand in
FAILURES = 3  # programs that proved wrong, after which none is tried

Key = tuple[Any, ...]

Walk = Callable[[Evaluation], Numbers]

# From a function to what tells whether all it reads is unchanged, or None if nobody can tell.
Watch = Callable[[Callable[..., Any]], Callable[[], bool] | None]


@dataclass
class Recording:
    """A program, and what it stands for.

    Attributes:
        program: from the inputs to the function's values and the Jacobian's tensors.
        unchanged: whether what the function reads from outside is as it was.
        numbers: what the road brought when it was walked.
        attached: whether each output had a graph.
        proved: at how many points it brought what the road itself did.
        quickest: seconds of the program, the shortest of its proofs.
        road: seconds of the road that it would stand in for, the shortest likewise.
    """

    program: Program
    unchanged: Callable[[], bool]
    numbers: Numbers
    attached: list[bool]
    proved: int = 0
    quickest: float = math.inf
    road: float = math.inf

    @property
    def slower(self) -> bool:
        """Whether its operations outweigh what leads to them."""
        return self.proved >= PROOFS and self.quickest > SLOWER * self.road


@dataclass
class Known:
    """What is known of a function at inputs of one kind.

    Attributes:
        calls: how often it was asked for since the last failure.
        failures: how many recordings proved wrong.
        recording: what stands in for the road.
        search: seconds that looking for zeros took, the last time that none were found.
        since: seconds of all calls since then.
        before: seconds of the last call.
        roads: dense ones in the order that was measured, None if the sizes tell enough; not there
            before the second call, as the first one loads and prepares.
        taken: the one that goes backwards in this call, where several do.
        tried: the seconds of the calls by each of them.
    """

    calls: int = 0
    failures: int = 0
    recording: Recording | None = None
    search: float = 0.0
    since: float = 0.0
    before: float = math.inf
    roads: tuple[tuple[str, ...] | None, ...] = ()
    taken: str | None = None
    tried: dict[str, list[float]] = field(default_factory=lambda: {road: [] for road in BACKWARDS})

    def fail(self) -> None:
        """The recording did not bring what it should."""
        self.recording, self.calls = None, 0
        self.failures += 1


class Experience:
    """What is known of one function.

    Example:
        >>> import torch
        >>> from jacmagic.numeric import compute
        >>> experience = Experience(lambda function: lambda: True)  # it reads nothing
        >>> x = torch.tensor([1.0, 2.0, 3.0])
        >>> several = [compute(torch.sin, (x,), experience=experience).matrix for _ in range(5)]
        >>> experience.recorded, all(torch.equal(several[0], one) for one in several)
        (1, True)
    """

    def __init__(self, watch: Watch) -> None:
        """Nothing is known yet; `watch` watches what a function reads from outside."""
        self._watch = watch
        self._known: dict[Key, Known] = {}

    @property
    def recorded(self) -> int:
        """How many recordings there are."""
        return sum(known.recording is not None for known in self._known.values())

    def before(self, evaluation: Evaluation, strategy: str) -> float:
        """Seconds that the last call took; infinite where there was none."""
        known = self._known.get(_key(evaluation, strategy))
        return math.inf if known is None else known.before

    # ── zeros ─────────────────────────────────────────────────────────────────────────────────

    def in_vain(self, evaluation: Evaluation) -> bool:
        """Whether no zeros were found, and looking again would cost more than a small share."""
        known = self._known.get(_key(evaluation, "auto"))
        return known is not None and known.since < SHARE * known.search

    def found_nothing(self, evaluation: Evaluation, seconds: float) -> None:
        """Looking for zeros took so long, and there were too few."""
        known = self._of(_key(evaluation, "auto"))
        known.search, known.since = seconds, 0.0

    def roads(self, evaluation: Evaluation) -> tuple[str, ...] | None:
        """Dense roads in the order that measurements recommend; None where the sizes tell.

        Of two that go backwards each is taken for whole calls, where a call takes long.
        """
        known = self._of(_key(evaluation, "auto"))
        if not known.calls:  # which loads and prepares
            return quicker(evaluation)
        if not known.roads:
            known.roads = (quicker(evaluation),)
        roads = known.roads[0] or ladder("auto", *evaluation.size)
        if roads[0] != "reverse" or known.before < LONG:
            return known.roads[0]
        least = min(BACKWARDS, key=lambda road: len(known.tried[road]))
        if len(known.tried[least]) < TRIALS:
            known.taken = least
        else:
            known.taken = min(BACKWARDS, key=lambda road: min(known.tried[road]))
        return tuple(dict.fromkeys((known.taken, *roads)))

    # ── roads ─────────────────────────────────────────────────────────────────────────────────

    def recall(self, evaluation: Evaluation, strategy: str) -> Numbers | None:
        """The Jacobian by a recording, None where there is none that may stand in."""
        known = self._known.get(_key(evaluation, strategy))
        if known is None or known.recording is None or known.recording.proved < PROOFS:
            return None
        results = _results(known.recording, evaluation)
        if results is None:
            known.fail()
            return None
        leaves = evaluation.outputs.leaves
        outputs = evaluation.outputs.replace([leaf.detach() for leaf in leaves])
        return _with(known.recording.numbers, outputs, results[len(leaves) :])

    def learn(
        self,
        evaluation: Evaluation,
        strategy: str,
        numbers: Numbers,
        walks: Sequence[Walk],
        seconds: float,
    ) -> None:
        """Count a call; record its road when it has been walked often enough.

        Args:
            evaluation: of this call.
            strategy: what was asked for.
            numbers: what it brought.
            walks: the same road again, on another evaluation of the function, and others that
                bring the same.
            seconds: how long it took.
        """
        known = self._of(_key(evaluation, strategy))
        known.calls += 1
        known.since += seconds
        known.before = seconds
        if known.taken is not None:
            known.tried[known.taken] = [*known.tried[known.taken], seconds][-TRIALS:]
            known.taken = None
        if known.recording is not None:
            self._prove(known, evaluation, numbers, seconds)
        elif known.calls >= AFTER and known.failures < FAILURES and evaluation.seconds <= QUICK:
            self._record(known, evaluation, numbers, walks, seconds)

    def _record(
        self,
        known: Known,
        evaluation: Evaluation,
        numbers: Numbers,
        walks: Sequence[Walk],
        seconds: float,
    ) -> None:
        unchanged = self._watch(evaluation.function) if _is_small(numbers) else None
        try:
            if unchanged is None:
                raise Unrecorded("it is large, or its surroundings may change unseen")
            program = _shortest(evaluation, walks)
        except (Unrecorded, *OBSTACLES):
            known.failures = FAILURES
            return
        attached = [leaf.requires_grad for leaf in evaluation.outputs.leaves]
        known.recording = Recording(program, unchanged, numbers, attached)
        self._prove(known, evaluation, numbers, seconds)

    def _prove(
        self, known: Known, evaluation: Evaluation, numbers: Numbers, seconds: float
    ) -> None:
        """Compare with what the road brought; see NOTE [When a program may stand in]."""
        recording = known.recording
        assert recording is not None
        road = _flat(numbers)
        for _ in range(RUNS):
            began = time.perf_counter()
            results = _results(recording, evaluation)
            recording.quickest = min(recording.quickest, time.perf_counter() - began)
        if results is None or not all(map(_close, results[-len(road) :], road)):
            known.fail()
            return
        recording.proved += 1
        recording.road = min(recording.road, seconds - evaluation.seconds)
        if recording.slower:
            known.recording, known.failures = None, FAILURES

    def _of(self, key: Key) -> Known:
        if key not in self._known and len(self._known) >= KINDS:
            self._known.pop(next(iter(self._known)))
        return self._known.setdefault(key, Known())


def _key(evaluation: Evaluation, strategy: str) -> Key:
    return strategy, *((t.shape, t.dtype, t.device) for t in evaluation.inputs)


def _is_small(numbers: Numbers) -> bool:
    """Whether starting the operations costs more than the operations."""
    leaves = (*numbers.outputs.leaves, *_flat(numbers))
    return (
        all(leaf.device.type == "cpu" for leaf in leaves)
        and sum(leaf.numel() for leaf in leaves) <= SMALL
        and not numbers.notes
        and (numbers.sparse is None or numbers.sparse.scheme.certain)
    )


def _shortest(evaluation: Evaluation, walks: Sequence[Walk]) -> Program:
    """The program of fewest operations; of the first walk where no other can be recorded."""
    program = _recorded(evaluation, walks[0])
    for walk in walks[1:]:
        with contextlib.suppress(Unrecorded, *OBSTACLES):
            program = min(program, _recorded(evaluation, walk), key=lambda one: one.steps)
    return program


def _recorded(evaluation: Evaluation, walk: Walk) -> Program:
    """Run the function and its road once more, under a recorder."""
    tensors = [tensor.detach() for tensor in evaluation.inputs]
    recorder = Recorder(tensors)
    with evaluation.again(), recorder:
        there = evaluate(evaluation.function, tensors, create_graph=False)
        numbers = walk(dataclasses.replace(there, seconds=evaluation.seconds))
    return program_of(recorder, [*numbers.outputs.leaves, *_flat(numbers)])


def _flat(numbers: Numbers) -> list[Tensor]:
    """The tensors that hold a Jacobian."""
    if isinstance(numbers.found, Sparse):
        return [numbers.found.values]
    return [block for row in numbers.found for block in row]


def _with(numbers: Numbers, outputs: Any, tensors: Sequence[Tensor]) -> Numbers:
    """The same with other outputs and other tensors."""
    found: Blocks | Sparse
    if isinstance(numbers.found, Sparse):
        found = Sparse(numbers.found.scheme, tensors[0])
    else:
        rest = iter(tensors)
        found = tuple([tuple([next(rest) for _ in row]) for row in numbers.found])
    return Numbers(outputs, found, numbers.mode, numbers.passes, numbers.notes, numbers.connected)


def _results(recording: Recording, evaluation: Evaluation) -> tuple[Tensor, ...] | None:
    """What a program brings; None where it may not stand in."""
    leaves = evaluation.outputs.leaves
    if [leaf.requires_grad for leaf in leaves] != recording.attached or not recording.unchanged():
        return None
    try:
        results = recording.program(*evaluation.inputs)
    except OBSTACLES:
        return None
    for leaf, result in zip(leaves, results, strict=False):
        if leaf.shape != result.shape or leaf.dtype != result.dtype:
            return None
        if not same_values(leaf, result):
            return None
    return results


def _close(one: Tensor, other: Tensor) -> bool:
    """Equal but for the order of sums; nan to nan."""
    eps = torch.finfo(other.dtype).eps
    return one.shape == other.shape and torch.allclose(
        one, other, rtol=100 * eps, atol=100 * eps, equal_nan=True
    )
