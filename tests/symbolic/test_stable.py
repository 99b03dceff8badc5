"""The evaluator's forms: torch's numbers where the textbook's would overflow."""

from __future__ import annotations

import math

import mpmath
import pytest
import torch

import jacmagic
from jacmagic.symbolic.graph import Graph, differentiate, stable, write_tape

F = torch.nn.functional
TARGET = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)

FUNCTIONS = [
    lambda x: torch.softmax(x, 0),
    lambda x: torch.log_softmax(x, 0),
    lambda x: torch.logsumexp(x, 0),
    lambda x: torch.logcumsumexp(x, 0),
    lambda x: torch.logaddexp(x[0], x[1]),
    lambda x: torch.logaddexp2(x[0], x[2]),
    lambda x: F.softplus(x),
    lambda x: F.softplus(x, beta=2),
    lambda x: F.logsigmoid(x),
    lambda x: F.mish(x),
    lambda x: F.silu(x),
    lambda x: F.gelu(x),
    lambda x: F.gelu(x, approximate="tanh"),
    lambda x: torch.sigmoid(x),
    lambda x: torch.tanh(x),
    lambda x: F.cross_entropy(x[None], torch.tensor([1])),
    lambda x: F.cross_entropy(x[None], torch.tensor([1]), label_smoothing=0.1),
    lambda x: F.binary_cross_entropy_with_logits(x, TARGET),
    lambda x: F.binary_cross_entropy_with_logits(x, TARGET / 3, reduction="none"),
    lambda x: F.kl_div(torch.log_softmax(x, 0), torch.softmax(TARGET, 0), reduction="sum"),
    lambda x: torch.softmax(x, 0) @ TARGET,
    lambda x: (torch.softmax(x / 2, 0) * x).sum(),
    lambda x: F.softmin(x, 0),
    lambda x: F.layer_norm(x, (3,)),
]
BY_HAND = [
    # what torch itself overflows on; the reference is the stable function of the same meaning
    (lambda x: torch.exp(x) / torch.exp(x).sum(), lambda x: torch.softmax(x, 0)),
    (lambda x: torch.log(torch.exp(x).sum()), lambda x: torch.logsumexp(x, 0)),
    (lambda x: 1 / (1 + torch.exp(-x)), torch.sigmoid),
    (lambda x: torch.exp(x) / (1 + torch.exp(x)), torch.sigmoid),
    (lambda x: torch.log(1 + torch.exp(x)), F.softplus),
    (
        lambda x: torch.log(2 + 3 * torch.exp(x)),
        lambda x: torch.logaddexp(torch.full_like(x, math.log(2)), x + math.log(3)),
    ),
    (
        lambda x: F.soft_margin_loss(x, 2 * TARGET - 1),
        lambda x: F.binary_cross_entropy_with_logits(x, TARGET),
    ),
    (lambda x: 1 / torch.sqrt(1 + torch.exp(x)), lambda x: torch.exp(-F.softplus(x) / 2)),
    (lambda x: (1 + torch.exp(x)) ** -0.75, lambda x: torch.exp(-0.75 * F.softplus(x))),
    (lambda x: 1 / (1 + torch.exp(-x)) ** 2, lambda x: torch.sigmoid(x) ** 2),
    (lambda x: x * torch.exp(x) / (torch.exp(x) + 1), F.silu),
]
POINTS = [
    [0.3, -0.7, 1.1],
    [30.0, -20.0, 25.0],
    [800.0, -300.0, 799.0],
    [-1e3, -1.001e3, -999.0],
    [1e4, 5.0, -1e4],
]


