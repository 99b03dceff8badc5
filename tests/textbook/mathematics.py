"""Trigonometric identities, polynomials from recursions, and constants of mathematics."""

from __future__ import annotations

import math

import numpy as np
import torch

from textbook.case import Form


def pythagoras(x):
    return torch.sin(x) ** 2 * 3 + 3 * torch.cos(x) ** 2 + x


def pythagoras_of_products(r, theta):
    return (r * torch.cos(theta)) ** 2 + (r * torch.sin(theta)) ** 2


def complement(x):
    return x * (1 - torch.sin(x) ** 2)


def hyperbolic(x):
    return torch.cosh(x) ** 2 - torch.sinh(x) ** 2 + x**2


def double_angle(x):
    return torch.cos(x) ** 2 - torch.sin(x) ** 2


def sine_squared(x):
    return torch.sin(x) ** 2


def sum_of_angles(a, b):
    return torch.sin(a) * torch.cos(b) + torch.cos(a) * torch.sin(b)


def difference_of_angles(a, b):
    return torch.cos(a) * torch.cos(b) + torch.sin(a) * torch.sin(b)


def tangent_by_hand(x):
    return torch.sin(x) / torch.cos(x)


def slope_by_quotient(x, y):
    return y * torch.sin(x) / torch.cos(x)


def product_alone(a, b):
    return torch.sin(a) * torch.cos(b)


def legendre(x):
    p, q = torch.ones_like(x), x
    for n in range(1, 4):
        p, q = q, ((2 * n + 1) * x * q - n * p) / (n + 1)
    return q


def legendre_stacked(x):
    p = [torch.ones_like(x), x]
    for n in range(1, 3):
        p.append(((2 * n + 1) * x * p[n] - n * p[n - 1]) / (n + 1))
    return torch.stack(p)


def chebyshev(x):
    p, q = torch.ones_like(x), x
    for _ in range(1, 5):
        p, q = q, 2 * x * q - p
    return q


def hermite(x):
    p, q = torch.ones_like(x), 2 * x
    for n in range(1, 4):
        p, q = q, 2 * x * q - 2 * n * p
    return q


def laguerre(x):
    p, q = torch.ones_like(x), 1 - x
    for n in range(1, 3):
        p, q = q, ((2 * n + 1 - x) * q - n * p) / (n + 1)
    return q


def horner(x):
    y = torch.zeros_like(x)
    for c in (2.0, -3.0, 0.0, 1.0):
        y = y * x + c
    return y


def binomial(x):
    return (x - 1) ** 5


def common_logarithm(x):
    return torch.log10(x)


def decibels(x):
    return 20 * torch.log10(x)


def binary_logarithm(x):
    return torch.log2(x)


def logarithm_of_numpy(x):
    return np.log(x) / np.log(10)


def degrees(x):
    return torch.rad2deg(x)


def degrees_by_hand(x):
    return x * 180 / math.pi


def radians(x):
    return torch.deg2rad(x)


def hadamard(x):
    return (x[0] + x[1]) / math.sqrt(2) * torch.sin(x[0])


def normal_density_of_three(x, mu, s):
    return torch.exp(-((x - mu) ** 2) / (2 * s**2)) / (s * math.sqrt(2 * math.pi))


def gaussian_slope(x, y):
    return x * torch.exp(-(x**2) - y**2)


def gaussian_of_half(x, y):
    return torch.exp(-(x**2 + y**2) / 2)


def logarithmic_potential(x, y):
    return torch.log(x**2 + y**2)


def normal_density(x):
    return torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def power(x, n):
    return x**n


def hill_curve(x, n, k):
    return x**n / (k**n + x**n)


def log_of_size(x):
    return torch.log(torch.abs(x))


def log_density(x, mu, sigma):
    return -0.5 * ((x - mu) / sigma) ** 2 - torch.log(sigma) - 0.5 * math.log(2 * math.pi)


