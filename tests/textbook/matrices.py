"""Jacobians in matrix notation: by matrices and vectors, of losses, flows and Hessians."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from textbook.case import Form

A2 = [[2.0, 0.3], [0.5, 1.5]]
B = torch.tensor([[1.0, 0.5], [-0.3, 2.0]], dtype=torch.float64)
X = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.5]], dtype=torch.float64)
y = torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64)
a = torch.tensor([1.0, 2.0], dtype=torch.float64)
b = torch.tensor([0.5, -1.0], dtype=torch.float64)


def log_determinant(A):
    return torch.logdet(A)


def log_absolute_determinant(A):
    return torch.linalg.slogdet(A)[1]


def log_of_size_of_determinant(A):
    return torch.log(torch.abs(torch.linalg.det(A)))


def determinant(A):
    return torch.linalg.det(A)


def trace(A):
    return torch.trace(A)


def trace_of_product(A):
    return torch.trace(B @ A)


def trace_of_inverse(A):
    return torch.trace(torch.linalg.inv(A))


def square(A):
    return A @ A


def cube(A):
    return A @ A @ A


def inverse(A):
    return torch.linalg.inv(A)


def gram(A):
    return A.T @ A


def product_from_the_left(A):
    return B @ A


def of_a_vector(A):
    return A @ b


def solved(A):
    return torch.linalg.solve(A, b)


def solved_for(x):
    return torch.linalg.solve(B, x)


def bilinear(A):
    return a @ A @ b


def quadratic_of_inverse(A):
    return a @ torch.linalg.inv(A) @ a


def frobenius(A):
    return torch.linalg.norm(A)


def squared_frobenius(A):
    return ((A - B) ** 2).sum()


def sum_of_entries(A):
    return A.sum()


def by_entries(A):
    return A[0, 0] * A[1, 1] ** 2 + torch.sin(A[0, 1])


def regression(W):
    return ((W @ a - b) ** 2).sum()


def weights_and_input(W, x):
    return W @ x


def planar_flow(z):
    u = torch.tensor([1.0, 0.5, -0.3], dtype=torch.float64)
    w = torch.tensor([0.2, 0.4, 0.6], dtype=torch.float64)
    return z + u * torch.tanh(w @ z + 0.1)


def softmax_of_scores(x):
    z = B @ x
    e = torch.exp(z - z.max())
    return e / e.sum()


def logsumexp_of_scores(x):
    z = B @ x
    m = z.max()
    return m + torch.log(torch.exp(z - m).sum())


def harmonic_mean(x):
    return 2 / (1 / x).sum()


def logistic_layer(x):
    return 1 / (1 + torch.exp(-(B @ x)))


def mean_of_squares(w):
    return ((X @ w - torch.tensor([1.0, 2.0, 2.5], dtype=torch.float64)) ** 2).mean()


def mean_squared_error(w):
    return F.mse_loss(X @ w, y)


def logistic_regression(w):
    return F.binary_cross_entropy_with_logits(X @ w, y)


def softplus_regression(w):
    z = X @ w
    return torch.log(1 + torch.exp(z)).sum() - y @ z


def ridge(w):
    return ((X @ w - y) ** 2).sum() + 0.5 * (w @ w)


def quadratic(x):
    return 0.5 * x @ B @ x - b @ x


def log_partition(x):
    return torch.logsumexp(B @ x, 0)


_BY_MATRIX = (
    (log_determinant, "∂f/∂A = A⁻ᵀ"),
    (log_absolute_determinant, "∂f/∂A = A⁻ᵀ"),
    (log_of_size_of_determinant, "∂f/∂A = A⁻ᵀ"),
    (determinant, "∂f/∂A = det(A) A⁻ᵀ"),
    (trace, "∂f/∂A = I"),
    (trace_of_product, "∂f/∂A = Bᵀ"),
    (trace_of_inverse, "∂f/∂A = −(A⁻²)ᵀ"),
    (square, "Jf(A) = A ⊗ I + I ⊗ Aᵀ", "df = dA A + A dA"),
    (cube, "Jf(A) = A² ⊗ I + A ⊗ Aᵀ + I ⊗ (A²)ᵀ", "df = dA A² + A dA A + A² dA"),
    (inverse, "Jf(A) = −A⁻¹ ⊗ A⁻ᵀ", "df = −A⁻¹ dA A⁻¹"),
    (gram, "df = dAᵀ A + Aᵀ dA"),
    (product_from_the_left, "Jf(A) = B ⊗ I", "df = B dA"),
    (of_a_vector, "Jf(A) = I ⊗ bᵀ", "df = dA b"),
    (solved, "Jf(A) = −A⁻¹ ⊗ (bᵀ A⁻ᵀ)", "df = −A⁻¹ dA A⁻¹ b"),
    (bilinear, "∂f/∂A = a bᵀ"),
    (quadratic_of_inverse, "∂f/∂A = −A⁻ᵀ a aᵀ A⁻ᵀ"),
    (frobenius, "∂f/∂A = A/‖A‖"),
    (squared_frobenius, "∂f/∂A = 2 (A − B)"),
    (sum_of_entries, "∂f/∂A = 1 1ᵀ"),
    (by_entries, "∂f/∂A = [A₁₁**2, cos(A₀₁); 0, 2*A₀₀*A₁₁]"),
    (regression, "∂f/∂W = 2 (W a − b) aᵀ"),
)
_BY_VECTOR = (
    (solved_for, "Jf(x) = B⁻¹"),
    (softmax_of_scores, "Jf(x) = (diag(s) − s sᵀ) B", "with z = B x", "with s = softmax(z)"),
    (logsumexp_of_scores, "Jf(x) = sᵀ B", "with z = B x", "with s = softmax(z)"),
    (harmonic_mean, "Jf(x) = (2 (1/x²)ᵀ)/((1ᵀ 1/x)²)"),
    (logistic_layer, "Jf(x) = diag(σ(z) ⊙ (1 − σ(z))) B", "with z = B x"),
    (mean_squared_error, "Jf(w) = 2/3 (X w − y)ᵀ X"),
    (logistic_regression, "Jf(w) = ((σ(z) − y)ᵀ X)/3", "with z = X w"),
    (softplus_regression, "Jf(w) = (σ(z) − y)ᵀ X", "with z = X w"),
)
_HESSIANS = (
    (mean_of_squares, "Hf(w) = 2/3 Xᵀ X"),
    (mean_squared_error, "Hf(w) = 2/3 Xᵀ X"),
    (logistic_regression, "Hf(w) = (Xᵀ diag(σ(z) ⊙ (1 − σ(z))) X)/3", "with z = X w"),
    (softplus_regression, "Hf(w) = Xᵀ diag(σ(z) ⊙ (1 − σ(z))) X", "with z = X w"),
    (ridge, "Hf(w) = 2 Xᵀ X + I"),
    (quadratic, "Hf(x) = (B + Bᵀ)/2"),
    (log_partition, "Hf(x) = Bᵀ (diag(s) − s sᵀ) B", "with s = softmax(B x)"),
)
FORMS = [
    *(Form(function, (A2,), matrix=tuple(lines)) for function, *lines in _BY_MATRIX),
    *(Form(function, ([0.1, 0.2],), matrix=tuple(lines)) for function, *lines in _BY_VECTOR),
    *(
        Form(function, ([0.1, 0.2],), matrix=tuple(lines), hessian=True)
        for function, *lines in _HESSIANS
    ),
    Form(weights_and_input, (A2, [1.0, 2.0]), matrix=("∂f/∂W = I ⊗ xᵀ", "∂f/∂x = W")),
    Form(
        planar_flow,
        ([0.1, 0.4, 0.9],),
        matrix=("Jf(z) = I + (1 − tanh² (wᵀ z + 0.1)) u wᵀ",),
    ),
]
