"""Test functions of optimisation, constraints and the steps of solvers."""

from __future__ import annotations

import math

import torch
from torch import cos, exp, sin, sqrt

from corpus.case import Collection

case = Collection("optimisation")


@case([-1.2, 1.0])
def rosenbrock(x):
    """Rosenbrock, Computer J. 3 (1960)."""
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


@case([-1.2, 1.0, 0.5, 0.3])
def extended_rosenbrock(x):
    """Return the chained form: Moré, Garbow & Hillstrom, ACM TOMS 7 (1981), problem 21."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@case([-1.2, 1.0])
def rosenbrock_residuals(x):
    """As a least-squares problem: Moré, Garbow & Hillstrom (1981), problem 1."""
    return torch.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])


@case([0.5, -2.0])
def freudenstein_roth(x):
    """Moré, Garbow & Hillstrom, ACM TOMS 7 (1981), problem 2."""
    a, b = x
    return -13 + a + ((5 - b) * b - 2) * b, -29 + a + ((b + 1) * b - 14) * b


@case([0.1, 1.0])
def powell_badly_scaled(x):
    """Moré, Garbow & Hillstrom, ACM TOMS 7 (1981), problem 3."""
    return 1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001


@case(1.0, 1.0)
def beale(x, y):
    """Beale (1958); Moré, Garbow & Hillstrom (1981), problem 5."""
    return [1.5 - x * (1 - y), 2.25 - x * (1 - y**2), 2.625 - x * (1 - y**3)]


@case([0.3, 0.4])
def jennrich_sampson(x):
    """Moré, Garbow & Hillstrom, ACM TOMS 7 (1981), problem 6."""
    i = torch.arange(1, 5, dtype=x.dtype)
    return 2 + 2 * i - (exp(i * x[0]) + exp(i * x[1]))


@case([-1.0, 0.5, 0.3])
def helical_valley(x):
    """Fletcher & Powell (1963); Moré, Garbow & Hillstrom (1981), problem 7."""
    turn = torch.atan(x[1] / x[0]) / (2 * math.pi)
    if x[0] < 0:
        turn = turn + 0.5
    return 10 * (x[2] - 10 * turn), 10 * (sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]


@case([1.0, 1.0, 0.8])
def bard(x):
    """Moré, Garbow & Hillstrom, ACM TOMS 7 (1981), problem 8, five of the data."""
    y = torch.tensor([0.14, 0.18, 0.22, 0.25, 0.29], dtype=x.dtype)
    u = torch.arange(1, 6, dtype=x.dtype)
    v = 16 - u
    return y - (x[0] + u / (v * x[1] + torch.minimum(u, v) * x[2]))


@case([3.0, -1.0, 0.5, 1.0])
def powell_singular(x):
    """Powell (1962); Moré, Garbow & Hillstrom (1981), problem 13."""
    a, b, c, d = x
    return a + 10 * b, math.sqrt(5) * (c - d), (b - 2 * c) ** 2, math.sqrt(10) * (a - d) ** 2


@case([-3.0, -1.0, -2.9, -1.1])
def wood(x):
    """Colville (1968); Moré, Garbow & Hillstrom (1981), problem 14."""
    a, b, c, d = x
    f = 100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
    return f + 10 * (b + d - 2) ** 2 + 0.1 * (b - d) ** 2


@case([0.5, 0.4, 0.6])
def trigonometric(x):
    """Moré, Garbow & Hillstrom, ACM TOMS 7 (1981), problem 26."""
    n = len(x)
    i = torch.arange(1, n + 1, dtype=x.dtype)
    return n - cos(x).sum() + i * (1 - cos(x)) - sin(x)


@case([0.2, 0.4, 0.6])
def brown_almost_linear(x):
    """Moré, Garbow & Hillstrom, ACM TOMS 7 (1981), problem 27."""
    n = len(x)
    return torch.cat([x[:-1] + x.sum() - (n + 1), (x.prod() - 1)[None]])


@case([-1.0, -0.8, -0.6, -0.4])
def broyden_tridiagonal(x):
    """Moré, Garbow & Hillstrom, ACM TOMS 7 (1981), problem 30."""
    padded = torch.nn.functional.pad(x, (1, 1))
    return (3 - 2 * x) * x - padded[:-2] - 2 * padded[2:] + 1


@case([0.3, 0.5, 0.8])
def chebyquad(x):
    """Moré, Garbow & Hillstrom, ACM TOMS 7 (1981), problem 35."""
    before, now, out = torch.ones_like(x), 2 * x - 1, []
    for i in range(1, len(x) + 1):
        integral = -1 / (i**2 - 1) if i % 2 == 0 else 0.0
        out.append(now.mean() - integral)
        before, now = now, 2 * (2 * x - 1) * now - before
    return torch.stack(out)


@case([0.4, -0.7])
def himmelblau(p):
    """Himmelblau, Applied Nonlinear Programming (1972)."""
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@case([0.4, -0.7])
def ackley(x):
    """Ackley, A Connectionist Machine for Genetic Hillclimbing (1987)."""
    n = len(x)
    return (
        -20 * exp(-0.2 * sqrt((x**2).sum() / n)) - exp(cos(2 * math.pi * x).sum() / n) + 20 + math.e
    )


@case([0.4, -0.7, 1.2])
def rastrigin(x):
    """Rastrigin (1974); Mühlenbein et al., Parallel Computing 17 (1991)."""
    return 10 * x.numel() + (x**2 - 10 * torch.cos(2 * torch.pi * x)).sum()


@case([4.0, -7.0, 2.0])
def griewank(x):
    """Griewank, J. Optim. Theory Appl. 34 (1981)."""
    i = torch.arange(1, x.numel() + 1, dtype=x.dtype)
    return 1 + (x**2).sum() / 4000 - cos(x / sqrt(i)).prod()


@case([420.0, -300.0])
def schwefel(x):
    """Schwefel, Numerical Optimization of Computer Models (1981), problem 2.26."""
    return 418.9829 * len(x) - (x * sin(sqrt(torch.abs(x)))).sum()


@case([0.4, -0.7, 1.2])
def levy(x):
    """Levy & Montalvo, SIAM J. Sci. Stat. Comput. 6 (1985)."""
    w = 1 + (x - 1) / 4
    inner = ((w[:-1] - 1) ** 2 * (1 + 10 * sin(math.pi * w[:-1] + 1) ** 2)).sum()
    return sin(math.pi * w[0]) ** 2 + inner + (w[-1] - 1) ** 2 * (1 + sin(2 * math.pi * w[-1]) ** 2)


@case([1.4, 0.7, 1.2])
def michalewicz(x, m=5):
    """Michalewicz, Genetic Algorithms + Data Structures (1992)."""
    i = torch.arange(1, len(x) + 1)
    return -(sin(x) * sin(i * x**2 / math.pi) ** (2 * m)).sum()


@case([0.4, -0.7])
def goldstein_price(p):
    """Goldstein & Price, Math. Comp. 25 (1971)."""
    x, y = p
    a = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    b = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return a * b


@case(2.0, 3.0)
def branin(x, y):
    """Branin, IBM J. Res. Dev. 16 (1972)."""
    bowl = (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
    return bowl + 10 * (1 - 1 / (8 * math.pi)) * cos(x) + 10


@case(0.3, -0.6)
def six_hump_camel(x, y):
    """Dixon & Szegő, Towards Global Optimization 2 (1978)."""
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2


@case(2.8, 3.3)
def easom(x, y):
    """Easom (1990); Jamil & Yang, A literature survey of benchmark functions (2013), no. 50."""
    return -cos(x) * cos(y) * exp(-((x - math.pi) ** 2) - (y - math.pi) ** 2)


@case([0.1, 0.5, 0.8])
def hartmann_3(x):
    """Hartman (1972); Dixon & Szegő, Towards Global Optimization 2 (1978)."""
    alpha = torch.tensor([1.0, 1.2, 3.0, 3.2], dtype=x.dtype)
    A = torch.tensor([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]], dtype=x.dtype)
    P = torch.tensor(
        [[3689.0, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
    )
    inner = (A * (x - 1e-4 * P.to(x.dtype)) ** 2).sum(1)
    return -(alpha * exp(-inner)).sum()


@case([0.4, -0.7, 1.2])
def zakharov(x):
    """Zakharov; Jamil & Yang, A literature survey of benchmark functions (2013), no. 173."""
    s = (0.5 * torch.arange(1, len(x) + 1) * x).sum()
    return (x**2).sum() + s**2 + s**4


@case([0.4, 0.7], [0.2, -0.1])
def lagrangian_gradient(x, multipliers):
    """First-order conditions: Nocedal & Wright, Numerical Optimization, §12.1."""
    grad = 2 * (x - 1)
    c = torch.stack([x[0] ** 2 + x[1] ** 2 - 1, x[0] - x[1]])
    A = torch.stack([2 * x, torch.tensor([1.0, -1.0], dtype=x.dtype)])
    return torch.cat([grad - A.T @ multipliers, -c])


@case([0.4, 0.7])
def log_barrier(x, mu=0.1):
    """Return an interior-point barrier: Boyd & Vandenberghe, Convex Optimization, §11.2."""
    slack = torch.stack([x[0], x[1], 2 - x.sum()])
    return x[0] + 2 * x[1] - mu * torch.log(slack).sum()


@case([0.4, 0.7])
def newton_step(x):
    """One Newton step of a system: Ortega & Rheinboldt, §7.1."""
    F = torch.stack([x[0] ** 2 + x[1] ** 2 - 1, x[0] - x[1] ** 3])
    J = torch.stack([2 * x, torch.stack([torch.ones(()).to(x), -3 * x[1] ** 2])])
    return x - torch.linalg.solve(J, F)


@case(2.0)
def square_root_by_newton(a):
    """Heron's iteration with a stopping rule: Higham, Accuracy and Stability, §25.1."""
    x = a
    while abs(x * x - a) > 1e-6:
        x = (x + a / x) / 2
    return x


@case([0.6, -1.2, 0.3])
def soft_threshold(x, lam=0.5):
    """Return the proximal operator of the 1-norm: Parikh & Boyd, Proximal Algorithms, §6.5."""
    return torch.sign(x) * torch.relu(torch.abs(x) - lam)


@case([0.6, -1.2, 0.3])
def simplex_projection(v):
    """Projection onto the simplex by sorting: Duchi et al., ICML 2008, algorithm 1."""
    u, _ = torch.sort(v, descending=True)
    excess = torch.cumsum(u, 0) - 1
    k = torch.arange(1, len(v) + 1)
    rho = int((u - excess / k > 0).sum())
    return torch.relu(v - excess[rho - 1] / rho)


@case([0.2, 0.5], [0.1, -0.3])
def adam_step(x, m):
    """One step of Adam on Rosenbrock: Kingma & Ba, arXiv:1412.6980, algorithm 1."""
    g = torch.func.grad(rosenbrock)(x)
    m = 0.9 * m + 0.1 * g
    v = 0.001 * g**2
    return x - 0.01 * (m / 0.1) / (sqrt(v / 0.001) + 1e-8)
