"""Samples of products, small linear algebra and convolutions."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from rule_samples.sample import Sample, rules


def _definite(a: torch.Tensor) -> torch.Tensor:
    """Return a symmetric positive definite matrix."""
    return a @ a.mT + 2 * torch.eye(a.shape[-2], dtype=a.dtype)


def _steady(a: torch.Tensor) -> torch.Tensor:
    """Return a matrix far from singular."""
    return a + 4 * torch.eye(a.shape[-1], dtype=a.dtype)


def _lu_solutions(a: torch.Tensor, b: torch.Tensor) -> tuple:
    """All four systems that one factorisation solves."""
    factors = _LINALG.lu_factor(a)
    return tuple(
        _LINALG.lu_solve(*factors, b if left else b.mT, left=left, adjoint=adjoint)
        for left in (True, False)
        for adjoint in (True, False)
    )


def _lower(a: torch.Tensor) -> torch.Tensor:
    return torch.tril(_steady(a))


def _skew(w: torch.Tensor) -> torch.Tensor:
    zero = torch.zeros_like(w[0])
    rows = (zero, -w[2], w[1]), (w[2], zero, -w[0]), (-w[1], w[0], zero)
    return torch.stack([torch.stack(row) for row in rows])


_LINALG = torch.linalg
_HILBERT = 1 / (torch.arange(6)[:, None] + torch.arange(1, 7)).double() + torch.eye(6)

SAMPLES: list[Sample] = [
    *rules(((2, 3), (3, 4)), ((1, 2), (2, 1)), ((2, 0), (0, 3)), ((0, 2), (2, 3)), mm=torch.mm),
    *rules(((2, 3), (3,)), ((1, 1), (1,)), ((2, 0), (0,)), mv=torch.mv),
    *rules(((3,), (3,)), ((1,), (1,)), ((0,), (0,)), dot=torch.dot, vdot=torch.vdot),
    *rules(((2, 1, 3), (2, 3, 2)), ((0, 1, 2), (0, 2, 1)), bmm=torch.bmm),
    *rules(
        ((2, 4), (2, 3), (3, 4)),
        ((1, 1), (1, 2), (2, 1)),
        addmm=lambda x, a, b: torch.addmm(x, a, b, beta=2, alpha=0.5),
    ),
    *rules(((2,), (2, 3), (3,)), addmv=torch.addmv),
    *rules(((2, 3), (2,), (3,)), ((1, 1), (1,), (1,)), addr=torch.addr),
    *rules(((2, 1, 2), (2, 1, 3), (2, 3, 2)), baddbmm=torch.baddbmm),
    *rules(((2, 3), (1, 3)), ((3,), (3,)), linalg_cross=torch.linalg.cross),
    *rules(((1, 2), (2, 1, 3), (2, 3, 2)), addbmm=torch.addbmm),
    *rules(((2, 3), (2, 2), (4, 3, 2)), ((1, 1), (1, 2), (1, 1, 2)), _trilinear=F.bilinear),
    *rules(
        ((2, 2),),
        ((3, 3),),
        ((2, 1, 1),),
        linalg_inv_ex=lambda a: _LINALG.inv(_steady(a)),
    ),
    *rules(
        ((4, 4),),
        ((2, 4, 4),),
        table="SELECTIONS",
        _linalg_det=lambda a: _LINALG.det(_steady(a)),
    ),
    *rules(
        ((2, 2),),
        ((3, 3),),
        ((2, 1, 1),),
        table="SELECTIONS",
        _linalg_slogdet=lambda a: _LINALG.slogdet(_steady(a)),
    ),
    *rules(
        ((3, 3), (3,)),
        ((2, 2), (2, 3)),
        ((1, 1), (1, 1)),
        ((2, 2, 2), (2, 2, 1)),
        table="SELECTIONS",
        _linalg_solve_ex=lambda a, b: _LINALG.solve(_steady(a), b),
    ),
    *rules(
        ((3, 3), (3, 2)),
        ((1, 1), (1, 1)),
        linalg_solve_triangular=lambda a, b: (
            _LINALG.solve_triangular(_lower(a), b, upper=False),
            _LINALG.solve_triangular(_lower(a).mT, b.mT @ _steady(a), upper=True, left=False),
        ),
        cholesky_solve=lambda a, b: torch.cholesky_solve(b, _lower(a)),
    ),
    *rules(((2, 2),), ((1, 1),), cholesky_inverse=lambda a: torch.cholesky_inverse(_lower(a))),
    *rules(
        ((1, 2, 5), (3, 2, 2), (3,)),
        ((1, 4), (2, 1, 3), (2,)),
        convolution=lambda x, w, b: (
            F.conv1d(x, w, b, stride=2, padding=1),
            F.conv_transpose1d(x, w.transpose(0, 1), stride=2, padding=1, dilation=2),
        ),
    ),
    *rules(
        ((1, 2, 3, 4), (4, 1, 2, 2)),
        convolution=lambda x, w: (
            F.conv2d(x, w, groups=2, padding=(1, 0), dilation=(1, 2)),
            F.conv_transpose2d(x, w[:2], groups=2, stride=(2, 1), output_padding=(1, 0)),
        ),
    ),
    *rules(((5, 5),), table="SELECTIONS", _linalg_det=lambda a: _LINALG.det(_steady(a))),
    *rules(
        ((5, 5), (5,)),
        table="SELECTIONS",
        tolerance=1e-8,
        _linalg_solve_ex=lambda a, b: _LINALG.solve(_steady(a), b),
    ),
    *rules(
        ((6,),), table="SELECTIONS", _linalg_solve_ex=lambda b: _LINALG.solve(_HILBERT.to(b), b)
    ),
    *rules(
        ((3, 3), (3, 2)),
        ((1, 1), (1, 1)),
        ((2, 2, 2), (2, 2, 1)),
        linalg_lu_solve=lambda a, b: _lu_solutions(_steady(a), b),
    ),
    *rules(
        ((3, 3), (3, 3)),
        table="COMPLEX",
        _linalg_det=lambda a, b: torch.view_as_real(_LINALG.det(torch.complex(a, b))),
        linalg_inv_ex=lambda a, b: _LINALG.inv(torch.complex(_steady(a), b)).abs(),
    ),
    *rules(
        ((3, 3), (3, 2)),
        table="COMPLEX",
        _linalg_solve_ex=lambda a, b: torch.view_as_real(
            _LINALG.solve(torch.complex(_steady(a), a.T.contiguous()), b + 0j)
        ),
    ),
    # ── factorisations ──
    *rules(
        ((3, 3),),
        ((4, 2),),
        ((2, 3),),
        ((1, 1),),
        table="SELECTIONS",
        tolerance=1e-8,
        linalg_qr=lambda a: _LINALG.qr(a) if len(a) >= a.shape[1] else _LINALG.qr(a[:, :2]),
        linalg_lu_factor_ex=lambda a: _LINALG.lu_factor(a)[0],
    ),
    *rules(
        ((2, 2),),
        table="SELECTIONS",
        linalg_eig=lambda a: torch.view_as_real(_LINALG.eig(a)[0]),
    ),
    *rules(
        ((2, 2),),
        ((2, 2, 2),),
        table="SELECTIONS",
        tolerance=1e-8,
        linalg_matrix_exp=torch.matrix_exp,
    ),
    *rules(
        ((3, 3),),
        ((1, 2),),
        ((2, 1),),
        table="SELECTIONS",
        linalg_cholesky_ex=lambda a: _LINALG.cholesky(_definite(a)),
        cholesky=lambda a: torch.ops.aten.cholesky(_definite(a)),
    ),
    *rules(
        ((2, 3),),
        ((1, 2),),
        table="SELECTIONS",
        _linalg_eigh=lambda a: _LINALG.eigvalsh(_definite(a)),
        _linalg_svd=torch.linalg.svdvals,
    ),
    *rules(
        ((2, 2),),
        ((3, 2, 2),),
        table="SELECTIONS",
        tolerance=1e-8,
        linalg_matrix_sqrth=lambda a: _LINALG.matrix_sqrth(_definite(a)),
        linalg_polar=lambda a: torch.stack(tuple(_LINALG.polar(a))),
    ),
    *rules(((3,),), table="SELECTIONS", linalg_matrix_exp=lambda w: torch.matrix_exp(_skew(w))),
    *rules(
        ((1,),),
        ((3,),),
        table="SELECTIONS",
        linalg_matrix_exp=lambda w: torch.matrix_exp(torch.diag(w)),
    ),
]
