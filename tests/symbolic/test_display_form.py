"""Closed forms as they are shown: constants, σ and softmax by name, and steps to the end."""

from __future__ import annotations

import dataclasses
import functools
import math
import statistics
import time
import types

import numpy as np
import pytest
import sympy
import torch
from corpus import CORPUS, Case
from latex_reader import AmbiguousError, read

import jacmagic
from jacmagic import Jacobian
from jacmagic.render.mathml import to_mathml
from jacmagic.symbolic.formula.sympy_names import NamedNumber, sigmoid
from jacmagic.symbolic.formula.typeset import tex
from jacmagic.symbolic.steps import Step

KNOWN = [case for case in CORPUS if not case.refuses]
G = 9.81
ANGLE = 0.3
A = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
M = np.array([[0.5, 1.5], [2.5, 3.5]])
FIELDS = {"k": 3.5}
SPACE = types.SimpleNamespace(c=2.5)


@dataclasses.dataclass
class Pendulum:
    """Parameters as notebooks keep them."""

    m: float = 2.0
    L: float = 0.5


PENDULUM = Pendulum()


def at(*values: float) -> torch.Tensor:
    """Return a vector of float64."""
    return torch.tensor(values, dtype=torch.float64)


def shown(J: Jacobian) -> list[str]:
    """Return the entries as plain text."""
    assert J.reading is not None, str(J.refusal)
    return [str(entry) for entry in J.reading.matrix]


def numbers_of(J: Jacobian) -> dict[str, float]:
    """Return the constants beside the formula."""
    assert J.reading is not None
    return {label.text: value for label, value in J.reading.used_constants}


# ── constants ─────────────────────────────────────────────────────────────────────────────────


def prey(x, y, alpha=1.1, beta=0.4):
    """Default arguments."""
    return alpha * x - beta * x * y


def swing(theta):
    """Return a global and the fields of a dataclass."""
    return -PENDULUM.m * G / PENDULUM.L * torch.sin(theta)


def from_dict(x):
    """Return a dict and a namespace."""
    return FIELDS["k"] * x**2 + SPACE.c * x


def turned(x):
    """Functions of a constant keep its name too."""
    return math.cos(ANGLE) * x


def by_keyword(x, *, gain=2.5):
    """Keyword-only arguments have defaults as well."""
    return gain * x**2


def whole(x, n=3, K=0.7):
    """Integers keep their names where they are computed with."""
    return x**n / (K**n + x**n)


@pytest.mark.parametrize(
    ("function", "values", "entries", "constants"),
    [
        (prey, (1, 2), ["-beta*y + alpha", "-beta*x"], {"alpha": 1.1, "beta": 0.4}),
        (swing, (0.3,), ["-G*m*cos(theta)/L"], {"G": 9.81, "m": 2.0, "L": 0.5}),
        (from_dict, (2,), ["2*k*x + c"], {"k": 3.5, "c": 2.5}),
        (turned, (2,), ["cos(ANGLE)"], {"ANGLE": 0.3}),
        (by_keyword, (2,), ["2*gain*x"], {"gain": 2.5}),
    ],
)
def test_constants_keep_their_names(function, values, entries, constants) -> None:
    """Default arguments, globals, fields of dataclasses, namespaces and dicts."""
    J = jacmagic.jacobian(function, at(*values).unbind())
    assert shown(J) == entries
    assert numbers_of(J) == constants
    assert J.formula is not None and J.formula.free_symbols <= set(J.symbols)
    point = dict(zip(J.symbols, values, strict=True))
    for plain, entry in zip(J.formula, J.reading.matrix, strict=True):
        assert float(plain.subs(point)) == pytest.approx(float(entry.subs(point)), rel=1e-12)


