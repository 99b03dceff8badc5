"""Samples of complex intermediate values whose ends are real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from rule_samples.sample import POSITIVE, Sample, rules

_REAL = torch.view_as_real
_TWO = (((2, 3), (2, 3)), ((1,), (1,)), ((0,), (0,)))


def _of(function: Callable[[torch.Tensor], Any]) -> Callable[..., Any]:
    """Return a function of x + iy, returned as real numbers."""

    def real(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        value = function(torch.complex(x, y))
        return _REAL(value.resolve_conj()) if value.is_complex() else value

    return real


def _copy_into(z: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(z)
    out.copy_(z * 2)
    if z.numel():
        out[..., 0] = z.real[..., 0]
    return out


SAMPLES: list[Sample] = [
    *rules(
        *_TWO,
        table="COMPLEX",
        add=_of(lambda z: z + torch.conj(z * (1 + 2j))),
        sub=_of(lambda z: torch.sub(z, z * 1j, alpha=2)),
        mul=_of(lambda z: z * z * 1j),
        div=_of(lambda z: z / (z + 3)),
        neg=_of(lambda z: -z),
        reciprocal=_of(torch.reciprocal),
        pow=_of(lambda z: z**3 + z ** (-2)),
        _conj_physical=_of(torch.conj_physical),
        abs=_of(torch.abs),
        angle=_of(torch.angle),
        eq=_of(lambda z: torch.where(z == z * 2, z, z * z)),
        ne=_of(lambda z: torch.where(z != z * 2, z, z * z)),
        exp=_of(torch.exp),
        log=_of(torch.log),
        sqrt=_of(torch.sqrt),
        sin=_of(torch.sin),
        cos=_of(torch.cos),
        sinh=_of(torch.sinh),
        cosh=_of(torch.cosh),
        tan=_of(torch.tan),
        tanh=_of(torch.tanh),
        sum=_of(lambda z: z.sum()),
        where=_of(lambda z: torch.where(z.real > 0, z, z * z)),
        _to_copy=lambda x, y: torch.abs(x.to(torch.complex128) + 1j * y),
        clone=_of(lambda z: z.clone() * 2),
        copy_=_of(_copy_into),
    ),
    *rules(
        *_TWO,
        table="COMPLEX",
        slope="differences",
        copy=_of(lambda z: torch.ops.aten.copy(z * 2, z) * z),
    ),
    *rules(
        *_TWO,
        table="",
        complex=_of(lambda z: z * 2),
        complex_rsub=_of(lambda z: 1 - z),
        complex_sgn=_of(torch.sgn),
        complex_zero=_of(lambda z: (z * 2).zero_() + z),
        complex_fill=_of(lambda z: torch.fill(z, 2 + 1j) * z),
    ),
    *rules(((2, 3), (2, 3)), ((1, 1), (1, 1)), table="", complex_mean=_of(lambda z: z.mean(1))),
    # torch differentiates polar as if its first argument were positive
    *rules(*_TWO, table="", domain=POSITIVE, polar=lambda r, t: _REAL(torch.polar(r, t))),
    *rules(
        ((2, 3), (2, 3)), ((1, 1), (1, 1)),
        table="COMPLEX",
        linalg_vector_norm=_of(lambda z: torch.linalg.vector_norm(z, dim=1)),
        mm=_of(lambda z: z @ z.mH),
        mv=_of(lambda z: z @ z[0]),
        dot=_of(lambda z: torch.dot(z[0], z[-1])),
        vdot=_of(lambda z: torch.vdot(z[0], z[-1] * 1j)),
        bmm=_of(lambda z: torch.bmm(z[None], z.mT[None])),
    ),
]  # fmt: skip
