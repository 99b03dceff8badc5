"""Matrices and what linear algebra does with them."""

from __future__ import annotations

import torch
from torch import linalg

from corpus.case import Collection

case = Collection("algebra")

SQUARE = [[2.0, 0.5], [-0.3, 1.5]]
CUBE = [[2.0, 0.5, 0.1], [-0.3, 1.5, 0.4], [0.2, -0.6, 1.8]]


@case([0.3, 1.4])
def linear_map(x):
    """Strang, Introduction to Linear Algebra, §2.1."""
    A = torch.tensor([[2.0, 1.0], [1.0, 3.0], [0.5, -1.0]], dtype=x.dtype)
    return A @ x + torch.tensor([1.0, -1.0, 0.0], dtype=x.dtype)


@case([0.3, 1.4])
def quadratic_form(x):
    """Petersen & Pedersen, The Matrix Cookbook, eq. 81."""
    A = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=x.dtype)
    return x @ A @ x


@case(SQUARE)
def determinant(A):
    """Return the Matrix Cookbook, eq. 49."""
    return linalg.det(A)


@case(CUBE)
def log_determinant(A):
    """Return the Matrix Cookbook, eq. 57."""
    return torch.logdet(A)


@case(SQUARE)
def inverse(A):
    """Return the Matrix Cookbook, eq. 60."""
    return torch.inverse(A)


@case(CUBE, [1.0, 2.0, 0.5])
def linear_system(A, b):
    """Golub & Van Loan, Matrix Computations, §3.2."""
    return linalg.solve(A, b)


@case(SQUARE)
def trace_of_cube(A):
    """Return the Matrix Cookbook, eq. 108."""
    return torch.trace(linalg.matrix_power(A, 3))


@case(SQUARE)
def gram_matrix(A):
    """Strang, Introduction to Linear Algebra, §4.2."""
    return A.T @ A


@case([0.8, 0.3, 1.2])
def cholesky_factor(s):
    """Golub & Van Loan, Matrix Computations, §4.2."""
    S = torch.stack([torch.stack([s[0], s[1]]), torch.stack([s[1], s[2]])])
    return linalg.cholesky(S)


@case([0.8, 0.3, 1.2])
def eigenvalues(s):
    """Symmetric 2×2: Strang, Introduction to Linear Algebra, §6.4."""
    S = torch.stack([s[:2], s[1:]])
    return linalg.eigvalsh(S)


@case([[2.0, 0.5, 0.1], [-0.3, 1.5, 0.4]])
def singular_values(A):
    """Golub & Van Loan, Matrix Computations, §2.4."""
    return linalg.svdvals(A)


@case(SQUARE)
def condition_number(A):
    """In the 2-norm: Trefethen & Bau, Numerical Linear Algebra, lecture 12."""
    return linalg.cond(A)


@case(SQUARE)
def norms(A):
    """Golub & Van Loan, Matrix Computations, §2.3."""
    return linalg.norm(A), linalg.norm(A, 1), linalg.norm(A, float("inf")), linalg.norm(A, 2)


@case([[2.0, 0.5], [-0.3, 1.5], [0.2, 0.9]], [1.0, 2.0, 0.5])
def normal_equations(A, b):
    """Trefethen & Bau, Numerical Linear Algebra, lecture 11."""
    return linalg.solve(A.T @ A, A.T @ b)


@case([[2.0, 0.5], [-0.3, 1.5], [0.2, 0.9]])
def pseudo_inverse(A):
    """Golub & Van Loan, Matrix Computations, §5.5."""
    return linalg.pinv(A)


@case([0.3, 1.4, -0.2], [0.5, 0.1, 0.8])
def projection(a, b):
    """Strang, Introduction to Linear Algebra, §4.2."""
    return a * (a @ b) / (a @ a)


@case([0.3, 1.4, -0.2], [0.5, 0.1, 0.8])
def gram_schmidt(a, b):
    """Trefethen & Bau, Numerical Linear Algebra, lecture 8."""
    q1 = a / linalg.norm(a)
    v = b - (q1 @ b) * q1
    return torch.stack([q1, v / linalg.norm(v)])


@case([0.3, 1.4, -0.2])
def householder(v):
    """Golub & Van Loan, Matrix Computations, §5.1."""
    return torch.eye(3, dtype=v.dtype) - 2 * torch.outer(v, v) / (v @ v)


@case(SQUARE, SQUARE)
def kronecker(A, B):
    """Return the Matrix Cookbook, §10.2."""
    return torch.kron(A, B)


@case([0.3, 1.4, -0.2])
def vandermonde(x):
    """Golub & Van Loan, Matrix Computations, §4.6."""
    return linalg.det(torch.stack([x**k for k in range(3)], 1))


@case(SQUARE, [0.4, -0.7])
def einsum_form(A, x):
    """Index notation: Laue et al., Computing Higher Order Derivatives (2018)."""
    return torch.einsum("ij,j,jk->ik", A, x, A)


@case([0.3, 0.8, 0.1])
def circulant(c):
    """Eigenvalues of a circulant by the Fourier transform: Golub & Van Loan, §4.8."""
    return torch.fft.fft(c).abs()


@case(0.7)
def rotation_exponential(t):
    """e^(tJ) is a rotation: Hall, Lie Groups, §2.2."""
    J = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=t.dtype)
    return torch.matrix_exp(t * J)


@case([0.4, -0.3, 0.9])
def nilpotent_exponential(x):
    """Return the Heisenberg group: Hall, Lie Groups, §2.3."""
    N = torch.zeros(3, 3, dtype=x.dtype)
    N[0, 1], N[1, 2], N[0, 2] = x
    return torch.matrix_exp(N)


@case([2.0, -3.0, 0.5], 0.7)
def polynomial(coefficients, x):
    """Horner's rule: Knuth, The Art of Computer Programming 2, §4.6.4."""
    value = torch.zeros_like(x)
    for c in coefficients:
        value = value * x + c
    return value


@case(SQUARE)
def matrix_exponential(A):
    """Moler & Van Loan, Nineteen Dubious Ways, SIAM Rev. 45 (2003)."""
    return torch.matrix_exp(A)


@case(CUBE)
def qr_factor(A):
    """Golub & Van Loan, Matrix Computations, §5.2."""
    return linalg.qr(A).R
