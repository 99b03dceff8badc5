"""Composed functions: networks, integrators and recursions, written in several steps."""

from __future__ import annotations

import torch
from torch import cos, sin, stack, tanh

from corpus.arms import case as arms
from corpus.cameras import case as cameras
from corpus.case import Case, Collection
from corpus.filters import case as filters

case = Collection("composed")


def matrix(entries):
    """Return constant weights."""
    return torch.tensor(entries, dtype=torch.float64)


@case([0.5, -0.3, 0.8])
def two_layers(x):
    """Evaluate a network with one hidden layer of four units."""
    W1 = matrix([[0.1, 0.4, -0.2], [0.3, -0.5, 0.7], [-0.6, 0.2, 0.1], [0.5, 0.3, -0.4]])
    W2 = matrix([[0.2, -0.3, 0.6, 0.1], [0.7, 0.4, -0.1, -0.5]])
    z = W1 @ x
    h = tanh(z)
    return W2 @ h


@case(
    [[0.1, 0.4], [0.3, -0.5], [-0.6, 0.2]],
    [0.1, 0.0, -0.1],
    [[0.2, -0.3, 0.6]],
    [0.05],
    [0.7, -0.4],
)
def back_propagation(W1, b1, W2, b2, x):
    """Evaluate the loss of a small network by its parameters."""
    z1 = W1 @ x + b1
    h1 = tanh(z1)
    z2 = W2 @ h1 + b2
    return 0.5 * ((z2 - 0.3) ** 2).sum()


@case([0.5, -0.3, 0.8])
def skip_connection(x):
    """Evaluate a block with a skip connection."""
    W1 = matrix([[0.1, 0.4, -0.2], [0.3, -0.5, 0.7], [-0.6, 0.2, 0.1]])
    W2 = matrix([[0.2, -0.3, 0.6], [0.7, 0.4, -0.1], [0.3, 0.1, 0.5]])
    h = tanh(W1 @ x)
    return x + W2 @ h


@case([0.5, -0.3])
def deep_residual(x):
    """Four residual steps."""
    W = matrix([[0.1, 0.4], [0.3, -0.5]])
    for _ in range(4):
        x = x + 0.5 * tanh(W @ x)
    return x


@case([0.5, -0.3, 0.8])
def softmax_classifier(x):
    """Evaluate the cross-entropy of a linear classifier after a hidden layer."""
    W1 = matrix([[0.1, 0.4, -0.2], [0.3, -0.5, 0.7], [-0.6, 0.2, 0.1]])
    W2 = matrix([[0.2, -0.3, 0.6], [0.7, 0.4, -0.1], [0.3, 0.1, 0.5]])
    h = torch.sigmoid(W1 @ x)
    logits = W2 @ h
    return torch.logsumexp(logits, 0) - logits[1]


@case([[0.5, -0.3], [0.8, 0.1], [0.2, 0.4]])
def attention(X):
    """One head of self-attention."""
    Wq = matrix([[0.1, 0.4], [0.3, -0.5]])
    Wk = matrix([[0.2, -0.3], [0.7, 0.4]])
    q, k = X @ Wq, X @ Wk
    a = torch.softmax(q @ k.T / 2**0.5, -1)
    return a @ X


@case([0.5, -0.3, 0.8, 0.1])
def normalised_layer(x):
    """Layer normalisation before a nonlinearity."""
    m = x.mean()
    v = ((x - m) ** 2).mean()
    n = (x - m) / torch.sqrt(v + 1e-5)
    g = torch.nn.functional.gelu(n)
    return g / g.sum()


@case([0.5, -0.3], [0.1, 0.2])
def gated_unit(x, h):
    """Evaluate a gated recurrent unit's step."""
    A = matrix([[0.1, 0.4], [0.3, -0.5]])
    B = matrix([[0.2, -0.3], [0.7, 0.4]])
    z = torch.sigmoid(A @ x + B @ h)
    r = torch.sigmoid(B @ x - A @ h)
    n = tanh(A @ x + r * (B @ h))
    return (1 - z) * n + z * h


@case([0.1, 0.2])
def recurrent(h):
    """Three steps of a recurrent network."""
    W = matrix([[0.1, 0.4], [0.3, -0.5]])
    U = matrix([[0.7, 0.2], [-0.1, 0.6]])
    for k in range(3):
        h = tanh(W @ h + U @ matrix([0.1 * k, 0.3]))
    return h


@case([0.4, -0.2])
def pendulum_by_euler(x):
    """Five steps of Euler's method for a pendulum."""
    for _ in range(5):
        theta, omega = x
        x = stack([theta + 0.1 * omega, omega - 0.1 * sin(theta)])
    return x