def test_closures_and_partials_keep_names() -> None:
    """A value held by a closure has a name; one bound by a partial is a default."""
    rate = 0.25
    assert shown(jacmagic.jacobian(lambda x: rate * x, at(1)[0])) == ["rate"]
    halved = functools.partial(lambda x, scale: scale * x, scale=0.5)
    assert jacmagic.jacobian(halved, at(1)[0]).agreement.verdict == "agree"


def test_exponents_keep_names() -> None:
    """The Hill function is differentiated with its exponent kept."""
    J = jacmagic.jacobian(whole, at(0.5)[0])
    assert {"n", "K"} == set(numbers_of(J))
    assert "n" in J.to_latex() and r"K^{n}" in J.to_latex()


def test_tensors_and_arrays_keep_names() -> None:
    """The elements of a small constant tensor or array are called by their indices."""
    J = jacmagic.jacobian(lambda x: A @ x, at(1, 2))
    assert shown(J) == ["A_0_0", "A_0_1", "A_1_0", "A_1_1"]
    assert r"A = \begin{bmatrix} 1 & 2 \\[1ex] 3 & 4 \end{bmatrix}" in J.to_latex()
    assert shown(jacmagic.jacobian(lambda x: M @ x, at(1, 2)))[1] == "M_0_1"
    assert shown(jacmagic.jacobian(lambda x: torch.from_numpy(M) @ x, at(1, 2)))[1] == "M_0_1"


def test_layers_are_called_as_in_textbooks() -> None:
    """A small layer has W and b; the formula for computing keeps the numbers."""
    layer = torch.nn.Linear(2, 1).double()
    J = jacmagic.jacobian(layer, at(1, 2))
    assert shown(J) == ["W_0_0", "W_0_1"]
    assert [float(entry) for entry in J.formula] == pytest.approx(layer.weight[0].tolist())


def test_names_that_are_taken_stay_numbers() -> None:
    """A constant called like an input, or like another constant of another value, is a number."""

    def inner(x, a=2.0):
        return a * x

    def outer(x, a=3.0):
        return a * inner(x)

    assert shown(jacmagic.jacobian(outer, at(1)[0], names="a")) == ["6"]
    J = jacmagic.jacobian(outer, at(1)[0])
    assert J.agreement.verdict == "agree" and "a" in numbers_of(J)
    assert float(J.reading.matrix[0].evalf()) == 6


def test_the_users_names_are_as_before() -> None:
    """Nothing of the bookkeeping stays behind."""
    before = (prey.__defaults__, G, dict(FIELDS), vars(PENDULUM).copy(), vars(SPACE).copy())
    for function in (prey, swing, from_dict):
        count = function.__code__.co_argcount - len(function.__defaults__ or ())
        _ = jacmagic.jacobian(function, at(*[0.5] * count).unbind()).reading
    after = (prey.__defaults__, G, dict(FIELDS), vars(PENDULUM), vars(SPACE))
    assert before == after
    assert [type(value) for value in (*prey.__defaults__, G, *FIELDS.values())] == [float] * 4


def test_a_switch_shows_numbers() -> None:
    """`names=False` is the same derivation with the constants' numbers."""
    J = jacmagic.jacobian(prey, at(1, 2).unbind())
    assert r"\alpha - \beta y" in J.to_latex() and r"\alpha = 1.1,\quad \beta = 0.4" in J.to_latex()
    plain = J.shown(names=False)
    assert r"\alpha" not in plain.to_latex() and "1.1 - 0.4 y" in plain.to_latex()


def test_a_changed_constant_is_not_shown_by_its_old_name() -> None:
    """Where the code gives other values by now, the formula stays with its numbers."""
    space = {"rate": 2.0}
    exec("def f(x):\n    return rate * x", space)
    J = jacmagic.jacobian(space["f"], at(1)[0])
    assert J.pattern.all()  # traced
    space["rate"] = 5.0
    assert shown(J) == ["2"] and J.formula[0] == 2


def legendre(x, n=4):
    """Bonnet's recursion."""
    if n == 0:
        return torch.ones_like(x)
    return (
        x if n == 1 else ((2 * n - 1) * x * legendre(x, n - 1) - (n - 1) * legendre(x, n - 2)) / n
    )