def check(function, reference, point: list[float]) -> None:
    """Compare the closed form's numbers with torch's derivative of a reference."""
    x = torch.tensor(point, dtype=torch.float64)
    J = jacmagic.jacobian(function, x)
    truth = torch.autograd.functional.jacobian(reference, x).reshape(-1, 3)
    assert J.closed_form is not None, str(J.refusal)
    form = J.closed_form.values(point)
    torch.testing.assert_close(torch.from_numpy(form), truth, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("point", POINTS)
def test_torchs_functions(function, point) -> None:
    """torch's own numbers, from small to huge arguments."""
    check(function, function, point)


@pytest.mark.parametrize(("function", "reference"), BY_HAND)
@pytest.mark.parametrize("point", POINTS)
def test_forms_written_by_hand(function, reference, point) -> None:
    """Code that overflows in torch still has the right numbers in its closed form."""
    check(function, reference, point)


def test_the_eye_sees_the_textbook() -> None:
    """Only the tape is rewritten: the formula has no maximum in it."""
    J = jacmagic.jacobian(lambda x: torch.softmax(x, 0), torch.tensor([1.0, 2.0]))
    assert "Max" not in str(J.formula) and r"\max" not in J.to_latex()


SMALL = {
    "mish": (F.mish, lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))), -53.0),
    "softplus": (lambda x: F.softplus(x) ** 2, lambda x: mpmath.log1p(mpmath.exp(x)) ** 2, -45.0),
    "by hand": (
        lambda x: torch.log(1 + torch.exp(x)).sin(),
        lambda x: mpmath.sin(mpmath.log1p(mpmath.exp(x))),
        -40.0,
    ),
    "logsigmoid": (F.logsigmoid, lambda x: -mpmath.log1p(mpmath.exp(-x)), 60),
    "log1p": (lambda x: torch.log1p(x) ** 2, lambda x: mpmath.log1p(x) ** 2, 1e-20),
    "log(1 − x)": (lambda x: torch.log(1 - x) ** 2, lambda x: mpmath.log1p(-x) ** 2, 1e-12),
    "log(1 + sum)": (
        lambda x: (1 + torch.exp(x) + 3 * torch.exp(2 * x)).log() ** 2,
        lambda x: mpmath.log1p(mpmath.exp(x) + 3 * mpmath.exp(2 * x)) ** 2,
        -45.0,
    ),
    "log1p(3 exp)": (
        lambda x: torch.log1p(3 * torch.exp(x)) ** 2,
        lambda x: mpmath.log1p(3 * mpmath.exp(x)) ** 2,
        -45.0,
    ),
    "expm1": (lambda x: torch.expm1(x) ** 2, lambda x: mpmath.expm1(x) ** 2, 1e-10),
    "1 − exp": (lambda x: (1 - torch.exp(-x)) ** 2, lambda x: mpmath.expm1(-x) ** 2, 1e-12),
    "logistic": (lambda x: 1 / (1 + torch.exp(-x)), lambda x: 1 / (1 + mpmath.exp(-x)), 40),
}


@pytest.mark.parametrize("name", SMALL)
def test_what_is_beside_one_keeps_its_digits(name: str) -> None:
    """log(1 + y), eʸ − 1 and 1 − σ keep their digits, in the evaluator and in exported code."""
    function, reference, point = SMALL[name]
    x = torch.tensor(float(point), dtype=torch.float64)
    J = jacmagic.jacobian(function, x)
    with mpmath.workdps(60):
        truth = float(mpmath.diff(reference, mpmath.mpf(float(point))))
    assert J.closed_form.values([float(x)]).item() == pytest.approx(truth, rel=1e-13, abs=0)
    scope: dict = {}
    exec(J.to_code("python"), scope)
    (exported,) = (value for key, value in scope.items() if key.startswith("value_and_"))
    assert exported(float(x))[1][0][0] == pytest.approx(truth, rel=1e-13, abs=0)


def test_a_formula_that_cancels_is_shown() -> None:
    """The formula of (eˣ − 1)/x near 0 loses all digits in floats, and is right with more."""
    J = jacmagic.jacobian(lambda x: torch.expm1(x) / x, torch.tensor(1e-10, dtype=torch.float64))
    assert str(J.formula[0, 0]) == "(x*exp(x) - exp(x) + 1)/x**2"


def test_a_small_softplus_is_no_kink() -> None:
    """|softplus(x)| far below 0 is smooth: its argument is small, not 0."""
    J = jacmagic.jacobian(lambda x: F.mish(x).abs(), torch.tensor(-53.0, dtype=torch.float64))
    assert J.agreement.verdict == "agree" and not J.agreement.warnings


def test_nothing_is_rewritten_without_exponentials() -> None:
    """Other graphs are left as they are, node by node."""
    graph = Graph()
    x = graph.variable("x")
    root = graph.apply("sqrt", graph.add(graph.square(x), graph.number(1)))
    size = len(graph)
    assert stable(graph, [root]) == [root] and len(graph) == size


def test_a_difference_of_exponentials_is_left_alone() -> None:
    """A negative term could make the sum vanish; sinh by hand keeps its own form."""
    graph = Graph()
    x = graph.variable("x")
    up, down = graph.apply("exp", x), graph.apply("exp", graph.neg(x))
    root = graph.apply("log", graph.sub(up, down))
    rows = differentiate(graph, [root], [x])
    roots = stable(graph, [root, rows[0][0]])
    assert write_tape(graph, roots, [x]).evaluate([2.0]) == pytest.approx(
        [math.log(2 * math.sinh(2)), 1 / math.tanh(2)]
    )
