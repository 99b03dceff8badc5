"""Right-hand sides of differential equations, maps and steps of integrators."""

from __future__ import annotations

import torch
from torch import cos, exp, sin, stack, tanh

from corpus.case import Collection

case = Collection("dynamics")


@case([1.0, 2.0, 20.0])
def lorenz(state, sigma=10.0, rho=28.0, beta=8 / 3):
    """Lorenz, Deterministic Nonperiodic Flow, J. Atmos. Sci. 20 (1963), eq. 25 to 27."""
    x, y, z = state
    return stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])


@case([1.0, 2.0, 3.0])
def roessler(state, a=0.2, b=0.2, c=5.7):
    """Rössler, An equation for continuous chaos, Phys. Lett. A 57 (1976)."""
    x, y, z = state.unbind()
    return -y - z, x + a * y, b + z * (x - c)


@case(0.7, -0.2, 0.3)
def chua(x, y, z, alpha=15.6, beta=28.0, m0=-1.143, m1=-0.714):
    """Chua's circuit: Matsumoto, IEEE Trans. Circuits Syst. 31 (1984)."""
    diode = m1 * x + 0.5 * (m0 - m1) * (torch.abs(x + 1) - torch.abs(x - 1))
    return alpha * (y - x - diode), x - y + z, -beta * y


@case([0.4, 1.1, -0.3])
def thomas(s, b=0.208186):
    """Thomas' cyclically symmetric attractor, Int. J. Bifurcation Chaos 9 (1999)."""
    return sin(s.roll(-1)) - b * s


@case(2.0, 0.7)
def lotka_volterra(x, y, alpha=1.1, beta=0.4, delta=0.1, gamma=0.4):
    """Predator and prey: Murray, Mathematical Biology I, §3.1."""
    return alpha * x - beta * x * y, delta * x * y - gamma * y


@case(1.2, 0.4)
def rosenzweig_macarthur(x, y, r=1.0, K=3.0, a=1.3, h=0.4, e=0.6, m=0.2):
    """Predation with saturation: Rosenzweig & MacArthur, Am. Nat. 97 (1963)."""
    eaten = a * x * y / (1 + a * h * x)
    return r * x * (1 - x / K) - eaten, e * eaten - m * y


@case([0.4, 0.3, 0.2])
def competing_species(n):
    """Lotka–Volterra competition of three: May & Leonard, SIAM J. Appl. Math. 29 (1975)."""
    A = torch.tensor([[1.0, 0.8, 1.3], [1.3, 1.0, 0.8], [0.8, 1.3, 1.0]], dtype=n.dtype)
    return n * (1 - A @ n)


@case([0.9, 0.08, 0.02])
def sir(y, beta=0.4, gamma=0.1):
    """Return an epidemic: Kermack & McKendrick, Proc. R. Soc. A 115 (1927)."""
    s, i, _ = y
    return stack([-beta * s * i, beta * s * i - gamma * i, gamma * i])


@case([0.9, 0.05, 0.04, 0.01])
def seir(y, beta=0.5, sigma=0.2, gamma=0.1, mu=0.01):
    """Return an epidemic with latency: Keeling & Rohani, Modeling Infectious Diseases, §2.5."""
    s, e, i, r = y
    new = beta * s * i
    return stack(
        [
            mu - new - mu * s,
            new - (sigma + mu) * e,
            sigma * e - (gamma + mu) * i,
            gamma * i - mu * r,
        ]
    )


@case(0.5, 0.1)
def pendulum(theta, omega, g=9.81, L=2.0, b=0.1):
    """Return a damped pendulum: Strogatz, Nonlinear Dynamics and Chaos, §6.7."""
    return omega, -g / L * sin(theta) - b * omega


@case([0.5, 1.1, 0.2, -0.3])
def double_pendulum(state, g=9.81, l1=1.0, l2=0.8, m1=1.0, m2=0.7):
    """Return the double pendulum's accelerations: Landau & Lifshitz, Mechanics, §5, problem 1."""
    a, b, u, v = state
    d = a - b
    below = 2 * m1 + m2 - m2 * cos(2 * d)
    first = -g * (2 * m1 + m2) * sin(a) - m2 * g * sin(a - 2 * b)
    first = first - 2 * sin(d) * m2 * (v**2 * l2 + u**2 * l1 * cos(d))
    second = u**2 * l1 * (m1 + m2) + g * (m1 + m2) * cos(a) + v**2 * l2 * m2 * cos(d)
    return stack([u, v, first / (l1 * below), 2 * sin(d) * second / (l2 * below)])


