"""Operations that only move data, with the arguments whose data they move.

NOTE [Movements run on integers]: what an interpreter keeps beside a number is an integer, so the
operation itself, run a second time on a tensor of these integers, moves them exactly as it moves
the numbers. One rule serves all movements and all interpreters, and no shape logic is repeated.
Padding with zero pads with the integer 0, which has to stand for a plain number.
"""

from __future__ import annotations

from jacmagic.function.aten.operation import Operation

_SELF = ("self",)

MOVEMENTS: dict[str, tuple[str, ...]] = {
    "cat": ("tensors",),
    "stack": ("tensors",),
    "block_diag": ("tensors",),
    **dict.fromkeys(
        "flip roll rot90 repeat tril triu gather index index_select take masked_select "
        "im2col _unsafe_view _reshape_copy diag_embed pixel_shuffle "
        "pixel_unshuffle reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d "
        "replication_pad2d replication_pad3d channel_shuffle _unsafe_index upsample_nearest1d "
        "upsample_nearest2d upsample_nearest3d".split(),
        _SELF,
    ),
    "constant_pad_nd": ("self", "value"),
    "index_put": ("self", "values"),
    "_index_put_impl": ("self", "values"),
    "index_copy": ("self", "source"),
    "index_fill": ("self", "value"),
    "put": ("self", "source"),
    "scatter": ("self", "src", "value"),
    "masked_scatter": ("self", "source"),
    "select_scatter": ("self", "src"),
    "slice_scatter": ("self", "src"),
    "diagonal_scatter": ("self", "src"),
    "embedding": ("weight",),
}


def accumulates(operation: Operation) -> bool:
    """Whether an indexed write accumulates, and hence is not a movement."""
    named = operation.named
    return bool(named.get("accumulate")) or named.get("reduce") is not None
