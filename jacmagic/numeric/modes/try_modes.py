"""Try differentiation modes in order; fall back on torch errors and say so in one note.

The function itself has already run without an error. What goes wrong in a mode therefore says
something about the mode (vmap cannot batch this, an operation has no forward formula), not about
the function; only in the last one, plain backward passes, are errors the function's own, and they
pass untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.numeric.modes.rows import Blocks

TORCH_ERRORS = REFUSALS

# Words in torch's message → what they mean to the reader.
CAUSES: tuple[tuple[str, str], ...] = (
    ("data-dependent", "its control flow depends on the values"),
    (".item()", "it reads a value with .item() or float()"),
    ("aten::item", "it reads a value with .item() or float()"),
    ("in-place", "it writes into a tensor in place"),
    ("inplace", "it writes into a tensor in place"),
    ("generate_vmap_rule", "it uses a custom autograd.Function"),
    ("setup_context", "it uses a custom autograd.Function"),
    ("forward AD", "an operation has no forward formula"),
    ("forward mode", "an operation has no forward formula"),
    ("jvp", "an operation has no forward formula"),
    ("out of memory", "a batch did not fit into memory"),
    ("not enough memory", "a batch did not fit into memory"),
    ("random", "it draws random numbers"),
)

FAILED = {
    "forward": "not batched in forward mode",
    "columns": "not computed in forward mode",
    "reverse": "not batched",
    "pullback": "not batched by torch.func",
}
TAKEN = {
    "pullback": "by torch.func instead",
    "columns": "column by column instead",
    "reverse": "in reverse mode instead",
    "rows": "row by row instead",
}


@dataclass(frozen=True)
class Tried:
    """The first mode that got through, its blocks, and notes on those that did not."""

    mode: str
    blocks: Blocks
    notes: tuple[str, ...]


def try_modes(modes: Sequence[str], ways: Mapping[str, Callable[[], Blocks]]) -> Tried:
    """Try differentiation modes in order.

    Args:
        modes: names, best first.
        ways: what computes the blocks in each.

    Raises:
        Exception: whatever the last mode raises.
    """
    first: str | None = None
    for mode in modes[:-1]:
        try:
            blocks = ways[mode]()
        except TORCH_ERRORS as obstacle:
            first = first or f"{FAILED[mode]}: {cause_of(obstacle)}"
        else:
            return Tried(mode, blocks, _note(first, mode))
    mode = modes[-1]
    return Tried(mode, ways[mode](), _note(first, mode))


def _note(first: str | None, mode: str) -> tuple[str, ...]:
    return () if first is None else (f"{first}; computed {TAKEN[mode]}",)


def cause_of(obstacle: BaseException) -> str:
    """Why a mode failed, in a few words."""
    message = str(obstacle)
    for words, meaning in CAUSES:
        if words in message:
            return meaning
    return f"{type(obstacle).__name__} inside torch"
