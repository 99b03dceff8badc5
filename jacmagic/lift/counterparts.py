"""Tables of renamings: what each `math` and NumPy function is called in torch, and how it differs.

A function of the same name and meaning needs no row (`sin`, `diff`, `linalg.det`): `counterpart`
finds it in torch by name and `call` translates `axis` and `keepdims`. A row gives the function
that answers otherwise; `RENAMED` gives only another name. What has neither is refused by name,
never guessed.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy
import torch

from jacmagic.errors import FunctionError
from jacmagic.lift import adapters as to
from jacmagic.lift.adapters import elementwise, joined, promoted, tensor, tensors_in

Rows = dict[str, Callable[..., Any]]

KEYWORDS = {"axis": "dim", "keepdims": "keepdim"}

RENAMED = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh",
    "arctan": "atan", "arctanh": "atanh", "array_split": "tensor_split", "conjugate": "conj",
    "copy": "clone", "degrees": "rad2deg", "expand_dims": "unsqueeze", "fabs": "abs",
    "invert": "bitwise_not", "mod": "remainder", "radians": "deg2rad",
    "repeat": "repeat_interleave",
    "rint": "round", "split": "tensor_split", "trapz": "trapezoid",
}  # fmt: skip

# Their first argument is a sequence of arrays of any shapes, not one array.
SEQUENCES = frozenset(
    {
        "append", "column_stack", "concat", "concatenate", "dstack", "hstack",
        "multi_dot", "row_stack", "stack", "vstack",
    }
)  # fmt: skip

SHARED: Rows = {
    "atan2": elementwise(torch.atan2),
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    "copysign": elementwise(torch.copysign),
    "fmod": elementwise(torch.fmod),
    "gamma": lambda x: to.sign_of_gamma(x) * torch.exp(torch.lgamma(x)),
    "hypot": to.hypot,
    "log": to.log,
    "modf": lambda x: (torch.frac(x), torch.trunc(x)),
    "pow": operator.pow,
}

MATH: Rows = {
    **SHARED,
    "dist": to.distance,
    "fsum": torch.sum,
    "isclose": lambda a, b, rel_tol=1e-9, abs_tol=0.0: to.close(a, b, rtol=rel_tol, atol=abs_tol),
    "ldexp": lambda x, n: x * 2**n,
    "prod": lambda parts, start=1: math.prod(list(parts), start=start),
    "remainder": lambda x, y: x - y * torch.round(x / y),  # IEEE's: x / y rounds to nearest
    "sumprod": to.dot,
}

NUMPY: Rows = {
    **SHARED,
    "add": operator.add,
    "allclose": lambda a, b, **tolerances: to.close(a, b, **tolerances).all(),
    "amax": to.extreme(torch.amax),
    "amin": to.extreme(torch.amin),
    "append": lambda a, b, dim=None: to.concatenate((a, b), dim),
    "arctan2": elementwise(torch.atan2),
    "around": lambda x, decimals=0: torch.round(x, decimals=decimals),
    "array": to.array,
    "array_equal": elementwise(torch.equal),
    "asanyarray": to.array,
    "asarray": to.array,
    "ascontiguousarray": to.array,
    "average": to.average,
    "clip": to.clip,
    "column_stack": joined(torch.column_stack),
    "concat": to.concatenate,
    "concatenate": to.concatenate,
    "convolve": to.convolved,
    "cross": to.cross,
    "cumprod": to.along(torch.cumprod),
    "cumsum": to.along(torch.cumsum),
    "divide": operator.truediv,
    "dot": to.dot,
    "dstack": joined(torch.dstack),
    "einsum": lambda equation, *parts, **_: torch.einsum(equation, *promoted(parts)),
    "equal": operator.eq,
    "flip": to.flip,
    "float_power": elementwise(torch.float_power),
    "floor_divide": operator.floordiv,
    "fmax": elementwise(torch.fmax),
    "fmin": elementwise(torch.fmin),
    "full": to.full,
    "full_like": lambda x, value: to.full(numpy.shape(x), value),
    "gradient": to.gradient,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "heaviside": elementwise(torch.heaviside),
    "hstack": joined(torch.hstack),
    "inner": elementwise(torch.inner),
    "interp": to.interpolated,
    "isclose": to.close,
    "kron": elementwise(torch.kron),
    "less": operator.lt,
    "less_equal": operator.le,
    "linspace": to.linspace,
    "logaddexp": elementwise(torch.logaddexp),
    "logaddexp2": elementwise(torch.logaddexp2),
    "matmul": elementwise(torch.matmul),
    "matrix_transpose": lambda x: x.mT,
    "max": to.extreme(torch.amax),
    "maximum": elementwise(torch.maximum),
    "median": lambda x, dim=None: torch.quantile(x, 0.5, dim),  # torch's takes the lower middle
    "meshgrid": lambda *parts, indexing="xy": torch.meshgrid(*promoted(parts), indexing=indexing),
    "min": to.extreme(torch.amin),
    "minimum": elementwise(torch.minimum),
    "multiply": operator.mul,
    "ndim": lambda x: x.dim(),
    "negative": operator.neg,
    "not_equal": operator.ne,
    "outer": lambda a, b: torch.outer(*(part.reshape(-1) for part in promoted((a, b)))),
    "percentile": lambda x, q, dim=None: torch.quantile(x, q / 100, dim),
    "polyval": to.polyval,
    "power": operator.pow,
    "prod": to.product,
    "ptp": lambda x, dim=(): torch.amax(x, dim) - torch.amin(x, dim),
    "quantile": torch.quantile,
    "reciprocal": torch.reciprocal,
    "reshape": lambda x, shape: x.reshape(shape),
    "roll": to.roll,
    "rot90": lambda x, k=1, axes=(0, 1): torch.rot90(x, k, axes),
    "round": lambda x, decimals=0: torch.round(x, decimals=decimals),
    "shape": lambda x: tuple(x.shape),
    "size": lambda x, dim=None: x.numel() if dim is None else x.shape[dim],
    "sort": lambda x, dim=-1: torch.sort(x, dim).values,
    "stack": joined(torch.stack),
    "std": to.spread(torch.std),
    "subtract": operator.sub,
    "tensordot": to.tensordot,
    "tile": lambda x, reps: torch.tile(x, (reps,) if isinstance(reps, int) else reps),
    "transpose": to.transpose,
    "true_divide": operator.truediv,
    "var": to.spread(torch.var),
    "vdot": lambda a, b: to.dot(*(part.reshape(-1) for part in promoted((a, b)))),
    "vstack": joined(torch.vstack),
    "where": to.where,
}

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
    "cross": to.cross,
    "lstsq": lambda a, b, rcond=None: torch.linalg.lstsq(*promoted((a, b)), rcond=rcond),
    "matmul": NUMPY["matmul"],
    "matrix_transpose": NUMPY["matrix_transpose"],
    "multi_dot": joined(torch.linalg.multi_dot),
    "outer": NUMPY["outer"],
    "solve": elementwise(torch.linalg.solve),
    "tensordot": NUMPY["tensordot"],
    "trace": torch.trace,
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
        "compress", "cov", "corrcoef", "frombuffer", "from_dlpack", "gcd", "histogram",
        "isin", "lcm", "nextafter", "put", "save", "load", "select",
        "take", "typename", "unique", "vecdot",
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
        found = getattr(home, RENAMED.get(name, name), None)
        if found is not None and name not in FALSE_FRIENDS:
            return found
    shown = module.replace("numpy", "np")
    raise FunctionError(
        f"a function of tensors was expected; {shown}.{name} has no counterpart in torch; "
        "write this step with torch functions"
    )


def call(module: str, name: str, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call the counterpart of `module.name` with arguments as NumPy takes them."""
    function = counterpart(module, name)
    named = {KEYWORDS.get(key, key): value for key, value in named.items()}
    cast = named.pop("dtype", None)
    if name not in SEQUENCES:
        values = tuple(map(_gathered, values))
    result = function(*values, **named)
    return result if cast is None else result.to(to.dtype_of(cast))


def _gathered(value: Any) -> Any:
    """Arrays, and lists that hold tensors, as one tensor; everything else as it is."""
    if isinstance(value, numpy.ndarray) or next(tensors_in(value), None) is not None:
        return tensor(value)
    return value
