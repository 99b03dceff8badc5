"""Samples of the rules that work on each element by itself."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from rule_samples.sample import (
    ABOVE_ONE,
    ANY,
    FRACTION,
    INSIDE,
    POSITIVE,
    Sample,
    binary,
    rules,
    unary,
)

_S = torch.special


def _copy_into(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    out.copy_(x * 2)
    return out


SAMPLES: list[Sample] = [
    *unary(
        exp=torch.exp, sin=torch.sin, cos=torch.cos, tan=torch.tan, atan=torch.atan,
        sinh=torch.sinh, cosh=torch.cosh, tanh=torch.tanh, asinh=torch.asinh, abs=torch.abs,
        sign=lambda x: torch.sign(x) * x, sgn=lambda x: torch.sgn(x) * x,
        floor=lambda x: torch.floor(3 * x) * x, ceil=lambda x: torch.ceil(3 * x) * x,
        sigmoid=torch.sigmoid, relu=torch.relu, neg=lambda x: -x,
        exp2=torch.exp2, expm1=torch.expm1, sinc=torch.sinc,
        trunc=lambda x: torch.trunc(3 * x) * x,
        nan_to_num=lambda x: torch.nan_to_num(x * 2), angle=lambda x: torch.angle(x) * x,
        rsub=lambda x: 1 - x, _to_copy=lambda x: x.to(torch.float64, copy=True) * 2,
        clone=lambda x: x.clone() * 2,
        zero=lambda x: (x * 2).zero_() + x, copy_=_copy_into,
        signbit=lambda x: torch.where(torch.signbit(x), -x, x**2),
        clamp=lambda x: torch.clamp(x, -0.5, 1.0),
        bitwise_not=lambda x: torch.where(~(x > 0), x, x**2),
        bitwise_and=lambda x: torch.where((x > 0) & (x < 1), x, x**2),
        bitwise_or=lambda x: torch.where((x < 0) | (x > 1), x, x**2),
        bitwise_xor=lambda x: torch.where((x > 0) ^ (x > 1), x, x**2),
    ),
    *unary(POSITIVE, log=torch.log, sqrt=torch.sqrt, reciprocal=torch.reciprocal,
           rsqrt=torch.rsqrt, log1p=torch.log1p, log2=torch.log2, log10=torch.log10),
    *unary(INSIDE, asin=torch.asin, acos=torch.acos, atanh=torch.atanh),
    *unary(ABOVE_ONE, acosh=torch.acosh),
    *unary(FRACTION, logit=torch.logit),
    *binary(
        add=lambda x, y: torch.add(x, y, alpha=3), sub=lambda x, y: torch.sub(x, y, alpha=0.5),
        mul=lambda x, y: x * y, maximum=torch.maximum, minimum=torch.minimum, fmax=torch.fmax,
        fmin=torch.fmin, atan2=torch.atan2, hypot=torch.hypot, logaddexp=torch.logaddexp,
        logaddexp2=torch.logaddexp2,
        where=lambda x, y: torch.where(x > y, x, 2 * y),
        lt=lambda x, y: torch.where(x < y, x, y), le=lambda x, y: torch.where(x <= y, x, y),
        gt=lambda x, y: torch.where(x > y, x, y), ge=lambda x, y: torch.where(x >= y, x, y),
        eq=lambda x, y: torch.where(x == y, x, y), ne=lambda x, y: torch.where(x != y, x, y),
    ),
    *binary((ANY, POSITIVE), div=lambda x, y: x / y, remainder=torch.remainder, fmod=torch.fmod,
            lerp=lambda x, y: torch.lerp(x, y, y),
            **{"div.Tensor_mode": lambda x, y: torch.div(x, y, rounding_mode="trunc") * x}),
    *binary((POSITIVE, ANY), pow=lambda x, y: x**y),
    *binary(slope="differences", heaviside=torch.heaviside,
            copy=lambda x, y: torch.ops.aten.copy(x + y, y) * x),
    # ── activations ──
    *unary(
        softplus=F.softplus, log_sigmoid_forward=F.logsigmoid, gelu=F.gelu, hardtanh=F.hardtanh,
        hardswish=F.hardswish, hardshrink=F.hardshrink, softshrink=F.softshrink,
        threshold=lambda x: F.threshold(x, 0.1, 20.0),
    ),
    # torch keeps the 1/6 of hardsigmoid's derivative in single precision
    *rules(((2, 3),), ((1,),), ((0,),), ((),), hardsigmoid=F.hardsigmoid, tolerance=1e-7),
    *rules(((2, 3),), ((1,),), rrelu_with_noise=lambda x: F.rrelu(x, training=False)),
    # ── special functions ──
    *unary(erf=torch.erf, erfc=torch.erfc, special_erfcx=_S.erfcx, special_log_ndtr=_S.log_ndtr,
           i0=torch.i0, special_i1=_S.i1, special_i0e=_S.i0e, special_i1e=_S.i1e),
    *unary(POSITIVE, lgamma=torch.lgamma, digamma=torch.digamma,
           polygamma=lambda x: torch.polygamma(2, x)),
    *unary(
        ANY, "differences",
        special_modified_bessel_i0=_S.modified_bessel_i0,
        special_modified_bessel_i1=_S.modified_bessel_i1,
        special_spherical_bessel_j0=_S.spherical_bessel_j0,
        special_chebyshev_polynomial_t=lambda x: _S.chebyshev_polynomial_t(x, 3),
        special_chebyshev_polynomial_u=lambda x: _S.chebyshev_polynomial_u(x, 2),
        special_chebyshev_polynomial_v=lambda x: _S.chebyshev_polynomial_v(x, 3),
        special_chebyshev_polynomial_w=lambda x: _S.chebyshev_polynomial_w(x, 2),
        special_hermite_polynomial_h=lambda x: _S.hermite_polynomial_h(x, 3),
        special_hermite_polynomial_he=lambda x: _S.hermite_polynomial_he(x, 4),
        special_legendre_polynomial_p=lambda x: _S.legendre_polynomial_p(x, 3),
        special_laguerre_polynomial_l=lambda x: _S.laguerre_polynomial_l(x, 3),
    ),
    *unary(
        POSITIVE, "differences",
        special_bessel_y0=_S.bessel_y0, special_bessel_y1=_S.bessel_y1,
        special_modified_bessel_k0=_S.modified_bessel_k0,
        special_modified_bessel_k1=_S.modified_bessel_k1,
        special_scaled_modified_bessel_k0=_S.scaled_modified_bessel_k0,
        special_scaled_modified_bessel_k1=_S.scaled_modified_bessel_k1,
    ),
    *unary(INSIDE, erfinv=torch.erfinv),
    *unary(FRACTION, special_ndtri=_S.ndtri),
    *unary(POSITIVE, igamma=lambda x: _S.gammainc(torch.tensor(1.7, dtype=x.dtype), x),
           igammac=lambda x: _S.gammaincc(torch.tensor(1.7, dtype=x.dtype), x),
           special_zeta=lambda x: _S.zeta(2.5, x)),
    # torch's own J₀ and J₁ have eight correct digits
    *rules(((2, 3),), ((1,),), slope="differences", tolerance=1e-6,
           special_bessel_j0=_S.bessel_j0, special_bessel_j1=_S.bessel_j1),
]  # fmt: skip
