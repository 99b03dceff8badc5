"""Errors by which torch refuses a differentiation mode, and their causes."""

from __future__ import annotations

from jacmagic.function.interop.call_limit import REFUSALS

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


def cause_of(obstacle: BaseException) -> str:
    """Return why torch could not use a mode, in a few words."""
    message = str(obstacle)
    for words, meaning in CAUSES:
        if words in message:
            return meaning
    return f"{type(obstacle).__name__} inside torch"
