"""Try differentiation modes in order; fall back on torch errors, with one note.

The function itself has already run without an error. What goes wrong in a mode therefore says
something about the mode (vmap cannot batch this, an operation has no forward formula), not about
the function; only in the last one, plain backward passes, are errors the function's own, and they
pass untouched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jacmagic.numeric.evaluation import Evaluation
from jacmagic.numeric.modes.mode import Blocks, Mode
from jacmagic.numeric.options import ComputeOptions
from jacmagic.numeric.torch_errors import TORCH_ERRORS, cause_of


@dataclass(frozen=True)
class Tried:
    """The first mode that succeeded, its blocks, and notes on those that did not.

    Attributes:
        mode: name, computation and cost.
        blocks: what it computed.
        notes: why earlier modes could not be used.
        all_reached: whether backward passes got from every output to every input.
    """

    mode: Mode
    blocks: Blocks
    notes: tuple[str, ...] = ()
    all_reached: bool = False


def try_modes(modes: Sequence[Mode], evaluation: Evaluation, options: ComputeOptions) -> Tried:
    """Try differentiation modes, best first.

    Raises:
        Exception: whatever the last mode raises.
    """
    first: str | None = None
    for mode in modes[:-1]:
        try:
            blocks, all_reached = mode.run(evaluation, options)
        except TORCH_ERRORS as obstacle:
            first = first or f"{mode.failed}: {cause_of(obstacle)}"
        else:
            return Tried(mode, blocks, _note(first, mode), all_reached)
    mode = modes[-1]
    blocks, all_reached = mode.run(evaluation, options)
    return Tried(mode, blocks, _note(first, mode), all_reached)


def _note(first: str | None, mode: Mode) -> tuple[str, ...]:
    return () if first is None else (f"{first}; computed {mode.instead}",)