def truncated(x, n=3, a=2.0):
    """Return a mean times a count and a constant."""
    return sum(x**k / n for k in range(1, n + 1)) * a


def power(x, n=3):
    """Return an exponent steers nothing: the formula holds for every n."""
    return n * x**n


def steps_of_newton(a, rounds=2):
    """Loop over a count."""
    x = a
    for _ in range(rounds):
        x = (x + a / x) / 2
    return x


@pytest.mark.parametrize(
    ("function", "steering", "kept"),
    [
        (legendre, "n", set()),
        (truncated, "n", {"a"}),
        (steps_of_newton, "rounds", set()),
        (power, "", {"n"}),
    ],
)
def test_counts_that_steer_are_numbers(function, steering: str, kept: set[str]) -> None:
    """An integer has a name only where the formula holds for other numbers as well."""
    point = torch.tensor(0.7, dtype=torch.float64)
    for J in (jacmagic.jacobian(function, point), jacmagic.hessian(function, point)):
        names = {str(one) for one in J.reading.matrix.atoms(NamedNumber)}
        assert steering not in names
        assert names <= kept
    J = jacmagic.jacobian(function, point)
    assert {str(one) for one in J.reading.matrix.atoms(NamedNumber)} == kept


def test_numbers_are_shown_in_wide_forms_as_well() -> None:
    """The switch to numbers holds where a formula is named for its width."""

    def wide(x, k=1.25):
        y = torch.sin(k * x[0]) * torch.exp(k * x[1])
        return y * torch.cos(y * x[1] + k) + torch.exp(y * x[0] * k) * torch.tanh(y + k * x[1])

    J = jacmagic.jacobian(wide, at(0.3, 0.7))
    assert J.reading.used_constants
    numbers = J.shown(names=False).reading
    assert not numbers.used_constants and numbers.clauses
    assert not numbers.matrix.atoms(NamedNumber)


def projected(point, f, k1, k2):
    """Return outputs u and v, as a camera model does."""
    X, Y, Z = point
    x, y = X / Z, Y / Z
    r2 = x**2 + y**2
    d = 1 + k1 * r2 + k2 * r2**2
    return {"u": f * d * x, "v": f * d * y}


def newton(a):
    """Halves and the input itself come up again and again."""
    x = a
    for _ in range(4):
        x = 0.5 * (x + a / x)
    return x


def test_names_of_parts_mean_one_thing() -> None:
    """No part has the name of an output, an input, a constant or a variable of the code."""
    J = jacmagic.jacobian(projected, (at(0.3, -0.2, 2.0), *at(500.0, -0.1, 0.02)))
    names = [str(one.symbol) for one in J.reading.clauses]
    assert names and not {"u", "v"} & {name.partition("_")[0] for name in names}
    assert len(set(names)) == len(names)


def test_parts_are_more_than_a_number_or_a_variable() -> None:
    """What SymPy sees to be a number, or one variable, has no name of its own."""
    J = jacmagic.jacobian(newton, torch.tensor(2.0, dtype=torch.float64))
    definitions = [one.definition for one in J.reading.clauses]
    assert definitions and not any(one.is_number or one.is_Symbol for one in definitions)


def test_named_numbers_behave_like_pi() -> None:
    """They have no free symbol, a value, and an order of size."""
    alpha, beta = NamedNumber("alpha", 1.5), NamedNumber("beta", -2.0)
    x = sympy.Symbol("x", real=True)
    expression = alpha * x - sympy.Abs(beta) * x
    assert expression.free_symbols == {x} and float(expression.subs(x, 2)) == -1
    assert (alpha > 1) == sympy.true and sympy.Max(alpha, beta) == alpha
    assert sympy.lambdify(x, expression + x**beta)(2.0) == pytest.approx(-0.75)
    assert alpha != NamedNumber("alpha", 1.6) and alpha == NamedNumber("alpha", 1.5)


