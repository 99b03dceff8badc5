"""Samples of movements, of writes that add, of linear maps and of questions."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from rule_samples.sample import ONE_TENSOR, Sample, rules

_ROWS = torch.tensor([1, 0, 1])
_SCATTERED = torch.tensor([[0, 1, 0], [1, 1, 0]])
_EVERY_OTHER = torch.tensor([True, False, True])
_A = torch.ops.aten


def _put_in_place(x: torch.Tensor) -> torch.Tensor:
    out = x.clone()
    out[_ROWS[:2]] = 2 * x[:2]
    return out


def _masked_write(x: torch.Tensor) -> torch.Tensor:
    out = torch.index_put(x * 1, (x > 0,), torch.tensor(3.0, dtype=x.dtype))
    return out * x


SAMPLES: list[Sample] = [
    *rules(
        ((2, 3),), ((1, 2),),
        table="MOVEMENTS",
        cat=lambda x: torch.cat([x, 2 * x], 1),
        stack=lambda x: torch.stack([x, 2 * x], 1),
        block_diag=lambda x: torch.block_diag(x, 2 * x),
        flip=lambda x: x.flip(0, 1),
        roll=lambda x: x.roll(1, 1),
        rot90=lambda x: torch.rot90(x),
        repeat=lambda x: x.repeat(2, 1),
        tril=torch.tril,
        triu=torch.triu,
        gather=lambda x: x.gather(1, torch.tensor([[0, 1, 0]])),
        index=lambda x: x[:, torch.tensor([0, 1, 0])],
        index_select=lambda x: x.index_select(1, torch.tensor([1, 0])),
        take=lambda x: x.take(torch.tensor([1, 0, 1])),
        masked_select=lambda x: x[:, :2].masked_select(torch.tensor([True, False])),
        _unsafe_view=lambda x: _A._unsafe_view(x * 2, [-1]),
        _reshape_copy=lambda x: _A._reshape_copy(x, [-1]) * 2,
        diag_embed=lambda x: torch.diag_embed(x),
        _unsafe_index=lambda x: _A._unsafe_index(x, [None, torch.tensor([1, 0])]),
        constant_pad_nd=lambda x: F.pad(x, (1, 2), value=2.5) * 2,
        index_copy=lambda x: x.index_copy(1, torch.tensor([1]), 3 * x[:, :1]),
        index_fill=lambda x: x.index_fill(1, torch.tensor([1]), 2.0) * 2,
        put=lambda x: x.put(torch.tensor([1, 0]), 3 * x[0, :2]),
        scatter=lambda x: x.scatter(1, torch.tensor([[1]]), 3 * x[:1, :1]),
        masked_scatter=lambda x: x.masked_scatter(_EVERY_OTHER[: x.shape[1]], 3 * x),
        select_scatter=lambda x: torch.select_scatter(x, 2 * x[0], 0, -1),
        slice_scatter=lambda x: torch.slice_scatter(x, 2 * x[:, :1], 1, 1, 2),
        diagonal_scatter=lambda x: torch.diagonal_scatter(x, 2 * x.diagonal()),
        embedding=lambda x: F.embedding(torch.tensor([0, 0]), x),
    ),
    *rules(((3, 2),), ((2,),), table="MOVEMENTS", index_put=_put_in_place),
    *rules(((3, 2),), table="MOVEMENTS", _index_put_impl=lambda x: _A._index_put_impl(
        x, [torch.tensor([0, 2])], 2 * x[:2])),
    *rules(((1, 2, 3, 4),), table="MOVEMENTS", im2col=lambda x: F.unfold(x, 2)),
    *rules(((1, 4, 2, 3),), table="MOVEMENTS", pixel_shuffle=lambda x: F.pixel_shuffle(x, 2)),
    *rules(((1, 1, 2, 4),), table="MOVEMENTS", pixel_unshuffle=lambda x: F.pixel_unshuffle(x, 2)),
    *rules(((1, 4, 1, 2),), table="MOVEMENTS", channel_shuffle=lambda x: F.channel_shuffle(x, 2)),
    *rules(((1, 2, 3),), table="MOVEMENTS",
           reflection_pad1d=lambda x: F.pad(x, (1, 2), mode="reflect"),
           replication_pad1d=lambda x: F.pad(x, (1, 2), mode="replicate"),
           upsample_nearest1d=lambda x: F.interpolate(x, size=5)),
    *rules(((1, 1, 2, 3),), table="MOVEMENTS",
           reflection_pad2d=lambda x: F.pad(x, (1, 2, 1, 0), mode="reflect"),
           replication_pad2d=lambda x: F.pad(x, (1, 2, 1, 0), mode="replicate"),
           upsample_nearest2d=lambda x: F.interpolate(x, scale_factor=2)),
    *rules(((1, 1, 2, 2, 2),), table="MOVEMENTS",
           reflection_pad3d=lambda x: F.pad(x, (1, 1, 0, 0, 0, 1), mode="reflect"),
           replication_pad3d=lambda x: F.pad(x, (1, 1, 0, 0, 0, 1), mode="replicate"),
           upsample_nearest3d=lambda x: F.interpolate(x, scale_factor=2)),
    # ── writes that add ──
    *rules(
        ((2, 3), (3, 3)), ((2, 1), (3, 1)),
        index_reduce=lambda x, y: x.index_reduce(0, _ROWS, y, "prod"),
        scatter_add=lambda x, y: x.scatter_add(0, _SCATTERED[:, :1], y[:2, :1]),
        scatter_reduce=lambda x, y: x.scatter_reduce(
            0, _SCATTERED[:, :1], y[:2, :1], "mean", include_self=False),
        index_put=lambda x, y: x.index_put((_ROWS,), y, accumulate=True),
        _index_put_impl=lambda x, y: _A._index_put_impl(x, [_ROWS], y, True),
        put=lambda x, y: x.put(_ROWS, y[:, 0], accumulate=True),
    ),
    *rules(((2, 3),), ((1,),), ((0,),), index_put=_masked_write),
    *rules(((2, 3), (2, 3)), slope="differences", **{
        "scatter.reduce": lambda x, y: x.scatter(0, _SCATTERED, y, reduce="multiply")}),
    *rules(((2, 3),), slope="differences", **{
        "scatter.value_reduce": lambda x: x.scatter(0, _SCATTERED, 2.0, reduce="add")}),
    *rules(((3,),), slope="differences", bincount=lambda x: torch.bincount(_ROWS, x)),
    *rules(((3, 2),), _embedding_bag=lambda x: F.embedding_bag(
        torch.tensor([[0, 1, 1], [2, 0, 0]]), x, mode="mean")),
    # ── linear maps ──
    *rules(((2, 3),), ((1, 1),), table="LINEAR",
           _fft_r2c=lambda x: torch.view_as_real(torch.fft.rfft(x)),
           _fft_c2c=lambda x: torch.view_as_real(torch.fft.fft2(torch.complex(x, 2 * x))),
           _fft_c2r=lambda x: torch.fft.irfft(torch.complex(x, 2 * x), n=4)),
    *rules(((1, 4, 4),), ((1, 2, 3),), table="LINEAR",
           upsample_linear1d=lambda x: F.interpolate(x, size=5, mode="linear")),
    *rules(((1, 1, 4, 3),), table="LINEAR",
           avg_pool2d=lambda x: F.avg_pool2d(x, 2, padding=1),
           _adaptive_avg_pool2d=lambda x: F.adaptive_avg_pool2d(x, (2, 2)),
           upsample_bilinear2d=lambda x: F.interpolate(x, size=(3, 5), mode="bilinear"),
           upsample_bicubic2d=lambda x: F.interpolate(x, size=(3, 5), mode="bicubic"),
           grid_sampler_2d=lambda x: F.grid_sample(
               x, torch.tensor([[[[0.1, -0.2], [0.7, 0.4]]]]).to(x), align_corners=False)),
    *rules(((1, 1, 2, 2, 3),), table="LINEAR",
           avg_pool3d=lambda x: F.avg_pool3d(x, 2),
           _adaptive_avg_pool3d=lambda x: F.adaptive_avg_pool3d(x, (1, 2, 2)),
           upsample_trilinear3d=lambda x: F.interpolate(x, size=(3, 2, 2), mode="trilinear")),
    *rules(((1, 4, 6),), table="LINEAR", col2im=lambda x: F.fold(x, (3, 4), 2)),
    # ── questions ──
    *rules(*ONE_TENSOR, table="PREDICATES",
           equal=lambda x: 2 * x if torch.equal(x, x + 0) else x,
           allclose=lambda x: x if torch.allclose(x, x + 1) else 2 * x),
]  # fmt: skip
