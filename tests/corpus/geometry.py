"""Changes of coordinates, curves and surfaces."""

from __future__ import annotations

import math

import torch
from torch import cos, cosh, exp, sin, sinh, sqrt

from corpus.case import Collection

case = Collection("geometry")


@case(1.5, 0.6)
def polar(r, theta):
    """Polar to Cartesian coordinates: Stewart, Calculus, §10.3."""
    return r * cos(theta), r * sin(theta)


@case(1.5, 0.6)
def to_polar(x, y):
    """Cartesian to polar coordinates: Stewart, Calculus, §10.3."""
    return torch.hypot(x, y), torch.atan2(y, x)


@case(1.5, 0.6, -0.3)
def cylindrical(rho, phi, z):
    """Cylindrical to Cartesian coordinates: Stewart, Calculus, §15.7."""
    return rho * cos(phi), rho * sin(phi), z


@case(1.5, 0.6, 0.9)
def spherical(r, theta, phi):
    """Spherical to Cartesian coordinates, physicists' angles: Griffiths, Electrodynamics, §1.4."""
    return r * sin(theta) * cos(phi), r * sin(theta) * sin(phi), r * cos(theta)


@case(1.0, 2.0, -0.5)
def to_spherical(x, y, z):
    """Cartesian to spherical coordinates: Griffiths, Electrodynamics, §1.4."""
    r = sqrt(x**2 + y**2 + z**2)
    return r, torch.acos(z / r), torch.atan2(y, x)


@case(0.7, -1.2)
def parabolic(sigma, tau):
    """Parabolic coordinates: Morse & Feshbach, Methods of Theoretical Physics, §5.1."""
    return sigma * tau, (tau**2 - sigma**2) / 2


@case(0.7, 1.2, 0.4)
def paraboloidal(u, v, phi):
    """Rotational parabolic coordinates: Arfken, Mathematical Methods for Physicists, §2.12."""
    return u * v * cos(phi), u * v * sin(phi), (u**2 - v**2) / 2


@case(0.7, 1.2)
def elliptic(mu, nu, a=2.0):
    """Elliptic coordinates: Arfken, Mathematical Methods for Physicists, §2.7."""
    return a * cosh(mu) * cos(nu), a * sinh(mu) * sin(nu)


@case(0.7, 0.9, 1.2)
def prolate_spheroidal(xi, eta, phi, a=1.0):
    """Prolate spheroidal coordinates: Arfken, Mathematical Methods for Physicists, §2.10."""
    ring = a * sinh(xi) * sin(eta)
    return ring * cos(phi), ring * sin(phi), a * cosh(xi) * cos(eta)


@case(0.8, 1.1)
def bipolar(tau, sigma, a=1.0):
    """Bipolar coordinates: Arfken, Mathematical Methods for Physicists, §2.9."""
    below = cosh(tau) - cos(sigma)
    return a * sinh(tau) / below, a * sin(sigma) / below


@case(0.9, 0.4, 1.3)
def toroidal(tau, sigma, phi, a=1.0):
    """Toroidal coordinates: Morse & Feshbach, Methods of Theoretical Physics, §10.3."""
    below = cosh(tau) - cos(sigma)
    ring = a * sinh(tau) / below
    return ring * cos(phi), ring * sin(phi), a * sin(sigma) / below


@case(0.4, 1.3)
def torus(u, v, R=3.0, r=1.0):
    """Return a torus: do Carmo, Differential Geometry of Curves and Surfaces, §2.2."""
    return (R + r * cos(v)) * cos(u), (R + r * cos(v)) * sin(u), r * sin(v)


@case(0.4, 1.3)
def moebius_strip(u, v):
    """Return the Möbius strip: do Carmo, Differential Geometry of Curves and Surfaces, §2.6."""
    width = 1 + v / 2 * cos(u / 2)
    return width * cos(u), width * sin(u), v / 2 * sin(u / 2)


@case(0.4, 1.3)
def catenoid(u, v, c=2.0):
    """Return the catenoid: do Carmo, Differential Geometry of Curves and Surfaces, §3.5."""
    return c * cosh(v / c) * cos(u), c * cosh(v / c) * sin(u), v


@case(0.4, 1.3)
def helicoid(u, v, c=0.5):
    """Return the helicoid: do Carmo, Differential Geometry of Curves and Surfaces, §2.5."""
    return v * cos(u), v * sin(u), c * u


@case(0.4, 1.3)
def enneper(u, v):
    """Enneper's surface: do Carmo, Differential Geometry of Curves and Surfaces, §3.5."""
    return u - u**3 / 3 + u * v**2, v - v**3 / 3 + v * u**2, u**2 - v**2