@case(0.8, -0.4)
def van_der_pol(x, y, mu=1.5):
    """Van der Pol, On relaxation oscillations, Phil. Mag. 2 (1926)."""
    return y, mu * (1 - x**2) * y - x


@case(0.8, -0.4, 0.5)
def duffing(x, v, t, delta=0.3, alpha=-1.0, beta=1.0, gamma=0.37, omega=1.2):
    """Return the forced Duffing oscillator: Guckenheimer & Holmes, Nonlinear Oscillations, §2.2."""
    return v, -delta * v - alpha * x - beta * x**3 + gamma * cos(omega * t)


@case(0.8, -0.4)
def fitzhugh_nagumo(v, w, current=0.5):
    """FitzHugh, Biophys. J. 1 (1961), eq. 1 and 2."""
    return v - v**3 / 3 - w + current, 0.08 * (v + 0.7 - 0.8 * w)


@case([-60.0, 0.1, 0.5, 0.4])
def hodgkin_huxley(y):
    """Hodgkin & Huxley, J. Physiol. 117 (1952), in the modern sign convention."""
    v, m, h, n = y
    am, bm = 0.1 * (v + 40) / (1 - exp(-(v + 40) / 10)), 4 * exp(-(v + 65) / 18)
    ah, bh = 0.07 * exp(-(v + 65) / 20), 1 / (1 + exp(-(v + 35) / 10))
    an, bn = 0.01 * (v + 55) / (1 - exp(-(v + 55) / 10)), 0.125 * exp(-(v + 65) / 80)
    ions = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.4)
    return stack([10 - ions, am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n])


@case(-20.0, 0.2)
def morris_lecar(v, w):
    """Morris & Lecar, Biophys. J. 35 (1981), eq. 1 to 3."""
    m = 0.5 * (1 + tanh((v + 1.2) / 18))
    rest = 0.5 * (1 + tanh((v - 2) / 30))
    rate = torch.cosh((v - 2) / 60)
    return (90 - 4.4 * m * (v - 120) - 8 * w * (v + 84) - 2 * (v + 60)) / 20, 0.04 * (
        rest - w
    ) * rate


@case(1.2, 2.5)
def brusselator(x, y, a=1.0, b=3.0):
    """Prigogine & Lefever, J. Chem. Phys. 48 (1968)."""
    return a + x**2 * y - b * x - x, b * x - x**2 * y


@case([0.9, 3e-5, 0.1])
def robertson(y):
    """Robertson's stiff reaction: Hairer & Wanner, Solving ODEs II, §IV.1."""
    slow, fast = 0.04 * y[0], 1e4 * y[1] * y[2]
    quick = 3e7 * y[1] ** 2
    return stack([-slow + fast, slow - fast - quick, quick])


@case(0.3, 0.2, 0.4)
def oregonator(x, y, z, s=77.27, q=8.375e-6, w=0.161):
    """Field & Noyes, J. Chem. Phys. 60 (1974)."""
    return s * (y + x * (1 - q * x - y)), (z - (1 + y) * x) / s, w * (x - z)


@case(0.8, 0.3)
def gray_scott(u, v, F=0.04, k=0.06):
    """Return the reaction of Gray & Scott: Pearson, Science 261 (1993)."""
    return -u * v**2 + F * (1 - u), u * v**2 - (F + k) * v


@case(0.5, 0.3)
def henon(x, y, a=1.4, b=0.3):
    """Hénon, A two-dimensional mapping with a strange attractor (1976)."""
    return 1 - a * x**2 + y, b * x


@case(0.3)
def logistic_map_iterated(x, r=3.7):
    """Five steps of the logistic map: May, Nature 261 (1976)."""
    for _ in range(5):
        x = r * x * (1 - x)
    return x


