"""Per-function tuning cache: sparse plans, failed searches for zeros, measured and refuted modes.

It holds how to compute a Jacobian and never what came out: the function runs at every call, and
what a plan or a mode brings is checked there. It goes with the function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor

from jacmagic.numeric.entries import SparsePlan
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.mode_choice import ladder
from jacmagic.numeric.modes.profiling import LONG, quicker

KINDS = 8  # kinds of inputs that are kept of one function
SHARE = 30  # how many times longer the calls must last than a failed search before the next one
BACKWARDS = ("reverse", "pullback")  # modes of which only whole calls tell the quicker
TRIALS = 2  # calls by each of them; the first may load and prepare


@dataclass
class Tuned:
    """How to compute the Jacobian of one function at inputs of one kind.

    Attributes:
        scheme: the sparse plan that was used last, to be checked wherever it is used again.
        search: seconds of the last search for zeros that found too few.
        since: seconds of all calls since then.
        before: seconds of the last call.
        calls: how many there were.
        modes: the dense ones in measured order, None where the sizes tell; empty before the second
            call, as the first one loads and prepares.
        taken: the one of `BACKWARDS` that this call takes, if both are being tried.
        tried: the seconds of the calls by each of them.
        refuted: modes whose numbers were not those of plain backward passes, with notes on each.
        passed: how often batched rows were those of a backward pass, by the graph's structure.
    """

    scheme: SparsePlan | None = None
    search: float = 0.0
    since: float = 0.0
    before: float = math.inf
    calls: int = 0
    modes: tuple[tuple[str, ...] | None, ...] = ()
    taken: str | None = None
    tried: dict[str, list[float]] = field(default_factory=lambda: {mode: [] for mode in BACKWARDS})
    refuted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    passed: dict[Any, int] = field(default_factory=dict)

    @property
    def search_pays(self) -> bool:
        """Whether searching for zeros again would cost a small share of the calls since."""
        return self.since >= SHARE * self.search

    def failed_search(self, seconds: float) -> None:
        """Note a search for zeros that found too few."""
        self.search, self.since = seconds, 0.0

    def count(self, seconds: float) -> None:
        """Note how long a call took."""
        self.calls += 1
        self.since += seconds
        self.before = seconds
        if self.taken is not None:
            self.tried[self.taken] = [*self.tried[self.taken], seconds][-TRIALS:]
            self.taken = None

    def order(self, evaluation: Evaluation) -> tuple[str, ...] | None:
        """Dense modes in the order that measurements recommend; None where the sizes tell.

        Where a call takes long and goes backwards, each of `BACKWARDS` has whole calls to itself.
        """
        if not self.calls:
            return quicker(evaluation)
        if not self.modes:
            self.modes = (quicker(evaluation),)
        modes = self.modes[0] or ladder("auto", *evaluation.size)
        if modes[0] != "reverse" or self.before < LONG:
            return self.modes[0]
        least = min(BACKWARDS, key=lambda mode: len(self.tried[mode]))
        if len(self.tried[least]) < TRIALS:
            self.taken = least
        else:
            self.taken = min(BACKWARDS, key=lambda mode: min(self.tried[mode]))
        return tuple(dict.fromkeys((self.taken, *modes)))


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
        """Nothing is known yet."""
        self._kinds: dict[tuple[Any, ...], Tuned] = {}

    def of(self, tensors: Sequence[Tensor], *options: Any) -> Tuned:
        """Return what is known for inputs of this kind; the oldest kind makes room."""
        key = *options, *[(t.shape, t.dtype, t.device) for t in tensors if isinstance(t, Tensor)]
        if key not in self._kinds and len(self._kinds) >= KINDS:
            self._kinds.pop(next(iter(self._kinds)))
        return self._kinds.setdefault(key, Tuned())


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
