"""Losses, small networks, attention and other pieces of machine learning."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from corpus.case import Collection

case = Collection("learning")

_GENERATOR = torch.Generator().manual_seed(7)


def weights(*shape):
    """Return fixed numbers with few digits, as in an example."""
    return (torch.randn(*shape, generator=_GENERATOR, dtype=torch.float64) * 10).round() / 10


X, Y = weights(4, 2), weights(4)
W1, B1, W2, B2 = weights(3, 2), weights(3), weights(1, 3), weights(1)
CLASSES = torch.tensor([2, 0])


@case([0.2, -0.5, 1.1])
def softmax(z):
    """Bishop, Pattern Recognition and Machine Learning, eq. 4.62."""
    return torch.softmax(z, dim=0)


@case([0.2, -0.5, 1.1])
def softmax_by_hand(z):
    """Return the stable softmax: Goodfellow et al., Deep Learning, §4.1."""
    e = torch.exp(z - z.max())
    return e / e.sum()


@case([0.2, -0.5, 1.1])
def log_softmax(z):
    """Goodfellow et al., Deep Learning, §6.2.2.3."""
    return F.log_softmax(z, dim=-1)


@case([0.2, -0.5])
def logistic_regression(w):
    """Return the log-likelihood of logistic regression: Bishop, PRML, eq. 4.90."""
    targets = (Y > 0).to(w.dtype)
    p = torch.sigmoid(X @ w)
    return -(targets * torch.log(p) + (1 - targets) * torch.log(1 - p)).sum()


@case([0.3, -0.2])
def least_squares(w):
    """Mean squared error: Hastie et al., Elements of Statistical Learning, §3.2."""
    return ((X @ w - Y) ** 2).mean()


@case([0.3, -0.2])
def ridge(w, lam=0.1):
    """Ridge regression: Hastie et al., Elements of Statistical Learning, eq. 3.41."""
    return torch.sum((Y - X @ w) ** 2) + lam * torch.sum(w**2)


@case([0.3, -0.2])
def elastic_net(w, alpha=0.1, ratio=0.5):
    """Zou & Hastie, J. R. Stat. Soc. B 67 (2005)."""
    fit = F.mse_loss(X @ w, Y)
    return fit + alpha * (ratio * w.abs().sum() + (1 - ratio) / 2 * (w @ w))


@case([0.3, -0.2], 0.1)
def support_vector_machine(w, b):
    """Return the hinge loss: Cortes & Vapnik, Machine Learning 20 (1995)."""
    margins = torch.sign(Y) * (X @ w + b)
    return 0.5 * w.dot(w) + torch.clamp(1 - margins, min=0).sum()


@case([[0.2, -0.5, 1.1], [0.7, 0.1, -0.4]])
def cross_entropy(logits):
    """Goodfellow et al., Deep Learning, §6.2."""
    return F.cross_entropy(logits, CLASSES)


@case([[0.2, -0.5, 1.1], [0.7, 0.1, -0.4]])
def smoothed_cross_entropy(logits):
    """Label smoothing: Szegedy et al., arXiv:1512.00567, §7."""
    return F.cross_entropy(logits, CLASSES, label_smoothing=0.1)


@case([0.2, -0.5, 1.1])
def binary_cross_entropy(logits):
    """With logits: torch.nn.BCEWithLogitsLoss documentation."""
    return F.binary_cross_entropy_with_logits(
        logits, torch.tensor([1.0, 0.0, 1.0], dtype=logits.dtype)
    )


@case([0.2, -0.5, 1.1])
def focal_loss(logits, gamma=2.0):
    """Lin et al., Focal Loss for Dense Object Detection, arXiv:1708.02002, eq. 4."""
    p = torch.softmax(logits, -1)[1]
    return -((1 - p) ** gamma) * torch.log(p)


@case([0.2, -1.5, 1.1])
def huber(x):
    """Huber, Ann. Math. Statist. 35 (1964)."""
    return F.huber_loss(x, torch.zeros_like(x), delta=1.0)


@case([0.2, -0.5, 1.1])
def kl_divergence(z):
    """Kullback & Leibler, Ann. Math. Statist. 22 (1951)."""
    target = torch.tensor([0.2, 0.3, 0.5], dtype=z.dtype)
    return F.kl_div(F.log_softmax(z, 0), target, reduction="sum")


@case([0.2, -0.5], [0.3, 0.1])
def vae_kl(mu, logvar):
    """Return the prior term of a VAE: Kingma & Welling, arXiv:1312.6114, appendix B."""
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


@case([0.5, 1.0], [0.9, 0.2], [-0.3, 0.4])
def triplet(anchor, positive, negative):
    """Schroff et al., FaceNet, arXiv:1503.03832, eq. 1."""
    gap = ((anchor - positive) ** 2).sum() - ((anchor - negative) ** 2).sum()
    return F.relu(gap + 0.8)


@case([0.5, 1.0, -0.4], [0.9, 0.2, 0.3])
def cosine(a, b):
    """Cosine similarity: Manning et al., Introduction to Information Retrieval, §6.3."""
    return F.cosine_similarity(a, b, dim=0)


@case([[0.5, 1.0], [0.9, 0.2], [-0.3, 0.4]])
def contrastive(z, tau=0.5):
    """NT-Xent with one positive pair: Chen et al., SimCLR, arXiv:2002.05709, eq. 1."""
    z = F.normalize(z, dim=1)
    similar = z @ z.T / tau
    return -similar[0, 1] + torch.logsumexp(similar[0, 1:], 0)


@case([0.3, -0.7])
def two_layer_net(x):
    """Return a hidden layer of tanh units: Bishop, PRML, eq. 5.7."""
    return W2 @ torch.tanh(W1 @ x + B1) + B2


@case([0.3, -0.7])
def relu_net(x):
    """Nair & Hinton, ICML 2010."""
    return F.linear(F.relu(F.linear(x, W1, B1)), W2, B2)


class Mlp(nn.Module):
    """A perceptron with one hidden layer."""

    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(2, 3).double(), nn.Linear(3, 2).double()
        with torch.no_grad():
            for parameter, values in zip(
                self.parameters(), (W1, B1, weights(2, 3), weights(2)), strict=True
            ):
                parameter.copy_(values)

    def forward(self, x):
        """Two layers."""
        return self.out(F.gelu(self.hidden(x)))


_MLP = Mlp()


@case([0.3, -0.7])
def module_mlp(x):
    """Return an nn.Module with GELU: Hendrycks & Gimpel, arXiv:1606.08415."""
    return _MLP(x)


@case([0.3, -0.7])
def residual_block(x):
    """He et al., Deep Residual Learning, arXiv:1512.03385, eq. 1."""
    return x + W1.T @ F.relu(W1 @ x)


@case([0.3, -0.7])
def sine_network(x):
    """Sitzmann et al., SIREN, arXiv:2006.09661."""
    return W2 @ torch.sin(3 * (W1 @ x + B1))


@case([0.3, -0.7, 0.2])
def layer_norm(x):
    """Ba, Kiros & Hinton, arXiv:1607.06450."""
    return F.layer_norm(x, x.shape)


@case([0.3, -0.7, 0.2])
def rms_norm(x, eps=1e-6):
    """Zhang & Sennrich, arXiv:1910.07467."""
    return x / torch.sqrt(x.pow(2).mean() + eps)


@case([[0.3, -0.7], [0.1, 0.4], [-0.2, 0.9]])
def batch_norm(x):
    """Ioffe & Szegedy, arXiv:1502.03167, algorithm 1, with batch statistics."""
    return F.batch_norm(x, None, None, training=True)


@case([[0.3, -0.7], [0.1, 0.4]])
def attention(x):
    """Scaled dot-product attention: Vaswani et al., arXiv:1706.03762, eq. 1."""
    scores = x @ x.T / x.shape[1] ** 0.5
    return torch.softmax(scores, dim=-1) @ x


@case([[0.3, -0.7], [0.1, 0.4]])
def causal_attention(x):
    """With a causal mask: Vaswani et al., arXiv:1706.03762, §3.2.3."""
    return F.scaled_dot_product_attention(x, x, x, is_causal=True)


@case([0.3, -0.7, 0.2, 0.9, -0.1])
def convolution_net(x):
    """Return a convolution, ReLU and pooling: LeCun et al., Proc. IEEE 86 (1998)."""
    kernel = torch.tensor([[[0.5, -1.0, 0.25]]], dtype=x.dtype)
    h = F.relu(F.conv1d(x.reshape(1, 1, -1), kernel, padding=1))
    return F.avg_pool1d(h, 2).flatten()


@case([[0.3, -0.7, 0.2], [0.9, -0.1, 0.6], [0.5, 0.8, -0.4]])
def max_pool(image):
    """Max-pooling: Goodfellow et al., Deep Learning, §9.3."""
    return F.max_pool2d(image[None, None], 2, stride=1).flatten()


@case([0.3, -0.7], [0.1, 0.2])
def gru_cell(x, h):
    """Cho et al., arXiv:1406.1078, eq. 5 to 8."""
    z = torch.sigmoid(x + 0.5 * h)
    r = torch.sigmoid(0.3 * x - h)
    return (1 - z) * h + z * torch.tanh(x + r * h)


@case([0.3, -0.7], [0.1, 0.2], [0.4, -0.3])
def lstm_cell(x, h, c):
    """Hochreiter & Schmidhuber, Neural Computation 9 (1997), with a forget gate."""
    gates = torch.cat([x, h]) @ torch.ones(4, 8, dtype=x.dtype).div(10)
    i, f, g, o = gates.chunk(4)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


@case([0.3, -0.7, 0.2])
def swiglu(x):
    """Shazeer, GLU Variants Improve Transformer, arXiv:2002.05202."""
    return F.silu(2 * x) * (x + 1)


@case([0.3, -0.7, 0.2])
def activations(x):
    """Return a tour: the torch.nn.functional documentation."""
    return F.elu(x), F.leaky_relu(x), F.softplus(x), F.mish(x), F.hardtanh(x), F.softsign(x)


@case([[0.5, 1.0], [0.9, 0.2]])
def rbf_kernel(x, gamma=0.5):
    """Schölkopf & Smola, Learning with Kernels, §2.3."""
    return torch.exp(-gamma * torch.cdist(x, X) ** 2)


@case([0.2, 0.7])
def gaussian_process_mean(x):
    """Rasmussen & Williams, Gaussian Processes, eq. 2.25, with three data."""
    points, values = (
        torch.tensor([-1.0, 0.2, 1.1], dtype=x.dtype),
        torch.tensor([0.3, -0.5, 0.8], dtype=x.dtype),
    )

    def kernel(a, b):
        return torch.exp(-0.5 * (a[:, None] - b[None, :]) ** 2)

    noisy = kernel(points, points) + 0.1 * torch.eye(3, dtype=x.dtype)
    return kernel(x, points) @ torch.linalg.solve(noisy, values)


@case([[0.5, 1.0], [0.9, 0.2]])
def k_means_cost(centres):
    """Lloyd, IEEE Trans. Inf. Theory 28 (1982)."""
    return ((X[:, None, :] - centres[None]) ** 2).sum(-1).min(dim=1).values.sum()


@case([0.3, -0.7, 0.2])
def embedding_lookup(table):
    """Rows picked by constant indices: Mikolov et al., arXiv:1301.3781."""
    rows = torch.nn.functional.embedding(torch.tensor([2, 0, 2]), table.reshape(3, 1))
    return (rows**2).sum()


@case([0.3, 0.7, 0.2])
def policy_gradient(theta):
    """Return a REINFORCE surrogate: Williams, Machine Learning 8 (1992)."""
    chosen = torch.distributions.Categorical(logits=theta)
    return chosen.log_prob(torch.tensor(1)) * 2.5 + 0.01 * chosen.entropy()


@case(0.3, tags="refused", refuses="dropout")
def dropout_net(x):
    """Srivastava et al., JMLR 15 (2014): another function at every call."""
    return F.dropout(x * 2, 0.5)
