"""Roads tried in order until one gets through; the reader hears of it in one short note.

The function itself has already run without an error. What goes wrong on a road therefore says
something about the road (vmap cannot batch this, an operation has no forward formula), not about
the function; only on the last road, plain backward passes, are errors the function's own, and they
pass untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jacmagic.numeric.rows import Blocks

# Whatever Python code may raise on tensors that are not ordinary numbers. Not KeyboardInterrupt.
OBSTACLES = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError,
    ValueError
)  # fmt: skip

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
class Walked:
    """The road that got through, what it gave, and what was learnt on the way."""

    road: str
    blocks: Blocks
    notes: tuple[str, ...]


def walk(roads: Sequence[str], ways: Mapping[str, Callable[[], Blocks]]) -> Walked:
    """Try `roads` in order.

    Args:
        roads: names, best first.
        ways: how to walk each.

    Raises:
        Exception: whatever the last road raises.
    """
    first: str | None = None
    for road in roads[:-1]:
        try:
            blocks = ways[road]()
        except OBSTACLES as obstacle:
            first = first or f"{FAILED[road]}: {cause_of(obstacle)}"
        else:
            return Walked(road, blocks, _note(first, road))
    road = roads[-1]
    return Walked(road, ways[road](), _note(first, road))


def _note(first: str | None, road: str) -> tuple[str, ...]:
    return () if first is None else (f"{first}; computed {TAKEN[road]}",)


def cause_of(obstacle: Exception) -> str:
    """Why a road was closed, in a few words."""
    message = str(obstacle)
    for words, meaning in CAUSES:
        if words in message:
            return meaning
    return f"{type(obstacle).__name__} inside torch"
