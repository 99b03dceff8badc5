"""From a function and tensors to its Jacobian's blocks: evaluate, choose a mode, try, check.

What this does not know: names, closed forms, how anything is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from jacmagic.errors import OptionError, SizeError, StrictError
from jacmagic.numeric.connections import connections, everywhere_connected
from jacmagic.numeric.entries import Sparse
from jacmagic.numeric.evaluation import Evaluation, evaluate, recording
from jacmagic.numeric.memory import require_room
from jacmagic.numeric.modes.dense import Asked, dense, finished
from jacmagic.numeric.modes.mode_choice import ladder
from jacmagic.numeric.modes.rescue import Substitute, refusal_of, rescued
from jacmagic.numeric.modes.sparse import NotSparse, by_sparse, find_plan, worth_trying
from jacmagic.numeric.modes.try_modes import TORCH_ERRORS, cause_of
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.tuning import Tuned, Tuning


def compute(
    function: Callable[..., Any],
    tensors: Sequence[Tensor],
    *,
    strategy: str = "auto",
    chunk_size: int | None = None,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = True,
    memory: int | None = None,
    tuning: Tuning | None = None,
    substitute: Substitute | None = None,
) -> NumericJacobian:
    """Compute the Jacobian of `function` at `tensors`.

    Args:
        function: takes the tensors by position; returns a tensor, a number or a nest of them.
        tensors: real floating tensors of any shapes, n components in all.
        strategy: "auto", "rows", "reverse", "forward", "sparse", "reverse-mode" or
            "forward-mode". A road that torch cannot take for this function is left for the next
            one, with a note. "auto" is sparse where that takes far fewer passes.
        chunk_size: rows or columns at a time; by default as many as time and memory allow.
        create_graph: keep the result differentiable.
        strict: an output independent of an input is an error, as in torch.
        vectorize: allow batches; without, one row (or column) after the other.
        memory: bytes the result may take; by default a quarter of what is free.
        tuning: how earlier calls of the same function were computed best; this one adds to it.
        substitute: finds the Jacobian (m, n) from the closed form, should torch refuse.

    Returns:
        The blocks and how they came about.

    Raises:
        FunctionError: an input or output is of a kind that has no Jacobian.
        StrictError: strict mode found an independent output, or cannot be had in forward mode.
        SizeError: the result would not fit into `memory`.
        OptionError: an unknown strategy, or `chunk_size` below 1.
        NotImplementedError: an explicit forward mode with `create_graph`, as in torch.

    Example:
        >>> import torch
        >>> compute(lambda x: x**2, (torch.tensor([1.0, 2.0]),)).matrix
        tensor([[2., 0.],
                [0., 4.]])
    """
    check_request(strategy, chunk_size, create_graph=create_graph, strict=strict)
    asked = Asked(strategy, chunk_size, create_graph, strict, vectorize, memory)
    if tuning is None or create_graph or strict or not vectorize:
        tuning = Tuning()
    tuned = tuning.of(tensors, strategy, chunk_size)
    with recording():
        began = time.perf_counter()
        evaluation = evaluate(
            function, tuple(tensors), create_graph=create_graph, before=tuned.before
        )
        entries, notes = _sparse(evaluation, asked, tuned)
        if entries is not None:
            numbers = _entries(evaluation, entries)
        else:
            numbers = _dense(evaluation, asked, tuned, substitute)
            numbers = replace(numbers, notes=(*notes, *numbers.notes))
        tuned.count(time.perf_counter() - began)
    return numbers


def _dense(
    evaluation: Evaluation, asked: Asked, tuned: Tuned, substitute: Substitute | None
) -> NumericJacobian:
    """All entries; where torch refuses to go backwards, by another way with a note."""
    try:
        return dense(evaluation, asked, tuned)
    except RuntimeError as error:
        reason = refusal_of(error)
        if reason is None or asked.create_graph or asked.strict:
            raise
        tried = rescued(evaluation, reason, substitute)
        if tried is None:
            raise
    return finished(evaluation, tried, everywhere_connected(evaluation), graph=False)


def _sparse(
    evaluation: Evaluation, asked: Asked, tuned: Tuned
) -> tuple[Sparse | None, tuple[str, ...]]:
    """The entries that may differ from zero, or None and, where they were asked for, why not."""
    if not asked.vectorize or asked.strict or asked.create_graph:
        return None, ()
    if asked.strategy not in ("auto", "sparse"):
        return None, ()
    chunk = asked.chunk_size
    scheme = tuned.scheme
    if scheme is not None and scheme.steady and scheme.fits(evaluation):
        try:
            return by_sparse(evaluation, scheme, chunk_size=chunk), ()
        except (NotSparse, *TORCH_ERRORS):  # the function has other zeros now
            tuned.scheme = None
    insist = asked.strategy == "sparse" or not _has_room(evaluation, asked.memory)
    if not insist and not worth_trying(evaluation):
        return None, ()
    if not insist and not tuned.search_pays:
        return None, ()
    began = time.perf_counter()
    try:
        fresh = find_plan(evaluation, insist=insist, memory=asked.memory)
        entries = by_sparse(evaluation, fresh, chunk_size=chunk)
    except (NotSparse, *TORCH_ERRORS) as obstacle:
        why = str(obstacle) if isinstance(obstacle, NotSparse) else cause_of(obstacle)
        tuned.failed_search(time.perf_counter() - began)
        return None, (f"not computed sparsely: {why}",) if insist else ()
    tuned.scheme = fresh
    return entries, ()


def _has_room(evaluation: Evaluation, memory: int | None) -> bool:
    try:
        require_room(evaluation.size[0], evaluation.inputs, memory)
    except SizeError:
        return False
    return True


def _entries(evaluation: Evaluation, entries: Sparse) -> NumericJacobian:
    outputs = evaluation.outputs
    return NumericJacobian(
        outputs=outputs.replace([leaf.detach() for leaf in outputs.leaves]),
        found=entries,
        mode="sparse",
        passes=entries.scheme.plan.passes,
        notes=() if entries.scheme.steady else (_UNSTEADY,),
        connected=connections(evaluation),
    )


_UNSTEADY = "the places of the zeros depend on a branch or an index that the values chose"


def check_request(
    strategy: str, chunk_size: int | None, *, create_graph: bool, strict: bool
) -> None:
    """Refuse what torch refuses, in its words."""
    ladder(strategy, 1, 1)
    if chunk_size is not None and chunk_size < 1:
        raise OptionError(f"`chunk_size` should be greater than 0; found {chunk_size}; write 64")
    if strategy in ("forward", "forward-mode", "sparse"):
        name = "sparse" if strategy == "sparse" else "forward"
        if strict:
            raise StrictError(
                f"`strict=True` and {name} mode are not supported together (yet): strict mode "
                "looks at the gradients of reverse mode; write strategy='reverse-mode'"
            )
        if create_graph:
            raise NotImplementedError(
                f"`create_graph=True` and {name} mode are not supported together (yet); "
                "write strategy='reverse-mode'"
            )
