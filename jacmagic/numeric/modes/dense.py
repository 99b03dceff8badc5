"""All entries of a Jacobian: modes are chosen, tried in order and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch

from jacmagic.numeric.confirmed import confirmed
from jacmagic.numeric.connections import Connections, connections, everywhere_connected
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.memory import require_memory
from jacmagic.numeric.modes.mode import Blocks, Mode
from jacmagic.numeric.modes.mode_choice import FALLBACKS
from jacmagic.numeric.modes.try_modes import Tried, try_modes
from jacmagic.numeric.options import ComputeOptions
from jacmagic.numeric.result import NumericJacobian, detached
from jacmagic.numeric.tuning import Tuned


def dense(
    evaluation: Evaluation, options: ComputeOptions, tuned: Tuned, memory: int | None
) -> NumericJacobian:
    """Compute all m · n entries by the first mode that succeeds.

    Args:
        evaluation: the plain run.
        options: how to compute.
        tuned: which modes were measured to be the quickest.
        memory: bytes the result may take; by default a quarter of what is free.

    Raises:
        SizeError: the result would not fit into `memory`.
        StrictError: strict mode found an independent output.
    """
    require_memory(evaluation.size[0], evaluation.inputs, memory)
    modes, notes = _modes(evaluation, options, tuned)
    tried = try_modes(modes, evaluation, options)
    if notes:
        tried = replace(tried, notes=(*notes, *tried.notes))
    forward = tried.mode.directions == "columns"
    if tried.all_reached:
        connected = everywhere_connected(evaluation)
    else:
        connected = connections(evaluation, partial(_is_nonzero, () if forward else tried.blocks))
    if not tried.mode.method:
        return as_result(evaluation, tried, connected, graph=options.create_graph)
    cut = _where_connected(evaluation, tried, connected) if forward else tried
    checked = confirmed(evaluation, cut, tuned, options)
    if checked.blocks is cut.blocks and options.strategy != "auto":  # forward mode as it came
        checked = replace(checked, blocks=tried.blocks)
    return as_result(evaluation, checked, connected, graph=options.create_graph)


def _is_nonzero(blocks: Blocks, output: int) -> bool:
    """Whether all blocks of an output are known and have an entry that is not zero."""
    return bool(blocks) and all(bool(block.any()) for block in blocks[output])


def _modes(
    evaluation: Evaluation, options: ComputeOptions, tuned: Tuned
) -> tuple[Sequence[Mode], tuple[str, ...]]:
    """Return the modes to try, best first, and a note on a refuted one."""
    unbound = options.strategy == "auto" and options.vectorize and not options.create_graph
    measured = None
    if unbound and not options.strict and not options.chunk_size:
        measured = tuned.order(evaluation)
    modes = measured or tuned.decided(evaluation, options)
    if not tuned.refuted:
        return modes, ()
    notes = [note for mode in modes for note in tuned.refuted.get(mode, ())]
    allowed = [mode for mode in modes if mode not in tuned.refuted]
    return allowed or FALLBACKS["rows"], tuple(notes[:1])


def _where_connected(evaluation: Evaluation, tried: Tried, connected: Connections) -> Tried:
    """Set blocks to zero where no graph leads, as reverse mode would, and cast them."""
    blocks = tuple(
        tuple(
            block.to(tensor.dtype) if reached else torch.zeros_like(block, dtype=tensor.dtype)
            for block, tensor, reached in zip(row, evaluation.inputs, all_reached, strict=True)
        )
        for row, all_reached in zip(tried.blocks, connected, strict=True)
    )
    return replace(tried, blocks=blocks)


def as_result(
    evaluation: Evaluation, tried: Tried, connected: Connections, *, graph: bool
) -> NumericJacobian:
    """Return a mode's blocks as a result, detached unless `graph`."""
    blocks, outputs = tried.blocks, evaluation.outputs
    if not graph:
        blocks, outputs = _detached(blocks), detached(outputs)
    passes = tried.mode.passes(*evaluation.size)
    return NumericJacobian(outputs, blocks, tried.mode.name, passes, tried.notes, connected)


def _detached(blocks: Blocks) -> Blocks:
    return tuple(
        [
            tuple([block.detach() if block.requires_grad else block for block in row])
            for row in blocks
        ]
    )
