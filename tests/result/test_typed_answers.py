"""Answers for one entry: read, judged at points, and mistakes named."""

from __future__ import annotations

import pickle
import random
import sys
from pathlib import Path

import pytest
import torch

import jacmagic
from jacmagic.errors import FunctionError, OptionError
from jacmagic.result.exercise.judge import Judge, judge_of
from jacmagic.result.exercise.steps import hint_for, judge_steps

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))


def f(x, y):
    return x**2 * torch.sin(y), torch.exp(x * y) / y, (x**2 + y) ** 3, torch.log(x) * y


def number(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return judge_of(jacmagic.jacobian(f, (number(1.3), number(0.7))))


@pytest.mark.parametrize(
    ("i", "j", "answer"),
    [
        (0, 0, "2x sin(y)"),
        (0, 0, r"$2\,x\sin y$"),
        (0, 0, "∂f₁/∂x = 2xsin(y)"),
        (0, 1, "x²·cos y"),
        (0, 1, "x**2 * cos(y)"),
        (0, 1, r"x^2 \sqrt{1-\sin^2 y}"),
        (1, 0, "e^(xy)"),
        (1, 1, r"\frac{(x y - 1) e^{x y}}{y^2}"),
        (1, 1, "x*exp(x*y)/y − exp(x*y)/y^2"),
        (2, 0, "6x(x²+y)²"),
        (2, 0, "6 x^5 + 12 x^3 y + 6 x y^2"),
        (2, 1, "3*(y+x*x)^2"),
        (3, 0, "y x⁻¹"),
        (3, 1, "ln|x|"),
        (3, 1, "ln(x^2)/2"),
        (3, 1, "log10(x)*ln(10)"),
        (1, 0, "sin 0 + cos 0 e^(xy)"),
        (0, 0, r"2^10 x\sin y \cdot 2^-9 + \cos \frac{x}{2} y - \cos(x/2) y"),
        (0, 0, r"\ln2\cdot2^0 x \sin y\cdot\frac2{\ln2}"),
        (0, 0, r"½ x√16 sin y + sin 2\frac{x}{2} - sin x"),
        (0, 0, r"2 x \sin y - 2 \sin 2\pi x + 2 \sin(2 π x)"),
        (2, 0, "⇒ sin 0 (x+1) + 6x(x²+y)²"),
    ],
)
def test_a_right_answer_is_right_in_any_form(judge: Judge, i: int, j: int, answer: str) -> None:
    """Typed mathematics, LaTeX, raised digits and left sides are read."""
    assert judge.judge(i, j, answer), judge.judge(i, j, answer)


@pytest.mark.parametrize(
    ("i", "j", "answer", "kind", "words"),
    [
        (2, 0, "3(x^2+y)^2", "inner derivative", "the factor 2·x"),
        (2, 0, "6x(x^2+y)^3", "power", "not lowered"),
        (2, 0, "3(x^2+y)^2 (2x+y)", "constant", "constant term kept"),
        (2, 0, "3(x^2+y)^2 (2x+1)", "held constant", "y is differentiated too"),
        (2, 0, "(x^2+y)^3", "not differentiated", "f₃ itself"),
        (1, 1, "(x*y+1)exp(x*y)/y^2", "quotient rule", "plus sign"),
        (1, 1, "x*exp(x*y)", "quotient rule", "quotient of the derivatives"),
        (0, 1, "-x^2 cos y", "sign", "the other sign"),
        (0, 1, "2x sin y", "swapped columns", "∂f₁/∂x"),
        (0, 0, "0", "zero", "not zero everywhere"),
        (0, 0, "2.0*1.3*0.644", "number", "its number at the point"),
        (0, 0, "1.99999 x sin y", "rounded", "digits are right"),
        (1, 1, "(xy-1)e^xy/y^2", "brackets", "around it"),
        (0, 1, "x^2 cos 2y-y", "brackets", "the argument"),
        (1, 1, "x e^(xy)/y-e^(xy)/yy", "brackets", "below"),
        (3, 0, "y ln(x)", "not differentiated", "f₄ itself"),
        (3, 0, "1/x", "constant", "without the constant factor"),
        (0, 0, "1/0", "no value", "division by zero"),
        (0, 0, "9^9^9^9", "no value", "division by zero"),
        (0, 0, "d/dx(x^2 sin y)", "unfinished", "left to be taken"),
    ],
)
def test_a_mistake_is_named(
    judge: Judge, i: int, j: int, answer: str, kind: str, words: str
) -> None:
    """A wrong answer comes with the one mistake that explains it at all points."""
    found = judge.judge(i, j, answer)
    assert (found.verdict, found.kind) == ("wrong", kind), found
    assert words in found.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("", "found nothing"),
        ("2x =", "found nothing"),
        ("2*(x", r"expected )"),
        ("2*x)", "found )"),
        ("z", "expected the variables x, y"),
        ("x2", "expected the variables x, y"),
        ("__import__('os')", "found _"),
        ("x.__class__", "found '.'"),
        pytest.param("x" * 10_000_000, "at most 2,000 letters", id="10 MB"),
        pytest.param("(" * 1_000, "fewer brackets", id="brackets"),
        ("1e999", "at most 40 digits"),
        ("9" * 50, "at most 40 digits"),
        ("2,5x", "expected an operator or the end"),
        ("[1, 2]", "not a list"),
        (r"\begin{pmatrix} 1 \end{pmatrix}", "one expression"),
        ("sin(x, y)", "as many arguments"),
        ("2 3 x", "a sign between two numbers"),
        pytest.param("d/dx(" * 20 + "x" + ")" * 20, "at most 12 derivatives", id="derivatives"),
        ("sin", "an argument in brackets, as in sin(…); found the end"),
        ("x; y", "expected mathematics"),
        ("\x00😀", "expected mathematics"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(
    judge: Judge, answer: str, words: str
) -> None:
    """Nothing is evaluated, and the judgement says what was expected."""
    found = judge.judge(0, 0, answer)
    assert found.verdict == "not readable"
    assert words in found.message


def test_no_text_raises(judge: Judge) -> None:
    """Whatever is typed is right, wrong or not readable, as an answer and as a derivation."""
    pieces = [*"xy+-*/^()[]{}|'\\ .,=0123456789∂√²dD", "sin", "d/dx", "D_x(", "d(", "/dx", "ln ",
              r"\frac{d}{dx}", r"\frac", r"\sqrt", "e^", "x_{1}"]  # fmt: skip
    draw = random.Random(0)
    for _ in range(300):
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(1, 16)))
        assert judge.judge(draw.randrange(4), draw.randrange(2), text).verdict
        assert judge_steps(judge, 2, 0, text).verdict


