"""Rules of recognition: identities hold, look-alikes stay, a wrong rewrite is not shown."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy
import torch
from traces import text_of, vector

import jacmagic
from jacmagic.symbolic import textbook
from jacmagic.symbolic.formula.typeset import plain
from jacmagic.symbolic.graph import Graph, write_tape
from jacmagic.symbolic.recognition import are_equal_nearby, recognised

UNARY = (
    "exp",
    "log",
    "sin",
    "cos",
    "sinh",
    "cosh",
    "tanh",
    "sigmoid",
    "neg",
    "abs",
    "sign",
    "sqrt",
)
BINARY = ("add", "sub", "mul", "div", "add", "sub", "mul", "max", "min")


def entries_of(function, *numbers: float, names: bool = True) -> list[str]:
    """Return the entries that are shown, as plain text."""
    J = jacmagic.jacobian(function, vector(*numbers)).shown(names=names)
    assert J.reading is not None
    assert J.agreement.verdict == "agree"
    m, n = J.shape
    return [plain(J.reading.shown(i, j), J.reading.texts) for i in range(m) for j in range(n)]


def random_node(graph: Graph, chance: np.random.Generator, depth: int) -> int:
    """Return a random expression in a and b; parts that rules look for are likely."""
    kind = chance.random()
    if depth == 0 or kind < 0.15:
        return graph.variable(str(chance.choice(["a", "b"])))
    if kind < 0.25:
        return graph.number(int(chance.integers(-2, 3)))
    if kind < 0.6:
        return graph.apply(str(chance.choice(UNARY)), random_node(graph, chance, depth - 1))
    first, second = (random_node(graph, chance, depth - 1) for _ in range(2))
    return graph.apply(str(chance.choice(BINARY)), first, second)


def shifted_sum(graph: Graph, chance: np.random.Generator) -> int:
    """Return exponentials minus their maximum, over or under a sum of others."""
    a, b = graph.variable("a"), graph.variable("b")
    parts = [a, graph.mul(graph.number(2), b), graph.sub(b, a), graph.add(a, b)]
    top = graph.apply("max", *(int(chance.choice(parts)) for _ in range(2)))
    grown = [graph.apply("exp", graph.sub(part, top)) for part in chance.permutation(parts)]
    below = graph.total(grown[: int(chance.integers(2, 5))])
    whole = graph.apply("log", below) if chance.random() < 0.5 else graph.div(grown[0], below)
    return graph.add(whole, top) if chance.random() < 0.5 else whole


def values_of(graph: Graph, nodes: list[int], point: tuple[float, float]) -> np.ndarray:
    """Evaluate nodes of a and b."""
    inputs = [graph.variable("a"), graph.variable("b")]
    return np.array(write_tape(graph, nodes, inputs).evaluate(point))


@pytest.mark.parametrize("seed", range(60))
def test_rewriting_never_changes_a_value(seed: int) -> None:
    """Random expressions have the same values afterwards wherever they had any."""
    chance, graph = np.random.default_rng(seed), Graph()
    nodes = [random_node(graph, chance, 5) for _ in range(8)] + [shifted_sum(graph, chance)]
    after = recognised(graph, nodes)
    for _ in range(4):
        point = tuple(chance.uniform(-2, 2, 2).tolist())
        before, rewritten = (values_of(graph, one, point) for one in (nodes, after))
        finite = np.isfinite(before) & (np.abs(before) < 1e8)
        np.testing.assert_allclose(rewritten[finite], before[finite], rtol=1e-6, atol=1e-6)


LOOK_ALIKES = [
    (lambda x: torch.exp(x - x.max()) / torch.exp(x).sum(), "s₀"),
    (lambda x: torch.exp(x - x.max()) / torch.exp(x - x.min()).sum(), "s₀"),
    (lambda x: 1 / (2 + torch.exp(-x)), "σ"),
    (lambda x: 1 / (1 - torch.exp(-x)), "σ"),
    (lambda x: (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + 2 * torch.exp(-x)), "tanh"),
    (lambda x: 0.4 * (1 + torch.tanh(x)), "σ"),
    (lambda x: torch.relu(x) + torch.log1p(torch.exp(-(2 * x).abs())), "σ(x₀)"),
    (lambda x: torch.cos(x[0]) * torch.cos(x[1]) - torch.sin(x[0]) * torch.sin(2 * x[1]), "+ x₁"),
]


@pytest.mark.parametrize(("function", "absent"), LOOK_ALIKES)
def test_look_alikes_stay(function, absent: str) -> None:
    """What is almost a softmax, σ or a sum of angles keeps its own functions."""
    assert not any(absent in entry for entry in entries_of(function, 0.3, -0.7))


@pytest.mark.parametrize("typed", [0.31831, 57.2958, 0.434294, 0.70711, 0.3989, 6.1e-17, 1e-16])
def test_decimals_that_were_typed_stay(typed: float) -> None:
    """A decimal near 1/π, 180/π, 1/ln 10, 1/√2, 1/√(2π) or cos(π/2) is not guessed at."""
    (entry,) = entries_of(lambda x: typed * x, 2.0, names=False)
    assert float(sympy.sympify(entry)) == typed


@pytest.mark.parametrize(
    ("computed", "entry"),
    [
        (1 / math.pi, "1/pi"),
        (180 / math.pi, "180/pi"),
        (1 / math.log(10), "1/log(10)"),
        (1 / math.sqrt(2), "sqrt(2)/2"),
        (1 / math.sqrt(2 * math.pi), "1/sqrt(2*pi)"),
        (math.cos(math.pi / 2), "0"),
        (0.3 * math.sin(math.pi), "0"),
    ],
)
def test_constants_that_were_computed_are_recognised(computed: float, entry: str) -> None:
    """A float that is exactly what the code computes from π, ln 10 or √2 is that constant."""
    entries = entries_of(lambda x: computed * x[0] + x[1], 2.0, 1.0, names=False)
    assert entries == [entry, "1"]


def test_exponents_of_named_parameters_cancel() -> None:
    """A temperature or a weight in the exponents does not hide the maximum."""

    def tempered(x, T=0.7):
        e = torch.exp((x - x.max()) / T)
        return e / e.sum()

    assert entries_of(tempered, 0.3, -0.7, 1.1)[:2] == ["s₀*(1 - s₀)/T", "-s₀*s₁/T"]


def test_a_softmax_of_rows_is_recognised_row_by_row() -> None:
    """Each row's own maximum leaves it."""

    def rows(x):
        e = torch.exp(x - x.max(dim=1, keepdim=True).values)
        return e / e.sum(dim=1, keepdim=True)

    J = jacmagic.jacobian(rows, torch.tensor([[0.3, -0.7], [1.1, 0.2]], dtype=torch.float64))
    shown = [plain(J.reading.shown(0, j), J.reading.texts) for j in range(4)]
    assert shown == ["s₀*(1 - s₀)", "-s₀*s₁", "0", "0"]


