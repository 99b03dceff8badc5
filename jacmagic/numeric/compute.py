"""Compute a Jacobian: evaluate, choose a mode, try it, check the result.

What this does not know: names, closed forms, how anything is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from jacmagic.errors import SizeError
from jacmagic.numeric.connections import connections, everywhere_connected
from jacmagic.numeric.entries import Sparse
from jacmagic.numeric.evaluation import Evaluation, evaluate, recording
from jacmagic.numeric.memory import require_memory
from jacmagic.numeric.modes.dense import as_result, dense
from jacmagic.numeric.modes.rescue import Substitute, refusal_of, rescued
from jacmagic.numeric.modes.sparse import MIN_ENTRIES, NotSparse, by_sparse, find_plan, worth_trying
from jacmagic.numeric.options import DEFAULTS, ComputeOptions
from jacmagic.numeric.result import NumericJacobian, detached
from jacmagic.numeric.torch_errors import TORCH_ERRORS, cause_of
from jacmagic.numeric.tuning import Tuned, Tuning

_UNSTEADY = "which entries are zero depends on a branch or an index that the values chose"


def compute(
    function: Callable[..., Any],
    tensors: Sequence[Tensor],
    options: ComputeOptions = DEFAULTS,
    *,
    memory: int | None = None,
    tuning: Tuning | None = None,
    substitute: Substitute | None = None,
) -> NumericJacobian:
    """Compute the Jacobian of `function` at `tensors`.

    Args:
        function: takes the tensors by position; returns a tensor, a number or a nest of them.
        tensors: real floating tensors of any shapes, n components in all.
        options: strategy, chunk size, whether the result is differentiable, strict mode.
        memory: bytes the result may take; by default a quarter of what is free.
        tuning: how earlier calls of the same function were computed best; this one adds to it.
        substitute: finds the Jacobian (m, n) from the closed form, should torch refuse.

    Returns:
        The blocks and how they came about.

    Raises:
        FunctionError: an input or output is of a kind that has no Jacobian.
        StrictError: strict mode found an independent output.
        SizeError: the result would not fit into `memory`.

    Example:
        >>> import torch
        >>> compute(lambda x: x**2, (torch.tensor([1.0, 2.0]),)).matrix
        tensor([[2., 0.],
                [0., 4.]])
    """
    if tuning is None or options.create_graph or options.strict or not options.vectorize:
        tuning = Tuning()
    tuned = tuning.of(tensors, options.strategy, options.chunk_size)
    with recording():
        began = time.perf_counter()
        evaluation = evaluate(
            function,
            tensors,
            create_graph=options.create_graph,
            before=tuned.before,
            alone=tuned.ran_once,
        )
        entries, notes = _sparse(evaluation, options, tuned, memory)
        if entries is not None:
            numbers = _of_entries(evaluation, entries)
        else:
            numbers = _dense(evaluation, options, tuned, memory, substitute).with_notes(notes)
        tuned.count(time.perf_counter() - began)
        backwards = numbers.mode in ("rows", "reverse") and tuned.is_short
        tuned.ran_once = backwards and not numbers.notes  # a note tells of a mode tried before
    return numbers


def _dense(
    evaluation: Evaluation,
    options: ComputeOptions,
    tuned: Tuned,
    memory: int | None,
    substitute: Substitute | None,
) -> NumericJacobian:
    """Compute all entries; where reverse mode refuses, by another mode with a note."""
    try:
        return dense(evaluation, options, tuned, memory)
    except RuntimeError as error:
        reason = refusal_of(error)
        if reason is None or options.create_graph or options.strict:
            raise
        tried = rescued(evaluation, reason, options, substitute)
        if tried is None:
            raise
    return as_result(evaluation, tried, everywhere_connected(evaluation), graph=False)


def _sparse(
    evaluation: Evaluation, options: ComputeOptions, tuned: Tuned, memory: int | None
) -> tuple[Sparse | None, tuple[str, ...]]:
    """Return the entries of a sparse Jacobian, or None and, where asked for, why not."""
    if not options.vectorize or options.strict or options.create_graph:
        return None, ()
    if options.strategy not in ("auto", "sparse"):
        return None, ()
    m, n = evaluation.size
    if options.strategy == "auto" and memory is None and m * n < MIN_ENTRIES and not tuned.plan:
        return None, ()
    entries = _by_earlier_plan(evaluation, options, tuned)
    if entries is not None:
        return entries, ()
    insist = options.strategy == "sparse" or not _fits(evaluation, memory)
    if not insist and not (worth_trying(evaluation) and tuned.search_pays):
        return None, ()
    began = time.perf_counter()
    try:
        plan = find_plan(evaluation, insist=insist, memory=memory)
        entries = by_sparse(evaluation, plan, chunk_size=options.chunk_size)
    except (NotSparse, *TORCH_ERRORS) as obstacle:
        why = str(obstacle) if isinstance(obstacle, NotSparse) else cause_of(obstacle)
        tuned.failed_search(time.perf_counter() - began)
        return None, (f"not computed sparsely: {why}",) if insist else ()
    tuned.plan = plan
    return entries, ()


def _by_earlier_plan(
    evaluation: Evaluation, options: ComputeOptions, tuned: Tuned
) -> Sparse | None:
    """Return the entries by an earlier call's plan; None where it no longer holds."""
    plan = tuned.plan
    if plan is None or not plan.steady or not plan.fits(evaluation):
        return None
    try:
        return by_sparse(evaluation, plan, chunk_size=options.chunk_size)
    except (NotSparse, *TORCH_ERRORS):  # the function has other zeros now
        tuned.plan = None
        return None


def _fits(evaluation: Evaluation, memory: int | None) -> bool:
    """Whether all m · n entries fit into memory."""
    try:
        require_memory(evaluation.size[0], evaluation.inputs, memory)
    except SizeError:
        return False
    return True


def _of_entries(evaluation: Evaluation, entries: Sparse) -> NumericJacobian:
    """Return a sparse result with its entries alone."""
    leaves = evaluation.outputs.leaves
    nonzero = [False] * len(leaves)
    if len(evaluation.inputs) == 1:  # which every output with an entry depends on
        nonzero = entries.nonzero_outputs(leaves)
    reached = all(nonzero)
    return NumericJacobian(
        outputs=detached(evaluation.outputs),
        data=entries,
        mode="sparse",
        passes=entries.scheme.plan.passes,
        notes=() if entries.scheme.steady else (_UNSTEADY,),
        connected=everywhere_connected(evaluation)
        if reached
        else connections(evaluation, nonzero.__getitem__),
    )