def test_names_of_components_and_greek_letters_are_read() -> None:
    """A vector's components are read in all their spellings, θ as theta and as LaTeX."""

    def g(x, θ):
        return x[0] * torch.sin(θ) * x[1] ** 2

    inputs = (torch.tensor([0.5, 1.5], dtype=torch.float64), number(0.4))
    judge = judge_of(jacmagic.jacobian(g, inputs))
    for answer in ("2 x[0] sin(θ) x[1]", "2x_0 x_1 sin theta", r"2 x_{0} x_{1} \sin\theta"):
        assert judge.judge(0, 1, answer), answer
    assert judge.judge(0, 1, "2 x_1 x_2 sin θ").verdict == "not readable"  # there is no x[2]


def test_names_have_the_spellings_of_their_letters() -> None:
    """A final underscore, an accent, the two forms of φ, words within products, ½."""

    def g(lambda_, phi, theta_dot, prey):
        return lambda_ * torch.sin(phi) * theta_dot**2 * prey / 2

    judge = judge_of(jacmagic.jacobian(g, tuple(map(number, [0.5] * 4))))
    for answer in (
        "½ lambda_ cos(phi) theta_dot^2 prey",
        r"\frac12 \lambda\,\dot{\theta}^2\,\text{prey}\cos\varphi",
        "λ θ̇² prey/2 cosϕ",
        r"0.5\lvert\lambda\rvert\cos(\phi)\dot\theta^2\mathrm{prey}",
    ):
        assert judge.judge(0, 1, answer), judge.judge(0, 1, answer)
    judge = judge_of(
        jacmagic.jacobian(lambda x, y: y * torch.sin(2 * x), tuple(map(number, [0.5] * 2)))
    )
    assert judge.judge(0, 0, "2ycos2x")


def test_constants_are_more_than_their_values() -> None:
    """For a = 2, 2a is not a²; numbers instead of names are right where all are."""

    def g(x, a=2.0, b=3.0):
        return a**2 * x, a * torch.exp(b * x)

    judge = judge_of(jacmagic.jacobian(g, number(0.7)))
    for i, answer in [(0, "a^2"), (0, "4"), (1, "a b e^(b x)"), (1, "6e^(3x)"), (1, "2b e^(b x)")]:
        assert judge.judge(i, 0, answer), answer
    for i, answer in [(0, "2a"), (0, "a + 2"), (1, "6e^(b x)")]:
        assert judge.judge(i, 0, answer).kind == "constants", answer


