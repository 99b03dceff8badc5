"""From a function and tensors to its Jacobian's blocks: evaluate, choose, walk the ladder.

What this does not know: names, closed forms, how anything is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import StrictError
from jacmagic.numeric.choice import ladder
from jacmagic.numeric.evaluation import Evaluation, connections, evaluate
from jacmagic.numeric.forward import by_columns, by_forward
from jacmagic.numeric.ladder import Walked, walk
from jacmagic.numeric.memory import require_room
from jacmagic.numeric.reverse import by_reverse
from jacmagic.numeric.rows import Blocks, by_rows
from jacmagic.structure import Outputs


@dataclass(frozen=True)
class Numbers:
    """A Jacobian as torch computed it.

    Attributes:
        outputs: the function's value; detached unless the graph was asked for.
        blocks: `blocks[i][j]` is ∂(output i)/∂(input j), of shape output.shape + input.shape and,
            but for an explicit forward mode, of the input's dtype.
        mode: "rows", "reverse" or "forward".
        passes: how many vector products that took: rows, or columns in forward mode.
        notes: short remarks for the reader, such as why it could not be batched.
        connected: `connected[i][j]` is False where torch's graph does not lead from output i to
            input j; the block is then zero, whatever the function may be.
    """

    outputs: Outputs
    blocks: Blocks
    mode: str
    passes: int
    notes: tuple[str, ...]
    connected: tuple[tuple[bool, ...], ...]

    @property
    def matrix(self) -> Tensor:
        """(m, n): outputs flattened by inputs flattened."""
        rows = []
        for leaf, blocks in zip(self.outputs.leaves, self.blocks, strict=True):
            rows.append(
                torch.cat([block.reshape(leaf.numel(), _width(leaf, block)) for block in blocks], 1)
            )
        return torch.cat(rows)

    def structured(self, *, single: bool) -> Any:
        """Torch's nesting: per output a tensor if there is a `single` input, else a tuple."""
        return self.outputs.rebuild([row[0] if single else row for row in self.blocks])


def _width(leaf: Tensor, block: Tensor) -> int:
    return torch.Size(block.shape[leaf.dim() :]).numel()


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
) -> Numbers:
    """Compute the Jacobian of `function` at `tensors`.

    Args:
        function: takes the tensors by position; returns a tensor, a number or a nest of them.
        tensors: real floating tensors of any shapes, n components in all.
        strategy: "auto", "rows", "reverse", "forward", "reverse-mode" or "forward-mode". A road
            that torch cannot take for this function is left for the next one, with a note.
        chunk_size: rows or columns at a time; by default as many as time and memory allow.
        create_graph: keep the result differentiable.
        strict: an output independent of an input is an error, as in torch.
        vectorize: allow batches; without, one row (or column) after the other.
        memory: bytes the result may take; by default half of what is free.

    Returns:
        The blocks and how they came about.

    Raises:
        FunctionError: an input or output is of a kind that has no Jacobian.
        StrictError: strict mode found an independent output, or cannot be had in forward mode.
        SizeError: the result would not fit into `memory`.
        ValueError: an unknown strategy, or `chunk_size` below 1.
        NotImplementedError: an explicit forward mode with `create_graph`, as in torch.

    Example:
        >>> import torch
        >>> compute(lambda x: x**2, (torch.tensor([1.0, 2.0]),)).matrix
        tensor([[2., 0.],
                [0., 4.]])
    """
    _check_request(strategy, chunk_size, create_graph=create_graph, strict=strict)
    with torch.inference_mode(False), torch.enable_grad():
        evaluation = evaluate(function, tuple(tensors), create_graph=create_graph)
        m, n = evaluation.size
        automatic = "reverse" if strategy == "auto" and create_graph and m > 1 else strategy
        roads = ladder(automatic, m, n, vectorize=vectorize, one_by_one=strict)
        require_room(m, evaluation.inputs, memory)
        connected = connections(evaluation)
        walked = walk(
            roads,
            {
                "rows": lambda: by_rows(evaluation, create_graph=create_graph, strict=strict),
                "reverse": lambda: by_reverse(
                    evaluation, create_graph=create_graph, chunk_size=chunk_size
                ),
                "forward": lambda: by_forward(evaluation, chunk_size=chunk_size),
                "columns": lambda: by_columns(evaluation),
            },
        )
    return _finished(evaluation, walked, connected, strategy, create_graph)


def _check_request(
    strategy: str, chunk_size: int | None, *, create_graph: bool, strict: bool
) -> None:
    """Refuse what torch refuses, in its words."""
    ladder(strategy, 1, 1)
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"`chunk_size` should be greater than 0; found {chunk_size}; write 64")
    if strategy in ("forward", "forward-mode"):
        if strict:
            raise StrictError(
                "`strict=True` and forward mode are not supported together (yet): strict mode "
                "looks at the gradients of reverse mode; write strategy='reverse-mode'"
            )
        if create_graph:
            raise NotImplementedError(
                "`create_graph=True` and forward mode are not supported together (yet); "
                "write strategy='reverse-mode'"
            )


def _finished(
    evaluation: Evaluation,
    walked: Walked,
    connected: tuple[tuple[bool, ...], ...],
    strategy: str,
    create_graph: bool,
) -> Numbers:
    """Bring every road's result to one form: dtypes, zeros where torch has no graph."""
    forward = walked.road in ("forward", "columns")
    blocks, outputs = walked.blocks, evaluation.outputs
    if forward and strategy == "auto":
        blocks = tuple(
            tuple(
                block.to(tensor.dtype) if known else torch.zeros_like(block, dtype=tensor.dtype)
                for block, tensor, known in zip(row, evaluation.inputs, reached, strict=True)
            )
            for row, reached in zip(blocks, connected, strict=True)
        )
    if not create_graph:
        blocks = tuple(tuple(map(_detached, row)) for row in blocks)
        outputs = outputs.replace([leaf.detach() for leaf in outputs.leaves])
    m, n = evaluation.size
    return Numbers(
        outputs=outputs,
        blocks=blocks,
        mode={"columns": "forward"}.get(walked.road, walked.road),
        passes=n if forward else m,
        notes=walked.notes,
        connected=connected,
    )


def _detached(block: Tensor) -> Tensor:
    return block.detach() if block.requires_grad else block
