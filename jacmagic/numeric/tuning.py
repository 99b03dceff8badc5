"""Per-function tuning cache: sparse plans, failed searches, measured modes.

It holds how to compute a Jacobian and never what came out: the function runs at every call, and
what a plan or a mode computes is checked there. It is freed with the function.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor

from jacmagic.numeric.entries import SparsePlan
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.forward import FORWARD
from jacmagic.numeric.modes.mode import Mode
from jacmagic.numeric.modes.mode_choice import fallbacks
from jacmagic.numeric.modes.profiling import (
    MIN_SECONDS_TO_PROFILE,
    fastest_modes,
    forward_may_pay,
    reverse_may_pay,
)
from jacmagic.numeric.modes.reverse import REVERSE
from jacmagic.numeric.modes.vjp import VJP
from jacmagic.numeric.options import DEFAULTS, ComputeOptions

MAX_INPUT_KINDS = 8  # of one function, and sizes of one kind, for which something is kept
SEARCH_SHARE = 30  # times that the calls since a failed search must last longer than it did
MIN_SECONDS_TO_LOAD = 2.0  # of all calls: about what the first `torch.func.vjp` loads for
TRIALS = 2  # calls by each of two modes of which only whole calls show the quicker one


@dataclass
class Tuned:
    """Tuning of one function at inputs of one kind: plan, modes, timings.

    Attributes:
        plan: the sparse plan that was used last, to be checked wherever it is used again.
        search: seconds of the last search for zeros that found too few.
        since: seconds of all calls since then.
        before: seconds of the last call.
        shortest: seconds of the shortest call.
        total: seconds of all calls.
        calls: how many there were.
        modes: the dense ones in measured order, None where the sizes decide; empty before the
            second call, as the first one loads and prepares.
        rivals: the first mode and what else may be quickest; None as long as calls are short.
        taken: the mode that this call takes, if several are tried.
        tried: the seconds of the calls by each of them.
        refuted: modes whose numbers were not those of plain backward passes, with notes on each.
        ran_once: whether the last call ran the function a single time, and so will the next.
        passed: how often batched rows were those of a backward pass, by the graph's structure.
        chosen: the modes that sizes and operations decided, by the numbers of both.
    """

    plan: SparsePlan | None = None
    search: float = 0.0
    since: float = 0.0
    before: float = math.inf
    shortest: float = math.inf
    total: float = 0.0
    calls: int = 0
    modes: tuple[tuple[Mode, ...] | None, ...] = ()
    rivals: tuple[Mode, ...] | None = None
    taken: Mode | None = None
    tried: dict[Mode, list[float]] = field(default_factory=lambda: defaultdict(list))
    refuted: dict[Mode, tuple[str, ...]] = field(default_factory=dict)
    ran_once: bool = False
    passed: dict[Any, int] = field(default_factory=dict)
    chosen: dict[Any, Sequence[Mode]] = field(default_factory=dict)

    @property
    def search_pays(self) -> bool:
        """Whether searching for zeros again would cost a small share of the calls since."""
        return self.since >= SEARCH_SHARE * self.search

    def failed_search(self, seconds: float) -> None:
        """Record a search for zeros that found too few."""
        self.search, self.since = seconds, 0.0

    def count(self, seconds: float) -> None:
        """Record the seconds of a call."""
        self.calls += 1
        self.since += seconds
        self.total += seconds
        self.before, self.shortest = seconds, min(self.shortest, seconds)
        if self.taken is not None:
            self.tried[self.taken] = [*self.tried[self.taken], seconds][-TRIALS:]
            self.taken = None

    @property
    def is_short(self) -> bool:
        """Whether calls are too short for other modes to be tried, which run the function again."""
        return self.shortest < MIN_SECONDS_TO_PROFILE

    def decided(self, evaluation: Evaluation, options: ComputeOptions) -> Sequence[Mode]:
        """Return the modes that the sizes decide; a run of as many operations is not read again."""
        kind = evaluation.size, evaluation.recorded
        if (modes := self.chosen.get(kind)) is None:
            if len(self.chosen) >= MAX_INPUT_KINDS:
                self.chosen.clear()
            modes = self.chosen[kind] = fallbacks(options, evaluation)
        return modes

    def order(self, evaluation: Evaluation) -> tuple[Mode, ...] | None:
        """Return dense modes in measured order; None where the sizes decide.

        Where a call takes long, each of `rivals` has whole calls to itself.
        """
        if not self.calls:
            return fastest_modes(evaluation)
        if not self.modes:
            self.modes = (fastest_modes(evaluation),)
        if self.is_short:
            return self.modes[0]
        modes = self.modes[0] or tuple(fallbacks(DEFAULTS, evaluation))
        rivals = self._rivals(modes[0], evaluation)
        if len(rivals) < 2:
            return self.modes[0]
        least = min(rivals, key=lambda mode: len(self.tried[mode]))
        if len(self.tried[least]) < TRIALS:
            self.taken = least
        else:
            self.taken = min(rivals, key=lambda mode: min(self.tried[mode]))
        return tuple(dict.fromkeys((self.taken, *modes)))

    def _rivals(self, first: Mode, evaluation: Evaluation) -> tuple[Mode, ...]:
        """Return the modes that may be quickest where the first one takes long."""
        if self.rivals is None:
            self.rivals = (first,)
            if first is FORWARD and reverse_may_pay(evaluation, self.shortest):
                self.rivals = (FORWARD, REVERSE)
            elif first is REVERSE and forward_may_pay(evaluation, self.shortest):
                self.rivals = (REVERSE, FORWARD)
        loaded = "torch._dynamo" in sys.modules or self.total >= MIN_SECONDS_TO_LOAD
        if first is REVERSE and loaded:  # `torch.func.vjp` has to be loaded first
            return *self.rivals, VJP
        return self.rivals


class Tuning:
    """The tuning of one function, by shapes, dtypes and devices of its inputs.

    Example:
        >>> import torch
        >>> tuning, x = Tuning(), torch.ones(3)
        >>> tuning.of([x], "auto") is tuning.of([2 * x], "auto")
        True
        >>> tuning.of([x], "auto") is tuning.of([x.double()], "auto")
        False
    """

    def __init__(self) -> None:
        """Start without any."""
        self._kinds: dict[tuple[Any, ...], Tuned] = {}

    def of(self, tensors: Sequence[Tensor], *options: Any) -> Tuned:
        """Return the tuning for inputs of this kind; the oldest kind is dropped."""
        key = *options, *[(t.shape, t.dtype, t.device) for t in tensors if isinstance(t, Tensor)]
        tuned = self._kinds.get(key)
        if tuned is None:
            if len(self._kinds) >= MAX_INPUT_KINDS:
                self._kinds.pop(next(iter(self._kinds)))
            tuned = self._kinds.setdefault(key, Tuned())
        return tuned


# By function, then by purpose: its Jacobian or its Hessian.
_TUNINGS: WeakKeyDictionary[Any, dict[str, Tuning]] = WeakKeyDictionary()


def tuning_of(function: Any, purpose: str = "Jacobian") -> Tuning:
    """Return the tuning of a function, kept as long as the user keeps the function.

    A new one for None, and for what cannot be held weakly or may equal another object.
    """
    kind: Any = type(function)
    if function is None or kind.__eq__ is not object.__eq__:
        return Tuning()
    try:
        return _TUNINGS.setdefault(function, {}).setdefault(purpose, Tuning())
    except TypeError:  # no weak reference, or no hash
        return Tuning()
