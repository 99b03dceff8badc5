"""Differentiation mode: name, computation, cost, and words for notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.options import ComputeOptions

Blocks = tuple[tuple[Tensor, ...], ...]


class ModeResult(NamedTuple):
    """Blocks as a mode computed them.

    Attributes:
        blocks: `blocks[i][j]` is ∂(output i)/∂(input j), of shape output.shape + input.shape.
        all_reached: whether backward passes got from every output to every input.
    """

    blocks: Blocks
    all_reached: bool = False


@dataclass(frozen=True, eq=False)
class Mode:
    """One way to compute all entries of a Jacobian.

    Attributes:
        name: as the result reports it.
        run: computes the blocks from the plain run; raises what torch raises where it cannot.
        directions: whether one pass yields a row (backward) or a column (forward).
        instead: how a note says that this mode was used in the end.
        batched: whether many directions share a pass, by vmap.
        failed: how a note says that this mode could not be used.
        method: what torch is called in a note where its numbers fail the check by a plain backward
            pass; empty for plain backward passes themselves, which need no check.
    """

    name: str
    run: Callable[[Evaluation, ComputeOptions], ModeResult]
    directions: Literal["rows", "columns"]
    instead: str
    batched: bool = False
    failed: str = ""
    method: str = ""

    def passes(self, m: int, n: int) -> int:
        """Return how many vector products an m × n Jacobian takes: the mode's cost."""
        return m if self.directions == "rows" else n
