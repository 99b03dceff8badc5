"""All entries of a Jacobian: the roads that `choice` recommends, walked until one gets through."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from jacmagic.numeric.choice import ladder
from jacmagic.numeric.evaluation import Evaluation, connections
from jacmagic.numeric.forward import by_columns, by_forward
from jacmagic.numeric.ladder import Walked, walk
from jacmagic.numeric.memory import require_room
from jacmagic.numeric.numbers import Numbers
from jacmagic.numeric.reverse import by_pullback, by_reverse
from jacmagic.numeric.rows import by_rows
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


def dense(evaluation: Evaluation, asked: Asked, tuned: Tuned) -> Numbers:
    """All m · n entries, by the first of the modes that gets through.

    Args:
        evaluation: the plain run.
        asked: what was asked for.
        tuned: which modes were measured to be the quickest.

    Raises:
        SizeError: the result would not fit into `asked.memory`.
        StrictError: strict mode found an independent output.
    """
    m, n = evaluation.size
    graph, chunk = asked.create_graph, asked.chunk_size
    automatic = "reverse" if asked.strategy == "auto" and graph and m > 1 else asked.strategy
    require_room(m, evaluation.inputs, asked.memory)
    free = automatic == "auto" and asked.vectorize and not (asked.strict or chunk)
    roads = (tuned.order(evaluation) if free else None) or ladder(
        automatic, m, n, vectorize=asked.vectorize, one_by_one=asked.strict
    )
    connected = connections(evaluation)
    walked = walk(
        roads,
        {
            "rows": lambda: by_rows(evaluation, create_graph=graph, strict=asked.strict),
            "reverse": lambda: by_reverse(evaluation, create_graph=graph, chunk_size=chunk),
            "pullback": lambda: by_pullback(evaluation),
            "forward": lambda: by_forward(evaluation, chunk_size=chunk),
            "columns": lambda: by_columns(evaluation),
        },
    )
    return _finished(evaluation, walked, connected, asked)


_MODES = {"columns": "forward", "pullback": "reverse"}


def _finished(
    evaluation: Evaluation,
    walked: Walked,
    connected: tuple[tuple[bool, ...], ...],
    asked: Asked,
) -> Numbers:
    """Bring every road's result to one form: dtypes, zeros where torch has no graph."""
    forward = walked.road in ("forward", "columns")
    blocks, outputs = walked.blocks, evaluation.outputs
    if forward and asked.strategy == "auto":
        blocks = tuple(
            tuple(
                block.to(tensor.dtype) if known else torch.zeros_like(block, dtype=tensor.dtype)
                for block, tensor, known in zip(row, evaluation.inputs, reached, strict=True)
            )
            for row, reached in zip(blocks, connected, strict=True)
        )
    if not asked.create_graph:
        blocks = tuple(tuple(map(_detached, row)) for row in blocks)
        outputs = outputs.replace([leaf.detach() for leaf in outputs.leaves])
    m, n = evaluation.size
    return Numbers(
        outputs=outputs,
        found=blocks,
        mode=_MODES.get(walked.road, walked.road),
        passes=n if forward else m,
        notes=walked.notes,
        connected=connected,
    )


def _detached(block: Tensor) -> Tensor:
    return block.detach() if block.requires_grad else block