FORMS = [
    Form(pythagoras, (0.4,), "1"),
    Form(pythagoras_of_products, (2.0, 0.4), "2*r | 0"),
    Form(complement, (0.4,), "cos(x)**2 - x*sin(2*x)"),
    Form(hyperbolic, (0.4,), "2*x"),
    Form(double_angle, (0.4,), "-2*sin(2*x)"),
    Form(sine_squared, (0.4,), "sin(2*x)"),
    Form(sum_of_angles, (0.4, 0.7), "cos(a + b) | cos(a + b)"),
    Form(difference_of_angles, (0.4, 0.7), "-sin(a - b) | sin(a - b)"),
    Form(tangent_by_hand, (0.4,), "tan(x)**2 + 1"),
    Form(slope_by_quotient, (0.5, 0.7), "y/cos(x)**2 | tan(x)"),
    Form(product_alone, (0.4, 0.7), "cos(a)*cos(b) | -sin(a)*sin(b)"),
    Form(legendre, (0.4,), "35*x**3/2 - 15*x/2"),
    Form(legendre_stacked, (0.4,), "0 | 1 | 3*x | 15*x**2/2 - 3/2"),
    Form(chebyshev, (0.4,), "80*x**4 - 60*x**2 + 5"),
    Form(hermite, (0.4,), "64*x**3 - 96*x"),
    Form(laguerre, (0.4,), "3*x - x**2/2 - 3"),
    Form(horner, (0.4,), "6*x*(x - 1)"),
    Form(binomial, (0.4,), "5*(x - 1)**4"),
    Form(common_logarithm, (0.4,), "1/(x*log(10))"),
    Form(decibels, (0.4,), "20/(x*log(10))"),
    Form(binary_logarithm, (0.4,), "1/(x*log(2))"),
    Form(logarithm_of_numpy, (0.4,), "1/(x*log(10))"),
    Form(degrees, (0.4,), "180/pi"),
    Form(degrees_by_hand, (0.4,), "180/pi"),
    Form(radians, (0.4,), "pi/180"),
    Form(hadamard, ([0.4, 0.7],), "sqrt(2)*((x₀ + x₁)*cos(x₀) + sin(x₀))/2 | sqrt(2)*sin(x₀)/2"),
    Form(normal_density, (0.4,), "-x*exp(-x**2/2)/sqrt(2*pi)"),
    Form(
        normal_density_of_three,
        (0.4, 0.1, 0.7),
        "(μ - x)*exp(-(x - μ)**2/(2*s**2))/(sqrt(2*pi)*s**3) | "
        "(x - μ)*exp(-(x - μ)**2/(2*s**2))/(sqrt(2*pi)*s**3) | "
        "((x - μ)**2 - s**2)*exp(-(x - μ)**2/(2*s**2))/(sqrt(2*pi)*s**4)",
    ),
    Form(
        gaussian_slope,
        (0.4, 0.7),
        "(1 - 2*x**2)*exp(-(x**2 + y**2)) | -2*x*y*exp(-(x**2 + y**2))",
    ),
    Form(
        gaussian_slope,
        (0.4, 0.7),
        "2*x*(2*x**2 - 3)*exp(-(x**2 + y**2)) | 2*y*(2*x**2 - 1)*exp(-(x**2 + y**2)) | "
        "2*y*(2*x**2 - 1)*exp(-(x**2 + y**2)) | 2*x*(2*y**2 - 1)*exp(-(x**2 + y**2))",
        hessian=True,
    ),
    Form(
        gaussian_of_half,
        (0.4, 0.7),
        "(x**2 - 1)*exp(-(x**2 + y**2)/2) | x*y*exp(-(x**2 + y**2)/2) | "
        "x*y*exp(-(x**2 + y**2)/2) | (y**2 - 1)*exp(-(x**2 + y**2)/2)",
        hessian=True,
    ),
    Form(
        logarithmic_potential,
        (0.4, 0.7),
        "2*(y**2 - x**2)/(x**2 + y**2)**2 | -4*x*y/(x**2 + y**2)**2 | "
        "-4*x*y/(x**2 + y**2)**2 | 2*(x**2 - y**2)/(x**2 + y**2)**2",
        hessian=True,
    ),
    Form(power, (1.5, 2.0), "n*x**(n - 1) | x**n*log(x)"),
    Form(
        hill_curve,
        (1.5, 2.0, 3.0),
        "n*x**(n - 1)*k**n/(k**n + x**n)**2 | x**n*k**n*(log(x) - log(k))/(k**n + x**n)**2 | "
        "-n*x**n*k**(n - 1)/(k**n + x**n)**2",
    ),
    Form(log_of_size, (-0.4,), "1/x"),
    Form(
        log_density,
        (0.4, 0.1, 2.0),
        "(μ - x)/σ**2 | (x - μ)/σ**2 | (x - μ)**2/σ**3 - 1/σ",
    ),
]