@case(0.4, 1.3)
def stereographic(x, y):
    """Return the inverse stereographic projection: Needham, Visual Complex Analysis, §3.IV."""
    below = 1 + x**2 + y**2
    return 2 * x / below, 2 * y / below, (x**2 + y**2 - 1) / below


@case(0.6, 0.8)
def mercator(longitude, latitude):
    """Mercator's projection: Snyder, Map Projections (USGS 1395), eq. 7-1 and 7-2."""
    return longitude, torch.log(torch.tan(math.pi / 4 + latitude / 2))


@case(0.6, 0.8)
def lambert_azimuthal(longitude, latitude):
    """Lambert's azimuthal equal-area projection: Snyder, USGS 1395, eq. 24-2 to 24-4."""
    k = sqrt(2 / (1 + cos(latitude) * cos(longitude)))
    return k * cos(latitude) * sin(longitude), k * sin(latitude)


@case(0.6, 0.8, 120.0)
def geodetic(longitude, latitude, height, a=6378137.0, f=1 / 298.257223563):
    """Geodetic to earth-centred coordinates on WGS 84: NIMA TR8350.2, §4.2."""
    e2 = f * (2 - f)
    n = a / sqrt(1 - e2 * sin(latitude) ** 2)
    ring = (n + height) * cos(latitude)
    return ring * cos(longitude), ring * sin(longitude), (n * (1 - e2) + height) * sin(latitude)


@case(0.3, 0.7, 0.9, 1.4)
def great_circle(phi1, lambda1, phi2, lambda2):
    """Return the haversine distance: Sinnott, Sky and Telescope 68 (1984)."""
    h = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin((lambda2 - lambda1) / 2) ** 2
    return 2 * 6371.0 * torch.asin(sqrt(h))


@case(0.4, 1.3)
def joukowski(x, y):
    """Joukowski's map z + 1/z in the plane: Milne-Thomson, Theoretical Aerodynamics, §6.1."""
    r2 = x**2 + y**2
    return x + x / r2, y - y / r2


@case([0.4, 1.3])
def complex_square(z):
    """z² as a map of the plane: Needham, Visual Complex Analysis, §4.I."""
    x, y = z
    return torch.stack([x**2 - y**2, 2 * x * y])


@case(0.4, 1.3, tags="complex")
def complex_exponential(x, y):
    """e^z with torch's complex numbers: Needham, Visual Complex Analysis, §2.III."""
    z = torch.exp(torch.complex(x, y))
    return z.real, z.imag


@case(0.4, 1.3, tags="complex")
def moebius_transformation(x, y):
    """(z − i)/(z + i), the Cayley transform: Ahlfors, Complex Analysis, §3.3."""
    z = torch.complex(x, y)
    w = (z - 1j) / (z + 1j)
    return torch.view_as_real(w)


@case(0.7)
def helix(t):
    """Return a circular helix: do Carmo, Differential Geometry of Curves and Surfaces, §1.2."""
    return torch.stack([cos(t), sin(t), 0.5 * t])


@case(0.7)
def trefoil(t):
    """Return a trefoil knot: Adams, The Knot Book, §1.1 in a usual parametrisation."""
    return sin(t) + 2 * sin(2 * t), cos(t) - 2 * cos(2 * t), -sin(3 * t)


@case(0.7)
def clothoid_curvature(s, a=2.0):
    """Tangent of Euler's spiral: Abramowitz & Stegun, §7.3."""
    return cos(s**2 / (2 * a**2)), sin(s**2 / (2 * a**2))


@case([[0.0, 0.0], [1.0, 2.0], [3.0, 3.0], [4.0, 0.0]], 0.3)
def bezier(points, t):
    """Return a cubic Bézier curve by de Casteljau: Farin, Curves and Surfaces for CAGD, §4.2."""
    while len(points) > 1:
        points = (1 - t) * points[:-1] + t * points[1:]
    return points[0]


@case([0.3, 0.1], [2.1, 0.4], [0.7, 1.9])
def triangle_area(a, b, c):
    """Half a determinant: Lang, Linear Algebra, §VI.1."""
    edges = torch.stack([b - a, c - a])
    return torch.abs(torch.linalg.det(edges)) / 2


@case([0.2, 0.3, 0.5], 3.0)
def barycentric(weights, scale):
    """Return a point by barycentric coordinates: Coxeter, Introduction to Geometry, §13.7."""
    corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.25, 1.0]], dtype=torch.float64)
    return scale * (weights / weights.sum()) @ corners


@case(0.4, -0.3, 0.9)
def gaussian_bump_surface(x, y, height):
    """Return a surface of revolution and its slope: do Carmo, §2.3."""
    z = height * exp(-(x**2 + y**2))
    return z, -2 * x * z, -2 * y * z