def test_functions_without_an_unambiguous_closed_form_are_refused() -> None:
    """There is no judge without a closed form, nor where it contradicts torch."""
    inputs = (number(0.5),)
    with pytest.raises(FunctionError, match="closed form to judge answers by"):
        judge_of(
            jacmagic.jacobian(
                lambda x: torch.special.i1e(x) * torch.linalg.qr(x.expand(2, 2)).R[0, 0], inputs
            )
        )
    with pytest.raises(FunctionError, match="closed form and torch agree"):
        judge_of(jacmagic.jacobian(lambda x: x * x.detach() + x, inputs))


def test_the_branch_of_the_point_counts() -> None:
    """At kinks and conditions, answers are compared on the side of the point alone."""

    def h(x, y):
        return (
            torch.where(x > 1, x**2, x**3),
            torch.relu(x - 1) * y,
            abs(x) ** 3,
            torch.maximum(x, y),
        )

    judge = judge_of(jacmagic.jacobian(h, (number(1.2), number(1.1))))
    right = {(0, 0): "2x", (1, 1): "x - 1", (2, 0): "3x²", (3, 0): "1", (3, 1): "0"}
    assert all(judge.judge(i, j, answer) for (i, j), answer in right.items())
    assert judge.judge(2, 0, "3 x |x|") and not judge.judge(0, 0, "3x^2")


def test_entries_are_counted_from_zero(judge: Judge) -> None:
    """An entry outside of the matrix is refused."""
    with pytest.raises(OptionError, match="a row below 4 and a column below 2"):
        judge.judge(4, 0, "x")


def test_the_first_wrong_line_of_a_derivation_is_named(judge: Judge) -> None:
    """Each line equals the entry; derivatives may be left to be taken, but not in the last."""
    right = "d/dx((x^2+y)^3)\n= 3(x^2+y)^2 * d/dx(x^2+y)\n= 3(x^2+y)^2 (x^2+y)'\n= 6x(x^2+y)^2"
    assert judge_steps(judge, 2, 0, right)
    assert judge_steps(judge, 0, 0, ["D(x^2) sin y", "sin(y) d/dx x^2", "2x x' sin y", "2x sin y"])
    assert judge_steps(judge, 2, 0, ["d/dx (x^2+y)^3", "=> 6x (x^2+y)^2"])
    aligned = r"\frac{\partial f_3}{\partial x} &= 3(x^2+y)^2 \frac{d}{dx}(x^2+y) \\ &= 6x(x^2+y)^2"
    assert judge_steps(judge, 2, 0, aligned)
    wrong = judge_steps(judge, 2, 0, ["d(x^2+y)/dx * 3(x^2+y)^2", "3(x^2+y)^2", "6x"])
    assert (wrong.verdict, wrong.line, wrong.kind) == ("wrong", 2, "inner derivative")
    assert judge_steps(judge, 2, 0, "d/dx((x^2+y)^3)").kind == "unfinished"
    assert judge_steps(judge, 2, 0, "3(x^2+y)^2 (").line == 1
    assert judge_steps(judge, 2, 0, "\n\n").verdict == "not readable"


def test_a_hint_is_the_next_step_or_the_mistake(judge: Judge) -> None:
    """A hint gives rule and line; a wrong line comes first, a right answer needs none."""
    first = hint_for(judge, 2, 0)
    assert first.rule == "chain rule, power"
    assert first.text == "∂/∂x ((x**2 + y)**3) = 3*(x**2 + y)**2 · ∂/∂x (x**2 + y)"
    assert hint_for(judge, 2, 0, "3(x^2+y)^2 d/dx(x^2+y)").rule == "sum"
    assert "inner derivative" in hint_for(judge, 2, 0, "3(x^2+y)^2").text
    assert "nothing is left" in repr(hint_for(judge, 2, 0, "6x(x^2+y)^2"))
    assert r"\frac" in first.to_latex() and "<math" in first.to_html()


def test_judgements_are_plain_data(judge: Judge) -> None:
    """A judgement is pickled, and shows itself as text, HTML and LaTeX, escaped."""
    found = judge.judge(0, 0, "<b>")
    assert pickle.loads(pickle.dumps(found)) == found
    assert "&lt;b&gt;" in found.to_html() and "<b>" not in found.to_html()
    assert found.to_latex().startswith("$$") and "^" in repr(found)


def test_a_sample_of_mistakes_is_named_and_of_right_answers_is_not_accused() -> None:
    """No false alarm, no mistake missed, nine of ten named: a sample of `tools/exercises.py`."""
    import exercises

    tally = exercises.measured(exercises.by_kernel, 90, start=2)
    answers, right = tally.right.sums(2)
    planted, wrong, _, own = tally.mistakes.sums(4)
    assert right == answers >= 20
    assert wrong == planted >= 6 and own >= 0.8 * planted