@case(0.5, 0.3)
def ikeda(x, y, u=0.9):
    """Return the Ikeda map, Opt. Commun. 30 (1979)."""
    t = 0.4 - 6 / (1 + x**2 + y**2)
    return 1 + u * (x * cos(t) - y * sin(t)), u * (x * sin(t) + y * cos(t))


@case(0.5, 0.3)
def standard_map(p, theta, K=0.97):
    """Chirikov's standard map, Phys. Rep. 52 (1979), angles modulo 2π."""
    p_next = p + K * sin(theta)
    return p_next, (theta + p_next) % (2 * torch.pi)


@case([0.5, 0.1])
def rk4_pendulum(s, h=0.1):
    """One step of Runge–Kutta: Press et al., Numerical Recipes, §17.1."""

    def f(s):
        return stack([s[1], -sin(s[0])])

    k1 = f(s)
    k2 = f(s + h / 2 * k1)
    k3 = f(s + h / 2 * k2)
    k4 = f(s + h * k3)
    return s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@case([1.0, 0.0, 0.1, 1.0])
def leapfrog_kepler(state, h=0.05):
    """Two steps of Störmer–Verlet for Kepler: Hairer, Lubich & Wanner, §I.1."""
    q, p = state[:2], state[2:]
    for _ in range(2):
        p = p - h / 2 * q / torch.linalg.norm(q) ** 3
        q = q + h * p
        p = p - h / 2 * q / torch.linalg.norm(q) ** 3
    return torch.cat([q, p])


@case([1.0, 0.3])
def implicit_euler_step(x, h=0.1):
    """Newton's iteration of an implicit Euler step: Hairer & Wanner, Solving ODEs II, §IV.8."""
    y = x.clone()
    for _ in range(2):
        residual = y - x - h * stack([y[1], -(y[0] ** 3)])
        slope = torch.eye(2, dtype=x.dtype) - h * stack(
            [stack([0 * y[0], 1 + 0 * y[0]]), stack([-3 * y[0] ** 2, 0 * y[0]])]
        )
        y = y - torch.linalg.solve(slope, residual)
    return y


@case([0.1, 0.4, 0.3, 0.2, 0.7])
def heat_equation(u, h=0.2):
    """Second differences with fixed ends: LeVeque, Finite Difference Methods, §9.2."""
    out = torch.zeros_like(u)
    out[1:-1] = (u[2:] - 2 * u[1:-1] + u[:-2]) / h**2
    return out


@case([0.1, 0.4, 0.3, 0.2])
def burgers(u, nu=0.05, h=0.25):
    """Burgers' equation on a periodic grid: LeVeque, Finite Volume Methods, §11.1."""
    left, right = torch.roll(u, 1), torch.roll(u, -1)
    return -u * (right - left) / (2 * h) + nu * (right - 2 * u + left) / h**2


@case([0.1, 0.4, 0.3, 0.2, 0.6, 0.5])
def lorenz_96(x, forcing=8.0):
    """Lorenz, Predictability: a problem partly solved (1996), eq. 1."""
    return (x.roll(-1) - x.roll(2)) * x.roll(1) - x + forcing


@case([0.1, 0.9, 1.7], 0.8)
def kuramoto(theta, coupling):
    """Coupled oscillators: Kuramoto (1975); Strogatz, Physica D 143 (2000)."""
    natural = torch.tensor([0.1, -0.2, 0.3], dtype=theta.dtype)
    gaps = theta[None, :] - theta[:, None]
    return natural + coupling / 3 * sin(gaps).sum(1)


@case([0.2, -0.3], [0.5, 0.1])
def hopfield(x, bias):
    """Return a continuous Hopfield network, PNAS 81 (1984)."""
    W = torch.tensor([[0.0, 1.2], [-0.8, 0.0]], dtype=x.dtype)
    return -x + W @ tanh(x) + bias


@case(1.3, 0.4)
def stick_slip(x, v, mu=0.3):
    """Coulomb friction with a branch: Guckenheimer & Holmes, Nonlinear Oscillations, §2.1."""
    if v > 0:
        return v, -x - mu
    return v, -x + mu