def test_sigmoid_is_the_logistic_function() -> None:
    """By name, by value, by derivative and rewritten."""
    x = sympy.Symbol("x", real=True)
    assert sigmoid(x).diff(x) == sigmoid(x) * (1 - sigmoid(x))
    assert float(sigmoid(sympy.Float(0.3))) == pytest.approx(1 / (1 + math.exp(-0.3)))
    assert sigmoid(x).rewrite(sympy.exp) == 1 / (1 + sympy.exp(-x))
    assert sympy.lambdify(x, sigmoid(x))(0.3) == pytest.approx(1 / (1 + math.exp(-0.3)))


# ── named parts ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "function",
    [lambda x: torch.softmax(x, 0), lambda x: torch.exp(x) / torch.exp(x).sum()],
    ids=["called", "by hand"],
)
def test_softmax_is_written_in_its_own_components(function) -> None:
    """∂sᵢ/∂xⱼ = sᵢ(δᵢⱼ − sⱼ), whoever wrote the softmax."""
    J = jacmagic.jacobian(function, at(1, 2, 3))
    assert shown(J)[:2] == ["s_0*(1 - s_0)", "-s_0*s_1"]
    assert [str(clause.symbol) for clause in J.reading.clauses] == ["s_0", "s_1", "s_2"]
    assert J.steps(0, 1).rule == "softmax"


def test_losses_are_written_in_softmax_components() -> None:
    """The gradient of the cross-entropy is s − e."""
    J = jacmagic.jacobian(
        lambda z: torch.nn.functional.cross_entropy(z[None], torch.tensor([1])), at(1, 2, 3)
    )
    assert shown(J) == ["s_0", "s_1 - 1", "s_2"]


def test_norms_of_vectors_are_named() -> None:
    """‖x‖ of a whole input or variable with three components or more; short ones stay roots."""
    J = jacmagic.jacobian(lambda x: x / torch.linalg.norm(x), at(1, 2, 3))
    assert shown(J)[1] == "-x_0*x_1/norm_x**3"
    assert r"\left\| x \right\| = \sqrt{x_{0}^{2} + x_{1}^{2} + x_{2}^{2}}" in J.to_latex()

    def gravity(p, mu=3.0):
        r = p - at(1, 2, 3)
        return -mu * r / torch.linalg.norm(r) ** 3

    assert "norm_r" in "".join(shown(jacmagic.jacobian(gravity, at(4, 6, 8))))
    assert shown(jacmagic.jacobian(lambda x: torch.linalg.norm(x), at(3, 4)))[0].count("sqrt") == 1


def test_standardised_values_do_without_letters_that_are_taken() -> None:
    """A layer normalisation is shown where the code itself has used z, y and v."""

    def function(x):
        z = 2 * x
        y = z + 1
        v = y * y
        return torch.nn.functional.layer_norm(v, (3,))

    J = jacmagic.jacobian(function, at(1, 2, 4))
    assert len(shown(J)) == 9


def test_sigmoid_stays_sigmoid() -> None:
    """σ by its name where it is short, by a letter where it is repeated and long."""
    assert shown(jacmagic.jacobian(torch.sigmoid, at(0.5)[0])) == ["σ(x)*(1 - σ(x))"]
    J = jacmagic.jacobian(lambda w, b: torch.sigmoid(w[0] + 2 * w[1] + b), (at(1, 2), at(3)[0]))
    assert shown(J)[1] == "2*s*(1 - s)"


