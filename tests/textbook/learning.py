"""Softmax, sigmoids and normalisations in every spelling, and the losses made of them."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from textbook.case import Form

X3 = ([0.3, -0.7, 1.1],)
SOFTMAX = (
    "s₀*(1 - s₀) | -s₀*s₁ | -s₀*s₂ | -s₀*s₁ | s₁*(1 - s₁) | -s₁*s₂ | -s₀*s₂ | -s₁*s₂ | s₂*(1 - s₂)"
)
LOG_SOFTMAX = "1 - s₀ | -s₁ | -s₂ | -s₀ | 1 - s₁ | -s₂ | -s₀ | -s₁ | 1 - s₂"
SHARES = "s₀ | s₁ | s₂"
LOGISTIC = "σ(x)*(1 - σ(x))"
TANH = "1 - tanh(x)**2"


def softmax_of_torch(x):
    return torch.softmax(x, 0)


def softmax_without_maximum(x):
    return torch.exp(x) / torch.exp(x).sum()


def softmax_minus_max(x):
    e = torch.exp(x - x.max())
    return e / e.sum()


def softmax_minus_torch_max(x):
    z = x - torch.max(x)
    return torch.exp(z) / torch.sum(torch.exp(z))


def softmax_minus_amax(x):
    e = (x - x.amax()).exp()
    return e / e.sum(-1, keepdim=True)


def softmax_minus_max_values(x):
    e = torch.exp(x - x.max(dim=0).values)
    return e / torch.sum(e, dim=0)


def softmax_minus_max_keepdim(x):
    e = torch.exp(x - x.max(dim=-1, keepdim=True)[0])
    return e / e.sum(dim=-1, keepdim=True)


def softmax_minus_detached_max(x):
    e = torch.exp(x - x.max().detach())
    return e / e.sum()


def softmax_of_numpy(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def softmax_by_log(x):
    return torch.exp(x - torch.logsumexp(x, 0))


def logsumexp_of_torch(x):
    return torch.logsumexp(x, 0)


def logsumexp_plain(x):
    return torch.log(torch.sum(torch.exp(x)))


def logsumexp_minus_max(x):
    m = x.max()
    return m + torch.log(torch.exp(x - m).sum())


def logsumexp_after(x):
    m = torch.max(x)
    return torch.log(torch.sum(torch.exp(x - m))) + m


def logsumexp_of_numpy(x):
    m = np.max(x)
    return np.log(np.sum(np.exp(x - m))) + m


def log_softmax_of_torch(x):
    return F.log_softmax(x, 0)


def log_softmax_minus_max(x):
    z = x - x.max()
    return z - torch.log(torch.exp(z).sum())


def log_of_softmax(x):
    e = torch.exp(x - x.amax(0, keepdim=True))
    return torch.log(e / e.sum())


def log_softmax_minus_logsumexp(x):
    return x - torch.logsumexp(x, dim=0, keepdim=True)


def logaddexp_by_hand(a, b):
    m = torch.maximum(a, b)
    return m + torch.log(torch.exp(a - m) + torch.exp(b - m))


def logaddexp_by_log1p(a, b):
    return torch.maximum(a, b) + torch.log1p(torch.exp(-torch.abs(a - b)))


def logistic_falling(x):
    return 1 / (1 + torch.exp(-x))


def logistic_rising(x):
    return torch.exp(x) / (1 + torch.exp(x))


def logistic_reversed_sum(x):
    return (torch.exp(-x) + 1) ** -1


def logistic_by_tanh(x):
    return 0.5 * (1 + torch.tanh(x / 2))


def logistic_by_tanh_half(x):
    return torch.tanh(0.5 * x) / 2 + 0.5


def logistic_in_cases(x):
    return torch.where(x >= 0, 1 / (1 + torch.exp(-x)), torch.exp(x) / (1 + torch.exp(x)))


def logistic_of_numpy(x):
    return 1.0 / (1.0 + np.exp(-x))


def logistic_reciprocal(x):
    return torch.reciprocal(1 + torch.exp(-x))


def tanh_of_four_exponentials(x):
    return (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))


def tanh_of_two_exponentials(x):
    return (torch.exp(2 * x) - 1) / (torch.exp(2 * x) + 1)


def tanh_falling(x):
    return (1 - torch.exp(-2 * x)) / (1 + torch.exp(-2 * x))


def tanh_by_logistic(x):
    return 2 / (1 + torch.exp(-2 * x)) - 1


def tanh_by_sigmoid(x):
    return 2 * torch.sigmoid(2 * x) - 1


def tanh_by_sinh(x):
    return torch.sinh(x) / torch.cosh(x)


def softplus_by_hand(x):
    return torch.log(1 + torch.exp(x))


def softplus_by_log1p(x):
    return torch.log1p(torch.exp(x))


def softplus_stable(x):
    return torch.clamp(x, min=0) + torch.log1p(torch.exp(-torch.abs(x)))


def softplus_with_relu(x):
    return torch.relu(x) + torch.log(1 + torch.exp(-x.abs()))


def log_sigmoid_by_hand(x):
    return -torch.log(1 + torch.exp(-x))


def silu_by_hand(x):
    return x / (1 + torch.exp(-x))


def silu_by_sigmoid(x):
    return x * torch.sigmoid(x)


def gelu_by_hand(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def cross_entropy_by_hand(x):
    z = x - x.max()
    return torch.log(torch.exp(z).sum()) - z[1]


def cross_entropy_of_torch(x):
    return F.cross_entropy(x, torch.tensor(1))


def binary_cross_entropy(x, y=1.0):
    p = 1 / (1 + torch.exp(-x))
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p))


def layer_norm_of_torch(x):
    return F.layer_norm(x, (3,))


def layer_norm_by_hand(x):
    return (x - x.mean()) / torch.sqrt(x.var(unbiased=False) + 1e-5)


def layer_norm_of_squares(x):
    m = x.mean()
    return (x - m) / torch.sqrt(((x - m) ** 2).mean() + 1e-5)


def standard_score(x):
    return (x - x.mean()) / x.std()


def rms_norm(x):
    return x / torch.sqrt((x**2).mean() + 1e-6)


NORMALISED = (
    "(2 - z₀**2)/(3*σ) | -(z₀*z₁ + 1)/(3*σ) | -(z₀*z₂ + 1)/(3*σ) | "
    "-(z₀*z₁ + 1)/(3*σ) | (2 - z₁**2)/(3*σ) | -(z₁*z₂ + 1)/(3*σ) | "
    "-(z₀*z₂ + 1)/(3*σ) | -(z₁*z₂ + 1)/(3*σ) | (2 - z₂**2)/(3*σ)"
)
SCORED = (
    "(2/3 - z₀**2/2)/σ | -(z₀*z₁/2 + 1/3)/σ | -(z₀*z₂/2 + 1/3)/σ | "
    "-(z₀*z₁/2 + 1/3)/σ | (2/3 - z₁**2/2)/σ | -(z₁*z₂/2 + 1/3)/σ | "
    "-(z₀*z₂/2 + 1/3)/σ | -(z₁*z₂/2 + 1/3)/σ | (2/3 - z₂**2/2)/σ"
)
SCALED = (
    "(3 - z₀**2)/(3*r) | -z₀*z₁/(3*r) | -z₀*z₂/(3*r) | -z₀*z₁/(3*r) | (3 - z₁**2)/(3*r) | "
    "-z₁*z₂/(3*r) | -z₀*z₂/(3*r) | -z₁*z₂/(3*r) | (3 - z₂**2)/(3*r)"
)

_VECTORS = {
    SOFTMAX: (
        softmax_of_torch,
        softmax_without_maximum,
        softmax_minus_max,
        softmax_minus_torch_max,
        softmax_minus_amax,
        softmax_minus_max_values,
        softmax_minus_max_keepdim,
        softmax_minus_detached_max,
        softmax_of_numpy,
        softmax_by_log,
    ),
    LOG_SOFTMAX: (
        log_softmax_of_torch,
        log_softmax_minus_max,
        log_of_softmax,
        log_softmax_minus_logsumexp,
    ),
    SHARES: (
        logsumexp_of_torch,
        logsumexp_plain,
        logsumexp_minus_max,
        logsumexp_after,
        logsumexp_of_numpy,
    ),
    "s₀ | s₁ - 1 | s₂": (cross_entropy_by_hand, cross_entropy_of_torch),
    NORMALISED: (layer_norm_of_torch, layer_norm_by_hand, layer_norm_of_squares),
    SCORED: (standard_score,),
    SCALED: (rms_norm,),
}
_NUMBERS = {
    LOGISTIC: (
        logistic_falling,
        logistic_rising,
        logistic_reversed_sum,
        logistic_by_tanh,
        logistic_by_tanh_half,
        logistic_in_cases,
        logistic_of_numpy,
        logistic_reciprocal,
    ),
    TANH: (
        tanh_of_four_exponentials,
        tanh_of_two_exponentials,
        tanh_falling,
        tanh_by_logistic,
        tanh_by_sigmoid,
        tanh_by_sinh,
    ),
    "σ(x)": (softplus_by_hand, softplus_by_log1p, softplus_stable, softplus_with_relu),
    "σ(-x)": (log_sigmoid_by_hand,),
    "σ(x)*(x*(1 - σ(x)) + 1)": (silu_by_hand, silu_by_sigmoid),
    "x*exp(-x**2/2)/sqrt(2*pi) + (erf(sqrt(2)*x/2) + 1)/2": (gelu_by_hand,),
    "σ(x) - y": (binary_cross_entropy,),
}
FORMS = [
    *(Form(function, X3, entries) for entries, same in _VECTORS.items() for function in same),
    *(Form(function, (0.4,), entries) for entries, same in _NUMBERS.items() for function in same),
    Form(logaddexp_by_hand, (0.3, 0.8), SHARES[:7]),
    Form(logaddexp_by_log1p, (0.3, 0.8), SHARES[:7]),
]
