"""All entries of a Jacobian: the modes that `choice` recommends, tried until one is confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from jacmagic.numeric.confirmed import confirmed
from jacmagic.numeric.connections import connections, everywhere_connected
from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.memory import require_room
from jacmagic.numeric.modes.forward import by_columns, by_forward
from jacmagic.numeric.modes.mode_choice import FEW, ladder
from jacmagic.numeric.modes.reverse import by_reverse, by_vjp
from jacmagic.numeric.modes.rows import by_rows
from jacmagic.numeric.modes.try_modes import Tried, try_modes
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.tuning import Tuned


@dataclass(frozen=True)
class Asked:
    """What `compute` was asked for, beside the function and the point."""

    strategy: str
    chunk_size: int | None
    create_graph: bool
    strict: bool
    vectorize: bool
    memory: int | None


def dense(evaluation: Evaluation, asked: Asked, tuned: Tuned) -> NumericJacobian:
    """All m · n entries, by the first of the modes that gets through.

    Args:
        evaluation: the plain run.
        asked: what was asked for.
        tuned: which modes were measured to be the quickest.

    Raises:
        SizeError: the result would not fit into `asked.memory`.
        StrictError: strict mode found an independent output.
    """
    graph, chunk = asked.create_graph, asked.chunk_size
    require_room(evaluation.size[0], evaluation.inputs, asked.memory)
    modes = _modes(evaluation, asked, tuned)
    reached: list[bool] = []
    tried = try_modes(
        [mode for mode in modes if mode not in tuned.refuted] or ["rows"],
        {
            "rows": lambda: by_rows(
                evaluation, create_graph=graph, strict=asked.strict, reached=reached
            ),
            "reverse": lambda: by_reverse(
                evaluation, create_graph=graph, chunk_size=chunk, reached=reached
            ),
            "pullback": lambda: by_vjp(evaluation),
            "forward": lambda: by_forward(evaluation, chunk_size=chunk),
            "columns": lambda: by_columns(evaluation),
        },
    )
    known = [note for mode in modes for note in tuned.refuted.get(mode, ())]
    tried = Tried(tried.mode, tried.blocks, (*known[:1], *tried.notes))
    forward = tried.mode in ("forward", "columns")
    if reached and all(reached) and tried.mode in ("rows", "reverse"):
        connected = everywhere_connected(evaluation)
    else:
        connected = connections(evaluation, None if forward else tried.blocks)
    cut = _cut(evaluation, tried, connected) if forward else tried
    found = confirmed(evaluation, cut, tuned, create_graph=graph)
    if found.blocks is cut.blocks and asked.strategy != "auto":  # forward mode as it came
        found = Tried(found.mode, tried.blocks, found.notes)
    return finished(evaluation, found, connected, graph=graph)


def _modes(evaluation: Evaluation, asked: Asked, tuned: Tuned) -> Sequence[str]:
    """Return the modes to try, best first."""
    m, n = evaluation.size
    strategy = asked.strategy
    if strategy == "auto" and asked.create_graph and m > FEW:
        strategy = "reverse"
    free = strategy == "auto" and asked.vectorize and not (asked.strict or asked.chunk_size)
    return (tuned.order(evaluation) if free else None) or ladder(
        strategy, m, n, vectorize=asked.vectorize, one_by_one=asked.strict
    )


def _cut(evaluation: Evaluation, tried: Tried, connected: tuple[tuple[bool, ...], ...]) -> Tried:
    """Zeros where torch's graph does not lead, in the inputs' dtypes: forward mode goes further."""
    blocks = tuple(
        tuple(
            block.to(tensor.dtype) if known else torch.zeros_like(block, dtype=tensor.dtype)
            for block, tensor, known in zip(row, evaluation.inputs, reached, strict=True)
        )
        for row, reached in zip(tried.blocks, connected, strict=True)
    )
    return Tried(tried.mode, blocks, tried.notes)


_MODES = {"columns": "forward", "pullback": "reverse"}


def finished(
    evaluation: Evaluation,
    tried: Tried,
    connected: tuple[tuple[bool, ...], ...],
    *,
    graph: bool,
) -> NumericJacobian:
    """Bring every mode's blocks to one form."""
    forward = tried.mode in ("forward", "columns")
    blocks, outputs = tried.blocks, evaluation.outputs
    if not graph:
        blocks = tuple(tuple(map(_detached, row)) for row in blocks)
        outputs = outputs.replace([leaf.detach() for leaf in outputs.leaves])
    m, n = evaluation.size
    return NumericJacobian(
        outputs=outputs,
        found=blocks,
        mode=_MODES.get(tried.mode, tried.mode),
        passes=n if forward else m,
        notes=tried.notes,
        connected=connected,
    )


def _detached(block: Tensor) -> Tensor:
    return block.detach() if block.requires_grad else block