def test_different_nodes_are_distinguished() -> None:
    """The comparison at random points sees a sign, a factor and a missing value."""
    graph = Graph()
    x = graph.variable("x")
    sine, root = graph.apply("sin", x), graph.apply("sqrt", x)

    def equal(one: int, other: int) -> bool:
        return are_equal_nearby(graph, [one], [other], [x], [-0.4], lambda point: True)

    assert equal(sine, graph.neg(graph.apply("sin", graph.neg(x))))
    assert not equal(sine, graph.neg(sine))
    assert not equal(sine, graph.mul(graph.number(1.00001), sine))
    assert not equal(graph.square(x), graph.square(graph.square(root)))
    assert text_of(graph, sine) == "sin(x)"


def test_a_wrong_rewrite_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a rule gave other values, the formula stays as it was derived."""

    def wrong(graph: Graph, roots: list[int]) -> list[int]:
        return [graph.mul(graph.number(2), root) for root in roots]

    monkeypatch.setattr(textbook, "recognised", wrong)
    assert entries_of(lambda x: x**2, 3.0) == ["2*x₀"]


SPELLINGS = [
    (lambda x: torch.exp(x - x.max()) / torch.exp(x - x.max()).sum(), vector(0.3, -0.7)),
    (lambda x: 1 / (1 + torch.exp(-x)), vector(0.3)),
    (lambda x: torch.cos(x[0]) * torch.cos(x[1]) - torch.sin(x[0]) * torch.sin(x[1]), vector(1, 2)),
    (lambda x: (x - x.mean()) / x.std(unbiased=False), vector(0.3, -0.7, 1.0)),
]


@pytest.mark.parametrize(("function", "point"), SPELLINGS)
def test_a_derivation_ends_in_the_entry(function, point: torch.Tensor) -> None:
    """Steps begin with the recognised function, and their last line has the entry in it."""
    J = jacmagic.jacobian(function, point)
    step = J.steps(0, 0)
    assert step.after == J.reading.entry(0, 0)
    assert plain(J.reading.shown(0, 0), J.reading.texts) in step.text.splitlines()[-1]
    assert len(step.equations) < 40


PLAIN = [
    (
        lambda x: torch.nn.functional.normalize(x, dim=0)[0],
        (3.0, 4.0),
        ["x₁**2/(x₀**2 + x₁**2)**(3/2)", "-x₀*x₁/(x₀**2 + x₁**2)**(3/2)"],
    ),
    (
        lambda x: torch.distributions.Bernoulli(x[0]).log_prob(vector(1, 0, 1)).sum(),
        (0.4,),
        ["2/x₀ - 1/(1 - x₀)"],
    ),
    (
        lambda x: torch.distributions.Binomial(10, x[0]).log_prob(vector(3.0)).sum(),
        (0.4,),
        ["(3 - 10*x₀)/(x₀*(1 - x₀))"],
    ),
    (lambda x: torch.distributions.Bernoulli(x[0]).entropy(), (0.4,), ["log(1 - x₀) - log(x₀)"]),
    (
        lambda x: torch.distributions.NegativeBinomial(5, x[0]).log_prob(torch.tensor(3.0)),
        (0.4,),
        ["3/x₀ - 5/(1 - x₀)"],
    ),
    (lambda x: (x[0] * torch.log(vector(1.2, 0.7, 2.1))).sum(), (1.5,), ["0.567584"]),
    (lambda x: x[0] * 1.7 + torch.log(x[0]) - x[0] * math.sin(1), (2.0,), ["0.858529"]),
    (
        lambda x: torch.logdet(torch.stack([torch.stack([x[0], x[1]]), torch.stack([x[1], x[2]])])),
        (3.0, 1.0, 2.0),
        ["x₂/(x₀*x₂ - x₁**2)", "-2*x₁/(x₀*x₂ - x₁**2)", "x₀/(x₀*x₂ - x₁**2)"],
    ),
]


@pytest.mark.parametrize(("function", "point", "entries"), PLAIN)
def test_what_guards_against_rounding_is_not_read(function, point, entries: list[str]) -> None:
    """The numbers of a sum are one number; ln det A and normalisation have no cases."""
    found = entries_of(function, *point)
    assert all(one.startswith(entry) for one, entry in zip(found, entries, strict=True)), found


def test_a_formula_is_shown_where_its_numbers_cancel() -> None:
    """1/r − x²/r³ is rounding alone at x = 10¹⁰, in any order; the formula is as right there."""

    def ray(x):
        return torch.nn.functional.normalize(torch.stack([x, x * 0 + 1]), dim=0)[0]

    J = jacmagic.jacobian(ray, torch.tensor(1e10, dtype=torch.float64))
    assert J.refusal is None
    assert plain(J.formula[0]) == "(x**2 + 1)**(-3/2)"
