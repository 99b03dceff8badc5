"""From a function and tensors to its Jacobian's blocks: evaluate, choose, walk the ladder.

What this does not know: names, closed forms, how anything is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import SizeError, StrictError
from jacmagic.numeric.choice import ladder
from jacmagic.numeric.entries import Scheme, Sparse
from jacmagic.numeric.evaluation import Evaluation, connections, evaluate
from jacmagic.numeric.forward import by_columns, by_forward
from jacmagic.numeric.ladder import OBSTACLES, Walked, cause_of, walk
from jacmagic.numeric.memory import require_room
from jacmagic.numeric.reverse import by_reverse
from jacmagic.numeric.rows import Blocks, by_rows
from jacmagic.numeric.sparse import NotSparse, by_sparse, find_scheme, worth_trying
from jacmagic.structure import Outputs


@dataclass(frozen=True)
class Numbers:
    """A Jacobian as torch computed it.

    Attributes:
        outputs: the function's value; detached unless the graph was asked for.
        found: the dense blocks, or the entries that may differ from zero.
        mode: "rows", "reverse", "forward" or "sparse".
        passes: how many vector products that took: rows, or columns in forward mode.
        notes: short remarks for the reader, such as why it could not be batched.
        connected: `connected[i][j]` is False where torch's graph does not lead from output i to
            input j; the block is then zero, whatever the function may be.
    """

    outputs: Outputs
    found: Blocks | Sparse
    mode: str
    passes: int
    notes: tuple[str, ...]
    connected: tuple[tuple[bool, ...], ...]

    @property
    def sparse(self) -> Sparse | None:
        """The entries and their places, if only these were computed."""
        return self.found if isinstance(self.found, Sparse) else None

    @cached_property
    def blocks(self) -> Blocks:
        """`blocks[i][j]` is ∂(output i)/∂(input j), of shape output.shape + input.shape.

        Of the input's dtype, but for an explicit forward mode.

        Raises:
            SizeError: only the entries that may differ from zero were computed, and all m · n
                would not fit into memory.
        """
        if isinstance(self.found, Sparse):
            return self.found.blocks(self.outputs.leaves)
        return self.found

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
    scheme: Scheme | None = None,
) -> Numbers:
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
        memory: bytes the result may take; by default half of what is free.
        scheme: where the entries stood at another point, if that is known.

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
        entries: Sparse | None = None
        notes: tuple[str, ...] = ()
        if vectorize and not (strict or create_graph) and strategy in ("auto", "sparse"):
            entries, notes = _sparse(evaluation, strategy, scheme, memory, chunk_size)
        if entries is not None:
            return _entries(evaluation, entries)
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
    finished = _finished(evaluation, walked, connected, strategy, create_graph)
    return replace(finished, notes=(*notes, *finished.notes))


def _sparse(
    evaluation: Evaluation,
    strategy: str,
    scheme: Scheme | None,
    memory: int | None,
    chunk_size: int | None,
) -> tuple[Sparse | None, tuple[str, ...]]:
    """The entries that may differ from zero, or None and, where they were asked for, why not."""
    if scheme is not None and scheme.steady and scheme.fits(evaluation):
        try:
            check = scheme.by_zeros
            return by_sparse(evaluation, scheme, chunk_size=chunk_size, check=check), ()
        except NotSparse:  # its constants are others now
            pass
    insist = strategy == "sparse" or not _has_room(evaluation, memory)
    if not insist and not worth_trying(evaluation):
        return None, ()
    try:
        fresh = find_scheme(evaluation, insist=insist, memory=memory)
        return by_sparse(evaluation, fresh, chunk_size=chunk_size), ()
    except (NotSparse, *OBSTACLES) as obstacle:
        why = str(obstacle) if isinstance(obstacle, NotSparse) else cause_of(obstacle)
        return None, (f"not computed sparsely: {why}",) if insist else ()


def _has_room(evaluation: Evaluation, memory: int | None) -> bool:
    try:
        require_room(evaluation.size[0], evaluation.inputs, memory)
    except SizeError:
        return False
    return True


def _entries(evaluation: Evaluation, entries: Sparse) -> Numbers:
    outputs = evaluation.outputs
    return Numbers(
        outputs=outputs.replace([leaf.detach() for leaf in outputs.leaves]),
        found=entries,
        mode="sparse",
        passes=entries.scheme.plan.passes,
        notes=() if entries.scheme.steady else (_UNSTEADY,),
        connected=connections(evaluation),
    )


_UNSTEADY = "the places of the zeros depend on a branch or an index that the values chose"


def _check_request(
    strategy: str, chunk_size: int | None, *, create_graph: bool, strict: bool
) -> None:
    """Refuse what torch refuses, in its words."""
    ladder(strategy, 1, 1)
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"`chunk_size` should be greater than 0; found {chunk_size}; write 64")
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
        found=blocks,
        mode={"columns": "forward"}.get(walked.road, walked.road),
        passes=n if forward else m,
        notes=walked.notes,
        connected=connected,
    )


def _detached(block: Tensor) -> Tensor:
    return block.detach() if block.requires_grad else block