def test_the_users_variables_come_first() -> None:
    """A long formula is abbreviated by the names that the code gives its parts."""

    def elbow(t1, t2, w1, w2, m1=1.0, m2=2.0, l1=1.0, l2=0.5):
        d = t1 - t2
        den = 2 * m1 + m2 - m2 * torch.cos(2 * d)
        top = -G * (2 * m1 + m2) * torch.sin(t1) - m2 * G * torch.sin(t1 - 2 * t2)
        return (top - 2 * torch.sin(d) * m2 * (w2**2 * l2 + w1**2 * l1 * torch.cos(d))) / (l1 * den)

    J = jacmagic.jacobian(elbow, at(0.1, 0.2, 0.3, 0.4).unbind())
    named = [str(clause.symbol) for clause in J.reading.clauses]
    assert {"d", "den"} <= set(named)
    assert len(named) <= 6


def test_short_formulas_are_left_alone() -> None:
    """Nothing is abbreviated that fits."""
    J = jacmagic.jacobian(lambda x, y: x**2 * torch.sin(y), at(1, 2).unbind())
    assert not J.reading.clauses


def test_wide_matrices_fit_the_page() -> None:
    """Long outputs and long entries are written out below the matrix, long sums broken."""

    def wide(x):
        terms = [(x[i] * x[(i + k) % 9] - k) ** (2 + k % 3) for k in range(4) for i in range(9)]
        return torch.stack([sum(terms), x.prod()])

    J = jacmagic.jacobian(wide, torch.linspace(0.5, 1.3, 9, dtype=torch.float64))
    widest = max(line.count("&") for line in J.derivation.closed_form.split(r"\\"))
    assert widest == 8 and J.derivation.of_expressions is None
    assert J.derivation.where[0].startswith(r"\mathrm{wide}_{0} =")
    assert any(r"\frac{\partial \mathrm{wide}_{0}}" in line for line in J.derivation.where)


# ── over the whole corpus ─────────────────────────────────────────────────────────────────────


def jacobian_of(case: Case) -> Jacobian | None:
    """Return a case's Jacobian, or None where its formula is too long to be read."""
    return None if case.jacobian.reading is None else case.jacobian


def evaluated(expressions: list, values: dict) -> np.ndarray:
    """Expressions with numbers for their symbols."""
    plain = [
        sympy.sympify(one).rewrite(sympy.exp) if one.has(sigmoid) else one for one in expressions
    ]
    symbols = list(values)
    modules = [{"DiracDelta": lambda *_: 0}, "mpmath"]  # SymPy's derivative of a sign
    found = sympy.lambdify(symbols, plain, modules=modules)(*values.values())
    return np.array([complex(one) for one in found])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (r"\sin{c} d", "behind a function"),
        (r"\ln c \left(d + 1\right)", "behind a function"),
        (r"\cos{c d}", "expected '}'"),
        (r"\mathrm{prey} \mathrm{predators}", "a word"),
        (r"c 2", "a number"),
        (r"c d \right)", "cannot read"),
    ],
)
def test_the_reader_refuses_what_reads_in_two_ways(source: str, reason: str) -> None:
    """The reader that checks what is typeset can fail."""
    values = {"c": 0.3, "d": 2.0, r"\mathrm{prey}": 1.0, r"\mathrm{predators}": 1.0}
    with pytest.raises((AmbiguousError, ValueError), match=reason):
        read(source, values)


@pytest.mark.parametrize(
    ("function", "typeset"),
    [
        (lambda c, d: torch.sin(c) * d, r"d \cos {c}"),
        (lambda c, d: torch.log(c) ** 2 * d, r"\frac{2 d \ln{c}}{c}"),
        (lambda c, d: torch.sin(c) * torch.cos(d) * d, r"d \cos {c} \cos {d}"),
        (lambda c, d: torch.erf(d) * c * d, r"d \operatorname{erf}{\left(d \right)}"),
        (lambda prey, wolves: prey * wolves * 3, r"3 \cdot \mathrm{wolves}"),
        (lambda prey, beta: beta * prey**2, r"2 \beta \cdot \mathrm{prey}"),
        (lambda e, c: torch.exp(e) * c, r"c \exp\left(e\right)"),
        (lambda x, sigma: torch.sigmoid(x) * sigma, r"\operatorname{sigmoid}\left(x\right)"),
        (lambda x, pi: torch.pi * pi * x, r"\operatorname{pi} \pi"),
    ],
)
def test_no_factor_reads_as_part_of_another(function, typeset: str) -> None:
    """Functions stand behind the other factors, words apart, and letters mean one thing."""
    J = jacmagic.jacobian(function, tuple(at(0.7, 1.3)))
    assert typeset in J.derivation.closed_form
    check_typeset(J)


