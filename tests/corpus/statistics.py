"""Densities, likelihoods and estimators."""

from __future__ import annotations

import math

import torch
import torch.distributions as D
from torch import exp, log

from corpus.case import Collection

case = Collection("statistics")

DATA = torch.tensor([0.4, 1.3, -0.2, 0.9], dtype=torch.float64)


@case(0.3, 1.2)
def normal_likelihood(mu, sigma):
    """Return the log-likelihood of four data: Casella & Berger, Statistical Inference, §7.2."""
    return (-((DATA - mu) ** 2) / (2 * sigma**2) - log(sigma) - 0.5 * math.log(2 * math.pi)).sum()


@case(0.3, 1.2)
def normal_distribution(mu, sigma):
    """Return the same by torch.distributions, whose checks are assumptions: torch documentation."""
    return D.Normal(mu, sigma).log_prob(DATA).sum()


@case(0.7)
def normal_cdf(x):
    """Abramowitz & Stegun, §26.2."""
    return 0.5 * torch.erfc(-x / math.sqrt(2)), torch.special.ndtr(2 * x)


@case(2.3, 1.7, 0.9)
def gamma_density(x, shape, rate):
    """Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 1, §17.1."""
    return rate**shape * x ** (shape - 1) * exp(-rate * x) / exp(torch.lgamma(shape))


@case(0.3, 1.7, 0.9)
def beta_density(x, a, b):
    """By torch.distributions: Johnson et al., Continuous Univariate Distributions 2, §25.1."""
    return D.Beta(a, b).log_prob(x)


@case([0.2, 0.3, 0.5], [1.5, 2.0, 0.8])
def dirichlet(p, alpha):
    """Bishop, Pattern Recognition and Machine Learning, eq. 2.38."""
    constant = torch.lgamma(alpha.sum()) - torch.lgamma(alpha).sum()
    return constant + ((alpha - 1) * log(p)).sum()


@case(0.7, 4.0)
def student_t(x, nu):
    """Student, Biometrika 6 (1908)."""
    return D.StudentT(nu).log_prob(x)


@case(0.7, 0.2, 1.5)
def cauchy(x, x0, gamma):
    """Johnson et al., Continuous Univariate Distributions 1, §16.1."""
    return 1 / (torch.pi * gamma * (1 + ((x - x0) / gamma) ** 2))


@case(1.3, 0.8, 2.0)
def weibull(x, lam, k):
    """Weibull, J. Appl. Mech. 18 (1951)."""
    return k / lam * (x / lam) ** (k - 1) * exp(-((x / lam) ** k))


@case(3.2)
def poisson(rate):
    """Observed counts 2, 5 and 3: Casella & Berger, Statistical Inference, §3.2."""
    return sum(k * log(rate) - rate - math.lgamma(k + 1) for k in (2, 5, 3))


@case([0.3, -0.2], [1.2, 0.3, 0.8])
def multivariate_normal(mu, factor):
    """By the Cholesky factor: Bishop, PRML, eq. 2.43."""
    L = torch.zeros(2, 2, dtype=mu.dtype)
    L[0, 0], L[1, 0], L[1, 1] = factor
    z = torch.linalg.solve_triangular(L, (DATA[:2] - mu)[:, None], upper=False)
    return -0.5 * (z**2).sum() - torch.log(torch.diagonal(L)).sum()


@case([0.3, -0.2], [1.2, 0.3, 0.8])
def gaussian_by_torch(mu, s):
    """Return a covariance matrix through torch.distributions: torch documentation."""
    cov = torch.stack([torch.stack([s[0], s[1]]), torch.stack([s[1], s[2]])])
    return D.MultivariateNormal(mu, covariance_matrix=cov).log_prob(DATA[:2])


@case([0.3, 0.7], [0.1, 1.5], 0.8)
def gaussian_mixture(pi, mu, sigma):
    """Bishop, Pattern Recognition and Machine Learning, eq. 9.14."""
    parts = log(pi / pi.sum()) - 0.5 * ((DATA[:, None] - mu) / sigma) ** 2 - log(sigma)
    return torch.logsumexp(parts, dim=1).sum()


@case([0.3, -0.2], [0.9, 1.4])
def gaussian_divergence(mu, sigma):
    """KL of a diagonal normal from the standard one: Kingma & Welling, appendix B."""
    return D.kl_divergence(
        D.Normal(mu, sigma), D.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    ).sum()


@case([0.3, -0.2, 1.1, 0.8])
def sample_moments(x):
    """Mean, variance, skewness and kurtosis: Casella & Berger, §2.3."""
    z = (x - x.mean()) / x.std(unbiased=False)
    return x.mean(), x.var(), (z**3).mean(), (z**4).mean() - 3


@case([0.3, -0.2, 1.1], [0.5, 0.1, 0.7])
def correlation(x, y):
    """Pearson, Proc. R. Soc. 58 (1895)."""
    return torch.corrcoef(torch.stack([x, y]))[0, 1]


@case([0.3, -0.2, 1.1, 0.8, 0.5])
def median_and_quantile(x):
    """Order statistics: Casella & Berger, Statistical Inference, §5.4."""
    return torch.median(x), torch.quantile(x, 0.3)


@case([0.3, -0.2, 1.1, 0.8])
def trimmed_mean(x):
    """Tukey (1962): the two middle values of four."""
    return x.sort().values[1:-1].mean()


@case([0.2, 0.3, 0.5])
def entropy(p):
    """Shannon, Bell Syst. Tech. J. 27 (1948)."""
    p = p / p.sum()
    return -(p * torch.log2(p)).sum(), torch.special.entr(p).sum()


@case([[0.2, 0.1], [0.3, 0.4]])
def mutual_information(p):
    """Cover & Thomas, Elements of Information Theory, §2.3."""
    p = p / p.sum()
    return (p * log(p / (p.sum(0, keepdim=True) * p.sum(1, keepdim=True)))).sum()


@case([0.1, 0.4, -0.3], 0.6)
def autoregression(x, phi):
    """Return the conditional likelihood of AR(1): Hamilton, Time Series Analysis, §5.2."""
    return -0.5 * ((x[1:] - phi * x[:-1]) ** 2).sum()


@case([0.4, 0.1, 0.8])
def garch(theta):
    """Bollerslev, J. Econometrics 31 (1986), three steps of the variance."""
    variance, out = torch.ones((), dtype=theta.dtype), []
    for r in DATA[:3]:
        variance = theta[0] + theta[1] * r**2 + theta[2] * variance
        out.append(log(variance) + r**2 / variance)
    return torch.stack(out)


@case(0.3)
def normal_quantile(p):
    """Return the probit: Abramowitz & Stegun, §26.2."""
    return math.sqrt(2) * torch.erfinv(2 * p - 1)


@case(2.5, 1.3, tags="refused", refuses="special_gammainc")
def incomplete_gamma(a, x):
    """NIST DLMF §8.2."""
    return torch.special.gammainc(a.detach(), x)
