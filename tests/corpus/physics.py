"""Physics, chemistry, biology, engineering and economics."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import cos, exp, log, sin, sqrt

from corpus.case import Collection

case = Collection("physics")


@case([1.0, 0.2, -0.3], [0.1, 0.9, 0.4])
def two_body(q, p, G=1.0, m=2.0):
    """Kepler's problem: Goldstein, Classical Mechanics, §3.7."""
    return p / m, -G * m * q / torch.linalg.norm(q) ** 3


@case([[0.0, 0.0], [1.0, 0.2], [0.3, 1.1]])
def n_body_potential(x):
    """Gravitational energy of three bodies: Binney & Tremaine, Galactic Dynamics, §2.1."""
    masses = torch.tensor([1.0, 0.5, 2.0], dtype=x.dtype)
    energy = torch.zeros((), dtype=x.dtype)
    for i in range(3):
        for j in range(i):
            energy = energy - masses[i] * masses[j] / torch.dist(x[i], x[j])
    return energy


@case(0.8, 0.3)
def kepler_equation(E, e):
    """Mean anomaly and its orbit: Murray & Dermott, Solar System Dynamics, §2.4."""
    return E - e * sin(E), cos(E) - e, sqrt(1 - e**2) * sin(E)


@case([0.4, 0.1], [0.2, 0.3])
def restricted_three_body(q, v, mu=0.0121):
    """Return the Jacobi constant: Murray & Dermott, Solar System Dynamics, §3.3."""
    x, y = q
    r1, r2 = torch.hypot(x + mu, y), torch.hypot(x - 1 + mu, y)
    return x**2 + y**2 + 2 * ((1 - mu) / r1 + mu / r2) - (v**2).sum()


@case(0.3, -0.2)
def henon_heiles(x, y):
    """Hénon & Heiles, Astron. J. 69 (1964)."""
    return (x**2 + y**2) / 2 + x**2 * y - y**3 / 3


@case([1.1, 0.2, 0.3])
def lennard_jones(r, epsilon=1.0, sigma=1.0):
    """Lennard-Jones, Proc. Phys. Soc. 43 (1931)."""
    d = torch.linalg.vector_norm(r)
    return 4 * epsilon * ((sigma / d) ** 12 - (sigma / d) ** 6)


@case(1.4)
def morse(r, D=4.7, a=1.9, r0=0.74):
    """Morse, Phys. Rev. 34 (1929)."""
    return D * (1 - exp(-a * (r - r0))) ** 2


@case([0.0, 0.1, 0.2], [1.0, 0.2, 0.1], [1.3, 1.1, 0.4], [2.1, 1.3, 1.2])
def dihedral(a, b, c, d):
    """Return the torsion angle of four atoms: Blondel & Karplus, J. Comput. Chem. 17 (1996)."""
    u, v, w = b - a, c - b, d - c
    n, m = torch.linalg.cross(u, v), torch.linalg.cross(v, w)
    return torch.atan2(v.norm() * torch.dot(u, m), torch.dot(n, m))


@case(0.024, 300.0)
def van_der_waals(V, T, a=0.364, b=4.27e-5, n=1.0, R=8.314):
    """Van der Waals (1873): Callen, Thermodynamics, §3.5."""
    return n * R * T / (V - n * b) - a * n**2 / V**2


@case(1.2, 0.9)
def reduced_gas(v, t):
    """Return the law of corresponding states: Landau & Lifshitz, Statistical Physics, §84."""
    return 8 * t / (3 * v - 1) - 3 / v**2


@case(5e14, 5800.0)
def planck(nu, T, h=6.626e-34, c=2.998e8, k=1.381e-23):
    """Planck's law: Rybicki & Lightman, Radiative Processes, eq. 1.51."""
    return 2 * h * nu**3 / c**2 / (torch.expm1(h * nu / (k * T)))


@case(300.0, 0.5)
def fermi_dirac(T, E, mu=0.4, k=8.617e-5):
    """Fermi–Dirac occupation: Kittel, Introduction to Solid State Physics, §6.2."""
    return 1 / (torch.exp((E - mu) / (k * T)) + 1)


@case([0.1, 0.5, 0.9], 0.7)
def partition_function(levels, beta):
    """Free energy and mean energy: Reif, Statistical and Thermal Physics, §6.5."""
    Z = exp(-beta * levels).sum()
    return -log(Z) / beta, (levels * exp(-beta * levels)).sum() / Z