def van_der_pol(x, mu):
    """Return the right-hand side of Van der Pol's equation."""
    return stack([x[1], mu * (1 - x[0] ** 2) * x[1] - x[0]])


@case([0.4, -0.2], 1.5)
def runge_kutta(x, mu, h=0.1):
    """One step of the classical Runge–Kutta method."""
    k1 = van_der_pol(x, mu)
    k2 = van_der_pol(x + h / 2 * k1, mu)
    k3 = van_der_pol(x + h / 2 * k2, mu)
    k4 = van_der_pol(x + h * k3, mu)
    return x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def lorenz(x, p):
    """Return the right-hand side of Lorenz's equations."""
    return stack([p[0] * (x[1] - x[0]), x[0] * (p[1] - x[2]) - x[1], x[0] * x[1] - p[2] * x[2]])


@case([1.0, 2.0, 3.0], [10.0, 28.0, 2.6667])
def lorenz_by_runge_kutta(x, p, h=0.01):
    """Two steps of the classical method for Lorenz's equations."""
    for _ in range(2):
        k1 = lorenz(x, p)
        k2 = lorenz(x + h / 2 * k1, p)
        k3 = lorenz(x + h / 2 * k2, p)
        k4 = lorenz(x + h * k3, p)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return x


@case([0.4, 0.1, -0.2, 0.3])
def double_pendulum_by_midpoint(x, h=0.05):
    """Evaluate a midpoint step of the double pendulum."""

    def field(x):
        a, b, u, v = x
        d = a - b
        m = 2 - cos(d) ** 2
        du = (-sin(d) * (v**2 + u**2 * cos(d)) - 2 * sin(a) + sin(b) * cos(d)) / m
        dv = (sin(d) * (2 * u**2 + v**2 * cos(d)) + 2 * (sin(a) * cos(d) - sin(b))) / m
        return stack([u, v, du, dv])

    middle = x + h / 2 * field(x)
    return x + h * field(middle)


@case([1.0, 0.0, 0.0, 1.1])
def leapfrog_orbit(state, h=0.1):
    """Two leapfrog steps of a Kepler orbit."""
    r, v = state[:2], state[2:]
    for _ in range(2):
        v = v - h / 2 * r / torch.linalg.norm(r) ** 3
        r = r + h * v
        v = v - h / 2 * r / torch.linalg.norm(r) ** 3
    return torch.cat([r, v])


@case(0.3, 3.7)
def logistic_map(x, r):
    """Five iterations of the logistic map."""
    for _ in range(5):
        x = r * x * (1 - x)
    return x


@case([0.3, 0.4])
def henon_map(p):
    """Four iterations of Hénon's map."""
    x, y = p
    for _ in range(4):
        x, y = 1 - 1.4 * x**2 + y, 0.3 * x
    return stack([x, y])


def chebyshev_term(n, x):
    """Return Chebyshev's polynomial by its recursion."""
    return (
        [torch.ones_like(x), x][n]
        if n < 2
        else 2 * x * chebyshev_term(n - 1, x) - chebyshev_term(n - 2, x)
    )


@case(0.3)
def chebyshev_by_recursion(x):
    """Evaluate a polynomial of degree seven by its recursion."""
    return chebyshev_term(7, x)


@case(0.7)
def nested_radicals(x):
    """Six nested square roots."""
    y = x
    for _ in range(6):
        y = torch.sqrt(1 + y)
    return y


@case(2.0, 1.5)
def newton_iteration(a, x):
    """Evaluate a square root by four steps of Newton's method."""
    for _ in range(4):
        x = (x + a / x) / 2
    return x


@case([1.2, 0.7])
def arithmetic_geometric_mean(x):
    """Four steps of the arithmetic-geometric mean."""
    a, b = x
    for _ in range(4):
        a, b = (a + b) / 2, torch.sqrt(a * b)
    return a


@case([0.5, 0.2, -0.1, 0.4])
def continued_fraction(c):
    """Evaluate a continued fraction by Horner's scheme from the inside."""
    y = c[3]
    for k in (2, 1, 0):
        y = 1 / (c[k] + 1 + y)
    return y


@case([0.4, -0.3], [0.2, 0.1, 0.5])
def planar_flow(z, p):
    """Two planar flows, one after the other."""
    for u in (p[0], p[1]):
        a = tanh(p[2] * z.sum())
        z = z + u * a
    return z


COMPOSED: list[Case] = [*cameras, *arms, *filters, *case]
