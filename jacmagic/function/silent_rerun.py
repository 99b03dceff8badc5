"""Silent reruns of the user's function with the random numbers of its first run.

Under `vmap`, with dual numbers or for finite differences the function runs once more. The user
must not notice: nothing is printed twice, no warning comes twice, torch's remarks on vmap are kept
away, and the random numbers are those of the first run. They come from generators of the run's own;
torch's, which other threads draw from, are only read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor

from jacmagic.function.aten.operation import Operation
from jacmagic.function.interop.silence import silent
from jacmagic.function.torch_internals import InterceptingMode, overload_of

RandomStates = tuple[Tensor, ...]  # empty for a function that draws nothing


class silent_rerun:
    """Context of a silent rerun with the random numbers of the first run.

    Args:
        tensors: what the function is called with; tells which devices' generators matter.
        random: what `random_states` said before the first run; empty if that drew nothing.
    """

    def __init__(self, tensors: Sequence[Tensor], random: RandomStates) -> None:
        self._silent = silent(depth=2)
        self._draws = PrivateDraws(random) if random else None

    @property
    def drew(self) -> bool:
        """Whether the function has drawn from torch's generators."""
        return self._draws is not None and self._draws.drew

    def __enter__(self) -> silent_rerun:
        self._silent.__enter__()
        if self._draws is not None:
            self._draws.__enter__()
            _active.draws.append(self._draws)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._draws is not None:
            _active.draws.remove(self._draws)
            self._draws.__exit__(kind, error, traceback)
        self._silent.__exit__()


class _Active(threading.local):
    """The private generators of this thread, the innermost last."""

    def __init__(self) -> None:
        self.draws: list[PrivateDraws] = []


_active = _Active()


_draws_nothing: WeakSet[Callable[..., Any]] = WeakSet()


def random_states(
    tensors: Sequence[Tensor], function: Callable[..., Any] | None = None
) -> RandomStates:
    """Return the states of the generators that a function may draw from.

    Args:
        tensors: what the function is called with.
        function: what is called; one that is known to draw nothing needs no states.
    """
    if function is not None and function in _draws_nothing:
        return ()
    states = [torch.get_rng_state()]
    if any(tensor.is_cuda for tensor in tensors):
        states.append(torch.cuda.get_rng_state())
    return tuple(states)


def drawn_from(
    function: Callable[..., Any], tensors: Sequence[Tensor], before: RandomStates
) -> RandomStates:
    """Return `before` if anything has been drawn since, else (); that is cached per function."""
    now = random_states(tensors)
    if all(a.numpy().tobytes() == b.numpy().tobytes() for a, b in zip(now, before, strict=True)):
        _draws_nothing.add(function)
        return ()
    _draws_nothing.discard(function)
    return before


def set_random_states(tensors: Sequence[Tensor], states: RandomStates) -> None:
    """Let the runs of this thread that are under way draw from `states` on."""
    if states and _active.draws:
        _active.draws[-1].start(states)


class PrivateDraws(InterceptingMode):
    """Gives torch's random operations generators of their own."""

    def __init__(self, states: RandomStates) -> None:
        super().__init__()
        self.drew = False
        self._generators: dict[str, torch.Generator] = {}
        self.start(states)

    def start(self, states: RandomStates) -> None:
        """Draw from these states on."""
        self._states = dict(zip(("cpu", "cuda"), states, strict=False))
        self._generators.clear()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        op = Operation(func, args, kwargs or {})
        if not op.is_random:
            return op.run()
        self.drew = True
        device = next((arg.device for arg in args if isinstance(arg, Tensor)), None)
        generator = self._generator(torch.device(op.kwargs.get("device") or device or "cpu"))
        if generator is None or op.kwargs.get("generator") is not None:
            return op.run()
        return _drawn(op, generator)

    def _generator(self, device: torch.device) -> torch.Generator | None:
        state = self._states.get(device.type)
        if state is None:
            return None
        if device.type not in self._generators:
            generator = torch.Generator(device=device)
            generator.set_state(state)
            self._generators[device.type] = generator
        return self._generators[device.type]


def _drawn(op: Operation, generator: torch.Generator) -> Any:
    """Run a random operation with a generator of its own."""
    if op.name in _LIKE:
        empty = torch.empty_like(op.args[0], **op.kwargs)
        return _LIKE[op.name](empty, op.args[1:], generator)
    if "generator" in op.signature.arguments:
        return op.run_with(op.named | {"generator": generator})
    packet = getattr(torch.ops.aten, op.name)
    overload = "low_generator" if overload_of(op.func) == "low" else "generator"
    if overload in packet.overloads():
        return getattr(packet, overload)(*op.args, **{**op.kwargs, "generator": generator})
    if op.name == "native_dropout":
        return _dropped(generator, *op.args)
    return op.run()  # draws from torch's own: nothing else is offered


_LIKE: dict[str, Any] = {
    "rand_like": lambda x, _, generator: x.uniform_(generator=generator),
    "randn_like": lambda x, _, generator: x.normal_(generator=generator),
    "randint_like": lambda x, ends, generator: x.random_(
        *(ends if len(ends) == 2 else (0, *ends)), generator=generator
    ),
}


def _dropped(
    generator: torch.Generator, x: Tensor, p: float, train: bool | None = None
) -> tuple[Tensor, Tensor]:
    """`native_dropout`, as torch computes it."""
    if train is False:
        return x.clone(), torch.ones_like(x, dtype=torch.bool)
    mask = torch.empty(x.shape, dtype=torch.bool, device=x.device)
    mask.bernoulli_(1 - p, generator=generator)
    return x * mask * (0.0 if p == 1 else 1 / (1 - p)), mask
