"""Tables of the torch counterparts of `math` and NumPy functions.

A function of the same name and meaning needs no row (`sin`, `diff`, `linalg.det`): `counterpart`
finds it in torch by name and `call` translates `axis` and `keepdims`. A row gives the function
that answers otherwise; `RENAMED` gives only another name. What has neither is refused by name,
never guessed.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy
import torch

from jacmagic.errors import FunctionError
from jacmagic.function.interop import adapters as to
from jacmagic.function.interop import choices as choose
from jacmagic.function.interop import data_movement as movements
from jacmagic.function.interop import reductions as over
from jacmagic.function.interop.adapters import elementwise, joined, promoted, tensor

Rows = dict[str, Callable[..., Any]]

RENAMED = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh",
    "arctan": "atan", "arctanh": "atanh", "conjugate": "conj",
    "copy": "clone", "degrees": "rad2deg", "expand_dims": "unsqueeze", "fabs": "abs",
    "invert": "bitwise_not", "mod": "remainder", "radians": "deg2rad",
    "rint": "round",
}  # fmt: skip

# Operators by NumPy's names of them; functions whose operands torch wants as tensors of one dtype.
OPERATORS = {
    "add": "add", "divide": "truediv", "equal": "eq", "greater": "gt", "greater_equal": "ge",
    "less": "lt", "less_equal": "le", "multiply": "mul", "negative": "neg", "not_equal": "ne",
    "power": "pow", "subtract": "sub", "true_divide": "truediv",
}  # fmt: skip
_ELEMENTWISE = "fmax fmin inner kron logaddexp logaddexp2 matmul maximum minimum float_power"
_JOINED = "column_stack dstack hstack stack vstack"

SHARED: Rows = {
    **{name: elementwise(getattr(torch, name)) for name in ("atan2", "copysign", "fmod")},
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    "gamma": lambda x: to.sign_of_gamma(x) * torch.exp(torch.lgamma(x)),
    "hypot": to.hypot,
    "log": to.log,
    "modf": lambda x: (torch.frac(x), torch.trunc(x)),
    "pow": operator.pow,
}

MATH: Rows = {
    **SHARED,
    "dist": elementwise(lambda p, q: torch.linalg.vector_norm(p - q)),
    "fsum": torch.sum,
    "isclose": lambda a, b, rel_tol=1e-9, abs_tol=0.0: to.close(a, b, rtol=rel_tol, atol=abs_tol),
    "ldexp": lambda x, n: x * 2**n,
    "prod": lambda parts, start=1: math.prod(list(parts), start=start),
    "remainder": lambda x, y: x - y * torch.round(x / y),  # IEEE's: x / y rounds to nearest
    "sumprod": to.dot,
}

NUMPY: Rows = {
    **SHARED,
    **{name: getattr(operator, sign) for name, sign in OPERATORS.items()},
    **{name: elementwise(getattr(torch, name)) for name in _ELEMENTWISE.split()},
    **{name: joined(getattr(torch, name)) for name in _JOINED.split()},
    "allclose": lambda a, b, **tolerances: to.close(a, b, **tolerances).all(),
    "all": over.reduced(torch.all),
    "amax": over.extreme(torch.amax),
    "amin": over.extreme(torch.amin),
    "any": over.reduced(torch.any),
    "append": lambda a, b, dim=None: to.concatenate((a, b), dim),
    "arctan2": elementwise(torch.atan2),
    "around": lambda x, decimals=0: torch.round(x, decimals=decimals),
    "array": to.array,
    "argsort": to.along(lambda x, dim: torch.argsort(x, stable=True, dim=dim), -1),
    "argpartition": lambda x, kth, dim=-1: torch.argsort(x, stable=True, dim=dim),
    "array_equal": elementwise(torch.equal),
    **dict.fromkeys("asanyarray asarray ascontiguousarray asfortranarray".split(), to.as_tensor),
    "average": over.average,
    "block": movements.blocked,
    "broadcast_arrays": lambda *parts: list(torch.broadcast_tensors(*promoted(parts))),
    "broadcast_to": lambda x, shape: x.expand(shape),
    "choose": choose.chosen,
    "clip": choose.clip,
    "concat": to.concatenate,
    "concatenate": to.concatenate,
    "convolve": choose.convolved,
    "count_nonzero": over.counted,
    "cov": over.covariance(torch.cov),
    "corrcoef": over.covariance(torch.corrcoef),
    "cross": to.cross,
    "cummax": lambda x, dim=-1: torch.cummax(x, dim).values,
    "cummin": lambda x, dim=-1: torch.cummin(x, dim).values,
    "cumprod": to.along(torch.cumprod),
    "cumsum": to.along(torch.cumsum),
    "diagonal": lambda x, offset=0, dim1=0, dim2=1: torch.diagonal(x, offset, dim1, dim2),
    "diff": over.difference,
    "digitize": lambda x, bins, right=False: torch.searchsorted(
        tensor(bins, x), x.contiguous(), right=not right
    ),
    "divmod": lambda a, b: (to.floored(a, b), a % b),
    "dot": to.dot,
    "einsum": lambda equation, *parts, **_: torch.einsum(equation, *promoted(parts)),
    "ediff1d": lambda x: torch.diff(x.reshape(-1)),
    "flatnonzero": lambda x: torch.nonzero(x.reshape(-1), as_tuple=True)[0],
    "floor_divide": to.floored,
    "full": to.full,
    "full_like": lambda x, value: to.full(numpy.shape(x), value),
    "gradient": over.gradient,
    "heaviside": to.step,
    "interp": choose.interpolated,
    "isclose": to.close,
    "linspace": choose.linspace,
    "matrix_transpose": lambda x: x.mT,
    "max": over.extreme(torch.amax),
    "mean": over.mean,
    "median": lambda x, dim=None, keepdim=False: over.ranked(x, 0.5, dim, keepdim=keepdim),
    "meshgrid": lambda *parts, indexing="xy", **_: torch.meshgrid(
        *(part.reshape(-1) for part in promoted(parts)), indexing=indexing
    ),
    "min": over.extreme(torch.amin),
    "nanmax": lambda x, *axes, **named: NUMPY["max"](
        torch.where(torch.isnan(x), -math.inf, x), *axes, **named
    ),
    "nanmin": lambda x, *axes, **named: NUMPY["min"](
        torch.where(torch.isnan(x), math.inf, x), *axes, **named
    ),
    "ndim": lambda x: x.dim(),
    "nonzero": lambda x: torch.nonzero(x, as_tuple=True),
    "outer": lambda a, b: torch.outer(*(part.reshape(-1) for part in promoted((a, b)))),
    "pad": movements.padded,
    "insert": movements.inserted,
    "percentile": lambda x, q, dim=None, keepdim=False: over.ranked(
        x, tensor(q, x) / 100, dim, keepdim=keepdim
    ),
    "partition": lambda x, kth, dim=-1: torch.sort(x, dim).values,
    "polyval": choose.polyval,
    "prod": over.reduced(over.product),
    "ptp": lambda x, dim=None, keepdim=False: (
        NUMPY["max"](x, dim, keepdim) - NUMPY["min"](x, dim, keepdim)
    ),
    "put": choose.put,
    "quantile": lambda x, q, dim=None, keepdim=False: over.ranked(x, q, dim, keepdim=keepdim),
    "ravel": lambda x, order="C": to.reshaped(x, -1, order),
    "reshape": lambda x, shape, order="C": to.reshaped(x, shape, order),
    "round": lambda x, decimals=0: torch.round(x, decimals=decimals),
    "shape": lambda x: tuple(x.shape),
    "size": lambda x, dim=None: x.numel() if dim is None else x.shape[dim],
    "searchsorted": lambda x, v, side="left": torch.searchsorted(
        *(part.contiguous() for part in promoted((x, v))), right=side == "right"
    ),
    "select": choose.selected,
    "sort": to.along(lambda x, dim: torch.sort(x, stable=True, dim=dim).values, -1),
    "squeeze": lambda x, dim=None: torch.squeeze(x) if dim is None else torch.squeeze(x, dim),
    "std": over.spread(torch.std),
    "sum": over.reduced(torch.sum),
    "take": choose.taken,
    "take_along_axis": lambda x, indices, dim=-1: (
        torch.take_along_dim(x.reshape(-1), tensor(indices))
        if dim is None
        else torch.take_along_dim(x, tensor(indices), dim)
    ),
    "tensordot": lambda a, b, axes=2: elementwise(partial(torch.tensordot, dims=axes))(a, b),
    "trace": lambda x, offset=0, dim1=0, dim2=1: torch.diagonal(x, offset, dim1, dim2).sum(-1),
    "trapezoid": over.trapezoid,
    "trapz": over.trapezoid,
    "transpose": to.transpose,
    "vander": choose.vandermonde,
    "var": over.spread(torch.var),
    "vecdot": lambda a, b, dim=-1: torch.linalg.vecdot(*promoted((a, b)), dim=dim),
    "vdot": lambda a, b: to.dot(*(part.reshape(-1) for part in promoted((a, b)))),
    "where": choose.where,
}
NUMPY |= {name: movements.moving(name) for name in movements.MOVING}

CMATH: Rows = {
    **{
        name: to.complexly(getattr(torch, RENAMED.get(name, name)))
        for name in (
            "acos acosh asin asinh atan atanh cos cosh exp log10 sin sinh sqrt tan tanh "
            "isfinite isinf isnan"
        ).split()
    },
    "log": lambda z, base=None: (
        to.complexly(torch.log)(z) if base is None
        else to.complexly(torch.log)(z) / to.complexly(torch.log)(base)
    ),
    "phase": to.complexly(torch.angle),
    "polar": to.complexly(lambda z: (torch.abs(z), torch.angle(z))),
    "rect": elementwise(torch.polar),
}  # fmt: skip

LINALG: Rows = {
    **{n: NUMPY[n] for n in "cross matmul matrix_transpose outer tensordot".split()},
    "lstsq": lambda a, b, rcond=None: torch.linalg.lstsq(*promoted((a, b)), rcond=rcond),
    "multi_dot": joined(torch.linalg.multi_dot),
    "solve": elementwise(torch.linalg.solve),
    "svd": lambda a, full_matrices=True, compute_uv=True, hermitian=False: (
        torch.linalg.svd(a, full_matrices) if compute_uv else torch.linalg.svdvals(a)
    ),
    "diagonal": lambda x, offset=0: torch.diagonal(x, offset, -2, -1),
    "trace": lambda x, offset=0: torch.diagonal(x, offset, -2, -1).sum(-1),
}

# Module → its rows, and the torch modules in which namesakes are looked for.
TABLES: dict[str, tuple[Rows, tuple[Any, ...]]] = {
    "math": (MATH, (torch, torch.special)),
    "cmath": (CMATH, ()),
    "numpy": (NUMPY, (torch, torch.special)),
    "numpy.linalg": (LINALG, (torch.linalg,)),
    "numpy.fft": ({}, (torch.fft,)),
    "numpy.random": ({}, ()),
}

# Namesakes in torch that do something else; refused like those that do not exist.
FALSE_FRIENDS = frozenset(
    {
        "frombuffer", "from_dlpack", "gcd", "histogram",
        "isin", "lcm", "nextafter", "put", "save", "load",
        "typename", "unique",
    }
)  # fmt: skip


def counterpart(module: str, name: str) -> Callable[..., Any]:
    """Find the torch function that does what `module.name` does.

    Raises:
        FunctionError: torch has nothing of the kind.
    """
    rows, homes = TABLES[module]
    if name in rows:
        return rows[name]
    for home in homes:
        function = getattr(home, RENAMED.get(name, name), None)
        if function is not None and name not in FALSE_FRIENDS:
            return function
    shown = module.replace("numpy", "np")
    raise FunctionError(
        f"a function of tensors was expected; {shown}.{name} has no counterpart in torch; "
        "write this step with torch functions"
    )
