"""Exercises in Python: which entries are asked for, and the worksheet."""

from __future__ import annotations

import re

import pytest
import torch

import jacmagic

F64 = torch.float64


def scalars(*numbers: float) -> tuple[torch.Tensor, ...]:
    """Return scalar tensors."""
    return tuple(torch.tensor(one, dtype=F64) for one in numbers)


def seed_function() -> jacmagic.Jacobian:
    """Return the worked example's Jacobian."""
    return jacmagic.jacobian(lambda x1, x2, x3: (x1 + x2, x3 * x1, x2**3), scalars(3, 4, 5))


def composed() -> jacmagic.Jacobian:
    """Return a Jacobian of products and chains, with a named constant."""

    def g(x, y, alpha=1.1):
        return alpha * x * torch.sin(x**2 * y) / (1 + y), x + 0 * y, torch.exp(-x)

    return jacmagic.jacobian(g, scalars(3, 4))


def test_a_small_matrix_is_asked_for_as_a_whole():
    """Nine entries, zeros included, in row-major order, numbered from 1 on."""
    exercise = seed_function().quiz()
    asked = [(one.row, one.column, one.number) for one in exercise.questions]
    assert asked == [(i, j, 3 * i + j + 1) for i in range(3) for j in range(3)]
    assert exercise.questions[3].text == "∂f₂/∂x₁"
    assert "frac" in exercise.questions[3].mathml
    assert len({one.id for one in exercise.questions}) == 9


def test_entries_that_are_not_zero_come_first():
    """Three of nine: none of the four zeros; eight of nine: three zeros."""
    J = seed_function()
    entries = {n: J.quiz(entries=n).questions for n in (3, 8)}
    assert [J.pattern[q.row, q.column].item() for q in entries[3]] == [True] * 3
    assert sum(not J.pattern[q.row, q.column].item() for q in entries[8]) == 3


def test_entries_that_are_not_asked_are_given():
    """As formulas, in all still forms; not where another variant asks for them."""
    exercise = seed_function().quiz(entries=2, seed=1)
    assert [one.text for one in exercise.questions] == ["∂f₁/∂x₂", "∂f₃/∂x₂"]
    rows = ["[  1   (1)   0  ]", "[  x₃   0    x₁ ]", "[  0   (2)   0  ]"]
    assert str(exercise).splitlines()[7:10] == rows
    assert r"x_{3} & 0 & x_{1}" in exercise.to_latex()
    several = seed_function().quiz(entries=2, seed=1, seeds=2)
    assert "[  …   (1)   0  ]" in str(several)


def test_variants_differ_and_are_the_same_again():
    """Forty seeds: several choices of entries, each made again by its seed."""
    J = seed_function()
    variants = J.quiz(seeds=40).variants
    texts = [[one.text for one in exercise.questions] for exercise in variants]
    assert len(texts) == 40 and len({tuple(one) for one in texts}) > 5
    again = J.quiz(seeds=40, seed=7)
    assert [one.text for one in again.questions] == texts[7]


def test_variants_of_numbers_are_at_points_of_their_own():
    """Short numbers of the same sign, on the same branch, again by the same seeds; judged there."""

    def f(x, y):
        return torch.log(x - y) * torch.where(x > 2, x, y), x / y

    exercise = jacmagic.jacobian(f, scalars(5, -0.5)).quiz("numbers", seeds=5)
    points = [tuple(one.jacobian.problem.flat_point) for one in exercise.variants]
    again = jacmagic.jacobian(f, scalars(5, -0.5)).quiz("numbers", seeds=5)
    assert points == [tuple(one.jacobian.problem.flat_point) for one in again.variants]
    assert points[0] == (5, -0.5) and len(set(points)) == 5
    assert all(x in range(3, 16) and 0 > y == round(y, 2) >= -1.5 for x, y in points)
    last = exercise.variants[-1]
    x, y = points[-1]
    right = f"ln({x} - {y}) + {x}/({x} - {y})"
    assert last.judge("number-0-0", right) and last.judge("number-1-0", f"{1 / y:.3g}")
    assert last.judge("number-1-0", 1 / y) and not last.judge("number-1-0", 12)  # not in quotes
    assert last.judge("number-1-0", f"{-1 / y}").kind == "sign"
    assert last.judge("number-1-1", f"1/({y})").kind == "variable"
    assert last.judge("number-1-0", "1/y").kind == "formula"
    assert f"x = {x:g}, y = {y:g}" in str(last)


def test_each_step_of_a_derivation_asks_for_its_rule():
    """The rules are those of `steps`; the right one is among the choices and not in the repr."""
    exercise = composed().quiz("rules", entries=1)
    rules = [one.answer for one in exercise.questions]
    assert "product" in rules or "constant factor" in rules
    for one in exercise.questions:
        assert one.answer in one.choices and len(set(one.choices)) == len(one.choices)
        assert "answer" not in repr(one)


@pytest.mark.parametrize("kind", ["entries", "numbers", "steps", "rules"])
def test_the_worksheet_has_the_function_and_no_derivative(kind):
    """Text, LaTeX and HTML have numbered blanks; cos, of the derivative alone, is nowhere."""
    exercise = composed().quiz(kind, entries=2)
    forms = exercise._repr_mimebundle_()
    for mime in ("text/plain", "text/latex", "text/html"):
        form = re.sub("(co)?sine", "", forms[mime])
        assert "sin" in form and "cos" not in form
        assert re.search(r"1\.1", form)
    assert "(1)" in forms["text/plain"]


def test_what_cannot_be_asked_is_refused():
    """No kind, no number, no closed form, a disagreement, a kink: each says what to write."""
    J = seed_function()
    zero, two = scalars(0, 2)
    for wrong, message in [
        (lambda: J.quiz("entry"), "expected a kind of exercise"),
        (lambda: J.quiz(entries=0), "at least 1"),
        (lambda: J.quiz(seeds=0), "number of variants"),
        (lambda: jacmagic.jacobian(torch.relu, zero).quiz(), "a kink at this point"),
        (lambda: jacmagic.jacobian(lambda x: x.detach() * x, two).quiz(), "do not: torch"),
        (lambda: jacmagic.jacobian(lambda x: x * torch.bernoulli(x / x), two).quiz(), "bernoulli"),
    ]:
        with pytest.raises(jacmagic.OptionError, match=message):
            wrong()
