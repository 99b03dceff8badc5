"""What earlier calls for a function taught: a search in vain, the quicker road, a recorded one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from jacmagic.numeric.choice import ladder
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.measured import LONG, quicker
from jacmagic.numeric.numbers import Numbers
from jacmagic.numeric.recording import PROOFS, SMALL, Recording, Walk, Watched, recorded
from jacmagic.replay import undisturbed

AFTER = 3  # calls before a program is worth recording
QUICK = 3e-2  # seconds of the function beyond which recording is not even tried
KINDS = 8  # kinds of inputs that are kept of one function
SHARE = 30  # how many times longer the calls must last than a search in vain before the next one
BACKWARDS = ("reverse", "pullback")  # roads of which only trying tells the quicker
TRIALS = 2  # calls by each of them; the first may load and prepare
FAILURES = 3  # programs that proved wrong, after which none is tried

Key = tuple[Any, ...]

# From a function to what watches all it reads, or None if nobody can.
Watch = Callable[[Callable[..., Any]], Watched | None]


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
        >>> from jacmagic.surroundings import watched
        >>> experience = Experience(watched)
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
        known = self._known.get(_key(evaluation.inputs, strategy))
        return math.inf if known is None else known.before

    # ── zeros ─────────────────────────────────────────────────────────────────────────────────

    def in_vain(self, evaluation: Evaluation) -> bool:
        """Whether no zeros were found, and looking again would cost more than a small share."""
        known = self._known.get(_key(evaluation.inputs, "auto"))
        return known is not None and known.since < SHARE * known.search

    def found_nothing(self, evaluation: Evaluation, seconds: float) -> None:
        """Looking for zeros took so long, and there were too few."""
        known = self._of(_key(evaluation.inputs, "auto"))
        known.search, known.since = seconds, 0.0

    def roads(self, evaluation: Evaluation) -> tuple[str, ...] | None:
        """Dense roads in the order that measurements recommend; None where the sizes tell.

        Of two that go backwards each is taken for whole calls, where a call takes long and the
        Jacobian is too large for a recording.
        """
        known = self._of(_key(evaluation.inputs, "auto"))
        if not known.calls:  # which loads and prepares
            return quicker(evaluation)
        if not known.roads:
            known.roads = (quicker(evaluation),)
        roads = known.roads[0] or ladder("auto", *evaluation.size)
        small = math.prod(evaluation.size) <= SMALL
        if roads[0] != "reverse" or known.before < LONG or small:
            return known.roads[0]
        least = min(BACKWARDS, key=lambda road: len(known.tried[road]))
        if len(known.tried[least]) < TRIALS:
            known.taken = least
        else:
            known.taken = min(BACKWARDS, key=lambda road: min(known.tried[road]))
        return tuple(dict.fromkeys((known.taken, *roads)))

    # ── roads ─────────────────────────────────────────────────────────────────────────────────

    def recall_alone(self, tensors: Sequence[Tensor], strategy: str) -> Numbers | None:
        """The Jacobian by a recording that spares the run of the function; None without one."""
        if not self._known or not undisturbed(tensors):
            return None
        known = self._known.get(_key(tensors, strategy))
        if known is None or known.recording is None or known.recording.proved < PROOFS:
            return None
        return known.recording.numbers_alone(tensors)

    def recall(self, evaluation: Evaluation, strategy: str) -> Numbers | None:
        """The Jacobian by a recording, None where there is none that may stand in."""
        known = self._known.get(_key(evaluation.inputs, strategy))
        if known is None or known.recording is None or known.recording.proved < PROOFS:
            return None
        numbers = known.recording.numbers_at(evaluation)
        if numbers is None:
            known.fail()
        return numbers

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
        known = self._of(_key(evaluation.inputs, strategy))
        known.calls += 1
        known.since += seconds
        known.before = seconds
        if known.taken is not None:
            known.tried[known.taken] = [*known.tried[known.taken], seconds][-TRIALS:]
            known.taken = None
        if known.recording is None and self._is_due(known, evaluation):
            outside = self._watch(evaluation.function)
            known.recording = recorded(evaluation, numbers, walks, outside)
            known.failures += FAILURES * (known.recording is None)
        if known.recording is not None:
            if not known.recording.prove(evaluation, numbers, seconds):
                known.fail()
            elif known.recording.slower:
                known.recording, known.failures = None, FAILURES

    def _is_due(self, known: Known, evaluation: Evaluation) -> bool:
        """Whether the road is worth recording now."""
        often = known.calls >= AFTER and known.failures < FAILURES
        return often and evaluation.seconds <= QUICK

    def _of(self, key: Key) -> Known:
        if key not in self._known and len(self._known) >= KINDS:
            self._known.pop(next(iter(self._known)))
        return self._known.setdefault(key, Known())


def _key(tensors: Sequence[Tensor], strategy: str) -> Key:
    return strategy, *[(t.shape, t.dtype, t.device) for t in tensors]