def test_functions_in_the_users_order_have_brackets() -> None:
    """What keeps the order of the code has brackets where a factor follows a function."""
    J = jacmagic.jacobian(lambda c, d: torch.sin(c) * d + torch.log(c) * d**2, tuple(at(0.7, 1.3)))
    assert r"\sin{\left(c \right)} d + \ln{\left(c \right)} d^{2}" in J.derivation.of_expressions


def test_matrices_within_a_line_have_brackets() -> None:
    """A matrix after "with" is in brackets of its own; the page draws those of the chain."""
    line = to_mathml(r"W = \begin{bmatrix} 1 & 2 \\[1ex] 3 & 4 \end{bmatrix}", display=False)
    assert line.count(">[<") == line.count(">]<") == 1
    assert ">[<" not in to_mathml(r"\begin{bmatrix} 1 & 2 \end{bmatrix}")


LONGEST_READ = 6_000  # letters of LaTeX that the slow reader reads


def check_typeset(J: Jacobian) -> None:
    """LaTeX parsed by another library has the numbers of the closed form."""
    reading, point = J.reading, J.problem.flat_point
    numbers = reading.numbers(point)
    names = reading.all_names
    values = {names[symbol]: value for symbol, value in numbers.items()}
    assert len(values) == len(numbers), "two symbols are typeset alike"
    truth = reading.form.values(point)
    outputs = reading.form.tape.evaluate(point)
    typeset = [(tex(reading.shown(i, j), names), truth[i, j]) for i, j in reading.page_entries]
    typeset += [
        (tex(written, names, written=True), value)
        for written, value in zip(reading.written, outputs[: len(truth)], strict=True)
    ]
    typeset += [(one.latex.split(" = ", 1)[1], numbers[one.symbol]) for one in reading.clauses]
    largest = max((abs(value) for _, value in typeset if np.isfinite(value)), default=0.0)
    for source, expected in typeset:
        found = read(source, values) if len(source) <= LONGEST_READ else np.nan
        if np.isfinite(found) and np.isfinite(expected):
            # decimals are typeset with six digits
            assert abs(found - expected) <= 2e-4 * max(abs(expected), largest), source


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_what_is_shown_is_what_is_computed(case: Case) -> None:
    """Entries in terms of constants and clauses, and clauses in terms of each other, add up."""
    J = jacobian_of(case)
    if J is None:
        assert J is None  # its numbers are tested with the closed forms
        return
    reading, form = J.reading, J.reading.form
    point = [float(v) for t in case.tensors() for v in t.reshape(-1)]
    numbers = {s: v for s, v in reading.numbers(point).items() if not isinstance(s, NamedNumber)}
    truth = form.values(point).reshape(-1)
    definitions = evaluated([clause.definition for clause in reading.clauses], numbers)
    named = [numbers[clause.symbol] for clause in reading.clauses]
    np.testing.assert_allclose(definitions, named, rtol=1e-8, atol=1e-10)
    entries = evaluated(list(reading.matrix), numbers)
    finite = np.isfinite(truth) & np.isfinite(entries)
    scale = float(np.abs(truth[finite]).max(initial=0))
    np.testing.assert_allclose(entries[finite], truth[finite], rtol=1e-7, atol=1e-9 * (1 + scale))
    assert to_mathml(J.derivation.closed_form)
    check_typeset(J)


def every_step(step: Step) -> list[Step]:
    """Return a derivation's steps, each once."""
    found = {step.before: step}
    for child in step.children:
        found |= {one.before: one for one in every_step(child)}
    return list(found.values())