@case([0.3, -0.2, 0.4], 0.6)
def ising_mean_field(m, beta):
    """Mean-field magnetisations: Baxter, Exactly Solved Models, §3.1."""
    J = torch.tensor([[0.0, 1, 0.5], [1, 0, 0.2], [0.5, 0.2, 0]], dtype=m.dtype)
    return torch.tanh(beta * (J @ m + 0.1))


@case(0.6, 0.2, -0.4)
def lorentz_boost(v, t, x):
    """Jackson, Classical Electrodynamics, §11.3."""
    gamma = 1 / torch.sqrt(1 - v**2)
    return gamma * (t - v * x), gamma * (x - v * t)


@case([0.1, 0.2, 0.3], [0.5, -0.4, 0.2], [0.3, 0.1, 0.9])
def lorentz_force(v, E, B, q=1.5):
    """Jackson, Classical Electrodynamics, eq. 6.114."""
    return q * (E + torch.cross(v, B, dim=0))


@case([1.0, 0.5, 0.8])
def dipole_field(r):
    """Return a dipole's potential: Griffiths, Electrodynamics, eq. 3.102."""
    p = torch.tensor([0.0, 0.0, 1.0], dtype=r.dtype)
    return p @ r / (r @ r) ** 1.5


@case([1.0, 0.5])
def electric_field(r):
    """Return a field as a gradient by torch.func: Griffiths, Electrodynamics, §2.3."""
    return -torch.func.grad(lambda x: 1 / torch.linalg.norm(x))(r)


@case(0.6, 1.5)
def snell(theta, n):
    """Snell's law: Hecht, Optics, §4.4."""
    return torch.asin(torch.sin(theta) / n)


@case(0.6)
def fresnel(theta, n1=1.0, n2=1.5):
    """Fresnel's reflectances: Hecht, Optics, §4.6."""
    ci = cos(theta)
    ct = sqrt(1 - (n1 / n2 * sin(theta)) ** 2)
    rs = ((n1 * ci - n2 * ct) / (n1 * ci + n2 * ct)) ** 2
    rp = ((n1 * ct - n2 * ci) / (n1 * ct + n2 * ci)) ** 2
    return rs, rp


@case(0.02)
def diffraction(x, a=2.0, k=100.0):
    """Return a slit's intensity: Hecht, Optics, §10.2."""
    return torch.sinc(a * k * x / (2 * math.pi)) ** 2


@case(3.0, 4.0)
def bessel_aperture(x, y):
    """Return modified Bessel functions of two distances: NIST DLMF §10.25."""
    return torch.special.i0(x) * torch.special.i1(y), torch.i0(x * y / 5)


@case(1e4, 1e-7, 50.0)
def rlc_impedance(omega, C, R, L=0.1):
    """Return the impedance of a series circuit: Horowitz & Hill, The Art of Electronics, §1.7."""
    reactance = omega * L - 1 / (omega * C)
    return sqrt(R**2 + reactance**2), torch.atan2(reactance, R)


@case(1e3, 50.0, tags="complex")
def transfer_function(omega, R):
    """Gain and phase of a low-pass with complex numbers: Horowitz & Hill, §1.7.4."""
    H = 1 / (1 + 1j * omega * R * 1e-5)
    return H.abs(), H.angle()


@case(0.55)
def diode(v, Is=1e-12, n=1.5, vt=0.02585):
    """Shockley's diode: Sze, Physics of Semiconductor Devices, §2.3."""
    return Is * torch.expm1(v / (n * vt))


@case(0.8, 0.2)
def navier_slip_flow(r, t, R=1.0):
    """Poiseuille's profile with a decaying start: Batchelor, Fluid Dynamics, §4.2."""
    return (1 - (r / R) ** 2) * (1 - exp(-5.78 * t))


@case(2.3)
def isentropic(M, gamma=1.4):
    """Isentropic flow: Anderson, Modern Compressible Flow, eq. 3.28 to 3.31."""
    t = 1 + (gamma - 1) / 2 * M**2
    return 1 / t, t ** (-gamma / (gamma - 1)), t ** (-1 / (gamma - 1))


@case([1.0, 0.3, 2.5])
def euler_flux(u, gamma=1.4):
    """Return the flux of gas dynamics: LeVeque, Finite Volume Methods, §14.3."""
    rho, momentum, energy = u
    v = momentum / rho
    p = (gamma - 1) * (energy - rho * v**2 / 2)
    return torch.stack([momentum, momentum * v + p, (energy + p) * v])


