"""Operations that only move data: which of their arguments hold the data that they move.

NOTE [Moves run on nodes]: a node is an integer, so the operation itself, run a second time on an
int64 tensor of nodes, moves the expressions exactly as it moves the numbers. Padding with zero
pads with node 0, which is the number 0. One rule serves them all, and no shape logic is repeated.
"""

from __future__ import annotations

_SELF = ("self",)

MOVES: dict[str, tuple[str, ...]] = {
    "cat": ("tensors",),
    "stack": ("tensors",),
    **dict.fromkeys(
        "flip roll rot90 repeat tril triu gather index index_select take masked_select "
        "repeat_interleave unfold_copy im2col _unsafe_view _reshape_copy diag_embed pixel_shuffle "
        "reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d "
        "replication_pad3d channel_shuffle _unsafe_index select_copy slice_copy permute_copy "
        "expand_copy diagonal_copy unbind_copy split_with_sizes_copy view_copy alias_copy "
        "detach_copy t_copy transpose_copy squeeze_copy unsqueeze_copy as_strided_copy".split(),
        _SELF,
    ),
    "constant_pad_nd": ("self", "value"),
    "index_put": ("self", "values"),
    "_unsafe_index_put": ("self", "values"),
    "_index_put_impl": ("self", "values"),
    "index_copy": ("self", "source"),
    "index_fill": ("self", "value"),
    "scatter": ("self", "src", "value"),
    "masked_scatter": ("self", "source"),
    "select_scatter": ("self", "src"),
    "slice_scatter": ("self", "src"),
    "diagonal_scatter": ("self", "src"),
    "fill_diagonal": ("self", "fill_value"),
    "embedding": ("weight",),
}
