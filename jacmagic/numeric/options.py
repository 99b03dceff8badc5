"""Options of one Jacobian computation, validated when they are created."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

from jacmagic.errors import OptionError, StrictError
from jacmagic.options import magic_option

MODES = ("auto", "forward", "reverse", "rows", "sparse")
STRATEGIES = (*MODES, "reverse-mode", "forward-mode")  # torch's names are understood, too


@dataclass(frozen=True)
class ComputeOptions:
    """How torch computes a Jacobian, the same at every point.

    Attributes:
        strategy: one of `STRATEGIES`. A mode that torch cannot use for the function is replaced by
            the next one, with a note. "auto" is sparse where that takes far fewer passes.
        chunk_size: rows or columns at a time; by default as many as time and memory allow.
        create_graph: keep the result differentiable.
        strict: an output independent of an input is an error, as in torch.
        vectorize: allow batches; without, one row (or column) after the other.

    Raises:
        OptionError: an unknown strategy, or a `chunk_size` that is not an integer from 1 on.
        StrictError: strict forward or sparse mode, which torch does not offer.
        NotImplementedError: differentiable forward or sparse mode, as in torch.
    """

    strategy: str = magic_option(
        "--mode", default="auto", choices=MODES, help="how torch computes it"
    )
    chunk_size: int | None = magic_option(
        "--chunk", type=int, metavar="N", help="rows or columns at a time"
    )
    create_graph: bool = magic_option(
        "--create-graph", default=False, help="keep the result differentiable"
    )
    strict: bool = magic_option(
        "--strict", default=False, help="error when an output does not depend on an input"
    )
    vectorize: bool = True

    def __post_init__(self) -> None:
        """Refuse what torch refuses, in its words."""
        strategy = self.strategy
        if strategy not in STRATEGIES:
            raise OptionError(
                f"Expected strategy to be one of {', '.join(STRATEGIES)}; "
                f"found {strategy!r}; write strategy='auto'"
            )
        check_chunk_size(self.chunk_size)
        if strategy in ("forward", "forward-mode", "sparse"):
            self._refuse_gradients_of_rows("sparse" if strategy == "sparse" else "forward")

    def _refuse_gradients_of_rows(self, name: str) -> None:
        """Refuse strict and differentiable results of modes that compute no gradients."""
        if self.strict:
            raise StrictError(
                f"`strict=True` and {name} mode are not supported together (yet): strict mode "
                "looks at the gradients of reverse mode; write strategy='reverse-mode'"
            )
        if self.create_graph:
            raise NotImplementedError(
                f"`create_graph=True` and {name} mode are not supported together (yet); "
                "write strategy='reverse-mode'"
            )


def check_chunk_size(chunk_size: Any) -> None:
    """Refuse anything but None and integers from 1 on.

    Raises:
        OptionError: in torch's words.
    """
    if chunk_size is None or (isinstance(chunk_size, Integral) and int(chunk_size) >= 1):
        return
    raise OptionError(
        f"`chunk_size` should be an integer greater than 0; found {chunk_size!r}; write 64"
    )


DEFAULTS = ComputeOptions()