@case([1.2, 0.4, -0.3])
def shallow_water(u, g=9.81):
    """Return the flux of shallow water: LeVeque, Finite Volume Methods, §13.1."""
    h, hu, hv = u
    return torch.stack([hu, hu**2 / h + g * h**2 / 2, hu * hv / h])


@case([[1.1, 0.2], [0.1, 0.9]])
def neo_hookean(Fm, mu=1.0, lam=2.0):
    """Return a neo-Hookean solid: Bonet & Wood, Nonlinear Continuum Mechanics, §6.4."""
    J = torch.linalg.det(Fm)
    return mu / 2 * (torch.trace(Fm.T @ Fm) - 2 - 2 * log(J)) + lam / 2 * log(J) ** 2


@case([[1.1, 0.2], [0.1, 0.9]])
def green_lagrange(Fm):
    """Return the Green–Lagrange strain: Holzapfel, Nonlinear Solid Mechanics, §2.5."""
    return 0.5 * (Fm.T @ Fm - torch.eye(2, dtype=Fm.dtype))


@case([120.0, -40.0, 30.0])
def von_mises(s):
    """Plane stress: Timoshenko & Goodier, Theory of Elasticity, §75."""
    sx, sy, txy = s
    return torch.sqrt(sx**2 - sx * sy + sy**2 + 3 * txy**2)


@case(0.8, 0.05)
def michaelis_menten(S, inhibitor, Vmax=1.2, Km=0.3, Ki=0.1):
    """Competitive inhibition: Murray, Mathematical Biology I, §6.2."""
    return Vmax * S / (Km * (1 + inhibitor / Ki) + S)


@case(0.8)
def hill(x, K=0.5, n=2.7):
    """Hill, J. Physiol. 40 (1910)."""
    return x**n / (K**n + x**n)


@case(298.0, 0.1)
def nernst(T, ratio, z=1, R=8.314, F=96485.0):
    """Nernst's equation: Atkins, Physical Chemistry, §6C."""
    return R * T / (z * F) * torch.log(ratio)


@case(350.0)
def arrhenius(T, A=1e13, Ea=8e4, R=8.314):
    """Arrhenius (1889): Atkins, Physical Chemistry, §17D."""
    return A * exp(-Ea / (R * T))


@case([0.1, 0.2, 0.05, 0.3])
def mass_action(c, k1=2.0, k2=0.7):
    """Return a + B ⇌ C → D: Atkins, Physical Chemistry, §17E."""
    stoichiometry = torch.tensor([[-1.0, 0], [-1, 0], [1, -1], [0, 1]], dtype=c.dtype)
    rates = torch.stack([k1 * c[0] * c[1], k2 * c[2]])
    return stoichiometry @ rates


@case(100.0, 105.0, 0.5, 0.2)
def black_scholes(S, K, T, sigma, r=0.03):
    """Black & Scholes, J. Polit. Econ. 81 (1973), eq. 13."""
    d1 = (log(S / K) + (r + sigma**2 / 2) * T) / (sigma * sqrt(T))
    d2 = d1 - sigma * sqrt(T)

    def phi(x):
        return 0.5 * (1 + torch.erf(x / math.sqrt(2)))

    return S * phi(d1) - K * exp(-r * T) * phi(d2)


@case(0.04, 0.02)
def nelson_siegel(b0, b1, b2=-0.01, tau=1.8):
    """Return yields at three maturities: Nelson & Siegel, J. Business 60 (1987)."""
    m = torch.tensor([1.0, 5.0, 10.0], dtype=b0.dtype)
    load = (1 - exp(-m / tau)) / (m / tau)
    return b0 + b1 * load + b2 * (load - exp(-m / tau))


@case(3.0, 5.0)
def cobb_douglas(K, L, A=1.2, alpha=0.3):
    """Output and marginal products: Varian, Microeconomic Analysis, §1.3."""
    return A * K**alpha * L ** (1 - alpha)


@case(3.0, 5.0)
def ces(x1, x2, a=0.4, rho=-0.5):
    """Constant elasticity of substitution: Varian, Microeconomic Analysis, §1.4."""
    return (a * x1**rho + (1 - a) * x2**rho) ** (1 / rho)


@case([0.4, 0.6])
def portfolio(w):
    """Mean and risk of a portfolio: Markowitz, J. Finance 7 (1952)."""
    cov = np.array([[0.04, 0.01], [0.01, 0.09]])
    return w @ np.array([0.05, 0.08]), np.sqrt(w @ cov @ w)
