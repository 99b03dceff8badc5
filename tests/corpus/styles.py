"""The same mathematics in the many ways in which people write code."""

from __future__ import annotations

import cmath
import functools
import math
import operator
from collections import namedtuple
from dataclasses import dataclass
from math import cos, sin

import numpy as np
import torch
from numpy.linalg import norm

from corpus.case import Collection

case = Collection("styles")

GRAVITY = 9.81
TABLE = np.array([[1.0, 2.0], [3.0, 4.0]])
ComplexNodes = namedtuple("Pair", "position velocity")


@case(3.0, 4.0, 5.0)
def seed(x1, x2, x3):
    """Return the article this project grew from: three inputs, three outputs."""
    return (x1 + x2, x3 * x1, x2**3)


@case([3.0, 4.0, 5.0])
def seed_as_a_vector(x):
    """Return the seed's function of one vector, as in torch's documentation."""
    return torch.stack([x[0] + x[1], x[2] * x[0], x[1] ** 3])


@case([3.0, 4.0, 5.0])
def seed_written_into_zeros(x):
    """Return the seed's function in the style of NumPy."""
    y = torch.zeros(3, dtype=torch.float64)
    y[0] = x[0] + x[1]
    y[1] = x[2] * x[0]
    y[2] = x[1] ** 3
    return y


@case([0.3, 0.7])
def torch_documentation(x):
    """exp and its reducer: documentation of torch.autograd.functional.jacobian."""
    return x.exp().sum(dim=0)


@case(0.4, 0.9)
def with_math(x, y):
    """Return the standard library's functions."""
    return math.sin(x) * math.exp(y), math.sqrt(x**2 + y**2), math.log(x) / math.pi


@case(0.4, 0.9)
def with_imported_names(x, y):
    """`from math import sin, cos`."""
    return sin(x) * cos(y), sin(cos(x * y))


@case([0.4, 0.9])
def with_numpy(x):
    """NumPy's functions on the whole vector."""
    return np.array([np.sin(x[0]) * x[1], np.exp(x).sum(), norm(x)])


@case([0.4, 0.9])
def with_numpy_matrices(x):
    """Return a matrix from NumPy."""
    return TABLE @ x, np.dot(TABLE, x), x @ TABLE


@case([0.4, 0.9])
def with_numpy_out(x):
    """Return a result array filled in a loop."""
    out = np.zeros(2)
    for i in range(2):
        out[i] = x[i] ** 2 + np.cos(x[1 - i])
    return out


@case([0.4, 0.9, 1.6])
def with_a_loop(x):
    """Accumulation in a loop."""
    total = 0
    for k, v in enumerate(x, start=1):
        total += v**k / k
    return total


@case([0.4, 0.9, 1.6])
def with_reduce(x):
    """functools and operator."""
    return functools.reduce(operator.mul, x), sum(map(torch.sin, x))


@case(0.4, 0.9)
def with_a_dict(x, y):
    """Named outputs."""
    return {"area": x * y, "perimeter": 2 * (x + y)}


@case(0.4, 0.9)
def with_a_named_tuple(q, p):
    """Return a named tuple of outputs."""
    return ComplexNodes(position=p, velocity=-GRAVITY * torch.sin(q))


@dataclass
class Parameters:
    """Constants of a spring."""

    mass: float = 2.0
    stiffness: float = 3.0


@case(0.5, 0.1)
def with_a_dataclass(x, v, p=Parameters()):  # noqa: B008 - as people write it
    """Parameters in a dataclass."""
    return v, -p.stiffness / p.mass * x


@case(0.5)
def with_a_piecewise_if(x):
    """Return a branch per region."""
    if x < 0:
        return -x
    elif x < 1:
        return x**2
    else:
        return 2 * x - 1


@case([-0.5, 0.3, 1.7])
def with_where(x):
    """Return the same without a branch."""
    return torch.where(x < 0, -x, torch.where(x < 1, x**2, 2 * x - 1))


@case([-0.5, 0.3, 1.7])
def with_a_mask(x):
    """Return a boolean mask."""
    y = x.clone()
    y[x < 0] = 0
    return y[y > 0].sum() + (x > 0) * x


@case(2.0, 3.0)
def with_min_and_max(x, y):
    """Python's min and max."""
    return max(x, y) - min(x, y) ** 2, abs(x - y)


@case([3.0, 1.0, 2.0])
def with_sorting(x):
    """Sort, and take the largest entry by argmax."""
    return torch.sort(x).values * torch.tensor([1.0, 2.0, 3.0]), x[torch.argmax(x)] ** 2


@case(0.7)
def with_recursion(x):
    """Chebyshev polynomials by recursion: Abramowitz & Stegun, §22.7."""

    def T(n):
        return torch.ones_like(x) if n == 0 else x if n == 1 else 2 * x * T(n - 1) - T(n - 2)

    return T(5)


@case(0.7)
def with_a_series(x):
    """Partial sums of e^x: Knuth, TAOCP 1, §1.2.9."""
    term, total = 1, 1
    for n in range(1, 8):
        term = term * x / n
        total = total + term
    return total


@case(0.7, 0.2)
def with_walrus_and_unpacking(x, y):
    """Modern syntax."""
    first, *rest = x, y, (s := x + y)
    return first * s, sum(rest)


@case([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
def with_reshaping(a):
    """Return views of views."""
    return a.T.reshape(2, 3)[:, ::2].flatten() * a.permute(1, 0)[0].repeat(2)


@case([1.0, 2.0, 3.0, 4.0])
def with_in_place_operations(x):
    """add_, mul_ and slices."""
    y = x.clone()
    y.mul_(2).add_(x)
    y[1:] -= x[:-1] ** 2
    return y


@case(0.6, 0.8)
def with_item(x, y):
    """Use `.item()`: torch loses the dependence, the formula does not."""
    scale = 1 + 0 * x.item()
    return scale * x * y


@case([0.6, 0.8])
def with_printing(x):
    """Return a progress message."""
    print(f"at {x}, first {x[0]:.3f}")
    return x**2


@case(2.6)
def with_an_integer(x):
    """Return a table looked up at the floor."""
    n = int(x)
    return (x - n) ** 2 + n


@case([0.5, 1.5, 2.5])
def with_interpolation(x):
    """Piecewise linear interpolation on a grid: Press et al., Numerical Recipes, §3.2."""
    knots = torch.tensor([0.0, 1.0, 2.0, 3.0], dtype=x.dtype)
    heights = torch.tensor([0.0, 2.0, 1.0, 4.0], dtype=x.dtype)
    i = torch.searchsorted(knots, x) - 1
    return heights[i] + (heights[i + 1] - heights[i]) * (x - knots[i])


@case(0.6, 0.8)
def with_partial(x, y):
    """functools.partial."""
    power = functools.partial(torch.pow, exponent=3)
    return power(x) + power(y)


@case(0.6, 0.8)
def with_vmap(x, y):
    """torch.vmap over a grid."""
    grid = torch.linspace(0, 1, 3, dtype=torch.float64)
    return torch.vmap(lambda t: torch.sin(t * x) + y * t)(grid)


@case(0.6, 0.8)
def with_constant_phase(x, y):
    """Return a complex constant from cmath, used by its parts."""
    phase = cmath.exp(0.5j)
    return phase.real * x - phase.imag * y, phase.imag * x + phase.real * y


@case([0.6, 0.8])
def with_single_precision(x):
    """Constants in float32."""
    weight = torch.tensor([0.25, 0.75])
    return weight * x, x.double() * torch.ones(2)