TIMES: list[float] = []


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_every_step_is_true_and_the_last_is_the_entry(case: Case) -> None:
    """Two entries of every function: each step is checked against SymPy at the case's point."""
    J = jacobian_of(case)
    if J is None:
        assert J is None
        return
    reading, n = J.reading, len(J.columns)
    point = [float(v) for t in case.tensors() for v in t.reshape(-1)]
    values = dict(zip(J.symbols, point, strict=True))
    positions = [divmod(k, n) for k in np.flatnonzero(J.pattern.reshape(-1).numpy())]
    for i, j in [*positions[:1], *positions[-1:]]:
        start = time.perf_counter()
        step = J.steps(int(i), int(j))
        TIMES.append(time.perf_counter() - start)
        assert step.after == reading.entry(i, j)
        assert step.ending is not None and step.ending.named == reading.matrix[i, j]
        steps = [one for one in every_step(step) if not one.before.has(sympy.floor, sympy.ceiling)]
        ours = evaluated([one.after for one in steps[:40]], values)
        theirs = evaluated([one.before.diff(one.symbol) for one in steps[:40]], values)
        fine = np.isfinite(ours) & np.isfinite(theirs)
        size = float(np.abs(theirs[fine]).max(initial=0))
        np.testing.assert_allclose(ours[fine], theirs[fine], rtol=1e-7, atol=1e-9 * (1 + size))


def test_steps_are_quick() -> None:
    """The median derivation takes a fraction of what a click may take."""
    if len(TIMES) > 100:
        print(f"median of {len(TIMES)} derivations: {1e3 * statistics.median(TIMES):.1f} ms")
        assert statistics.median(TIMES) < 0.1


def chebyshev(x, order=5):
    """Rivlin, Chebyshev Polynomials, 1.1: T₅′ = 80x⁴ − 60x² + 5."""
    a, b = torch.ones_like(x), x
    for _ in range(order - 1):
        a, b = b, 2 * x * b - a
    return b


def metric(p):
    """Return the entry of a metric of polar coordinates: r²(sin² + cos²)."""

    def embedded(u):
        return torch.stack([u[0] * torch.cos(u[1]), u[0] * torch.sin(u[1])])

    slopes = torch.func.jacfwd(embedded)(p)
    return (slopes.T @ slopes)[1, 1]


def lennard_jones(x, s=3.4, eps=1.65):
    """Jones, Proc. R. Soc. A 106, 463 (1924)."""
    return 4 * eps * ((s / x) ** 12 - (s / x) ** 6)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_textbook_forms_are_found_before_parts_are_named() -> None:
    """What is short in normal form is shown so: polynomials, sin² + cos², powers of quotients."""
    x = torch.tensor(0.7, dtype=torch.float64)
    J = jacmagic.jacobian(chebyshev, x)
    assert shown(J) == ["80*x**4 - 60*x**2 + 5"]
    assert shown(jacmagic.jacobian(metric, at(0.7, 1.4))) == ["2*p_0", "0"]
    H = jacmagic.hessian(lennard_jones, x + 2)
    assert not H.reading.clauses
    for one in (J, H):
        check_typeset(one)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 1 / (1 + torch.exp(-x)),
        lambda x: (torch.exp(-x) + 1) ** -1,
        lambda x: torch.exp(x) / (1 + torch.exp(x)),
        torch.sigmoid,
    ],
)
def test_a_logistic_function_is_recognised_however_it_is_written(function) -> None:
    """Its derivative is σ(1 − σ), and finite where the exponential overflows."""
    J = jacmagic.jacobian(function, torch.tensor(0.5, dtype=torch.float64))
    assert str(J.reading.matrix[0, 0]) == "σ(x)*(1 - σ(x))"
    assert J.evaluator()(800.0) == 0.0 and J.agreement.verdict == "agree"
