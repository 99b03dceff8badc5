"""Functions that cannot be compiled: random ones, and those that read or keep state.

The function runs twice at one point. It is refused where an operation draws random numbers, where
a generator's state moves, where something outside of it is written to, or where the two values
differ.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.compiled.constants import Constants
from jacmagic.dispatch import Watching
from jacmagic.errors import FunctionError
from jacmagic.numeric.quiet import quiet, random_states
from jacmagic.problem import Problem
from jacmagic.structure import flatten


class _Operations(Watching):
    """Notes random operations, and writes into tensors that are older than the run."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: list[str] = []
        self._own: list[Tensor] = []  # kept, so that no later storage has the address of one
        self._storages: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.reasons.append(f"{name} draws random numbers")
        for argument, value in zip(func._schema.arguments, args, strict=False):
            written = argument.alias_info is not None and argument.alias_info.is_write
            if written and isinstance(value, Tensor) and not self._is_own(value):
                self.reasons.append(f"{name} writes into a tensor from outside the function")
        result = func(*args, **kwargs)
        self._note(result, args)
        return result

    def _is_own(self, tensor: Tensor) -> bool:
        return tensor.untyped_storage()._cdata in self._storages

    def _note(self, result: Any, args: Any) -> None:
        older = {one.untyped_storage()._cdata for one in _tensors(args)}
        for tensor in _tensors(result):
            storage = tensor.untyped_storage()._cdata
            if storage not in older:
                self._own.append(tensor)
                self._storages.add(storage)


def _tensors(value: Any) -> list[Tensor]:
    leaves, _ = torch.utils._pytree.tree_flatten(value)
    return [leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.layout == torch.strided]


def require_pure(problem: Problem, constants: Constants) -> None:
    """Run a problem's function twice and refuse one that cannot be compiled.

    Args:
        problem: the function and the point; of a Hessian the scalar function is run.
        constants: what it reads from outside, with its state before.

    Raises:
        FunctionError: the function is random or has state; the message says which.
    """
    problem = problem.potential or problem
    operations = _Operations()
    before = _generators(problem)
    first = _run(problem, operations)
    reasons = list(dict.fromkeys(operations.reasons))
    if before != _generators(problem):
        reasons.append("a random generator's state moved")
    if changed := constants.changed():
        reasons.append(f"it changes {', '.join(changed)}")
    if not reasons and not _same(first, _run(problem, contextlib.nullcontext())):
        reasons.append("it gave other values when it ran again")
    if reasons:
        raise FunctionError(
            "expected a function without randomness and state to compile; found that "
            f"{reasons[0]}; pass what varies as an argument, or write jacmagic.jacobian(f, x)"
        )


def _run(problem: Problem, context: Any) -> list[Tensor]:
    tensors = [one.value.detach().clone() for one in problem.inputs]
    states = random_states(tensors)
    with quiet(tensors, states):
        with context:
            leaves = flatten(problem.function(*tensors)).leaves
        moved = any(not torch.equal(a, b) for a, b in zip(states, random_states(tensors)))
    if moved and isinstance(context, _Operations) and not context.reasons:
        context.reasons.append("torch's random state moves")
    return [leaf.detach() for leaf in leaves]


def _generators(problem: Problem) -> tuple[Any, ...]:
    """The states of Python's and NumPy's generators; torch's is looked at in the run."""
    name, keys, *rest = np.random.get_state()
    return random.getstate(), name, np.asarray(keys).tobytes(), tuple(rest)


def _same(first: Sequence[Tensor], second: Sequence[Tensor]) -> bool:
    return len(first) == len(second) and all(
        a.shape == b.shape and torch.equal(a.nan_to_num(), b.nan_to_num())
        for a, b in zip(first, second, strict=True)
    )
