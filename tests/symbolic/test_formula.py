"""From graphs to formulas: exact numbers, the user's own form, LaTeX, and values from the tape."""

from __future__ import annotations

import contextlib
import itertools
import math
import re
import signal
import threading
import time
from fractions import Fraction

import numpy as np
import pytest
import sympy
import torch

from jacmagic import jacobian
from jacmagic.labels import Label
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.closed import ClosedForm, close
from jacmagic.symbolic.formula.conditions import sentences
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.singularities import kinks, origin_of_nonfinite
from jacmagic.symbolic.formula.sympy_numbers import number
from jacmagic.symbolic.formula.time_limit import limited, one_allowance
from jacmagic.symbolic.formula.typeset import plain, substituted, tex
from jacmagic.symbolic.graph import BudgetExceeded, meant
from jacmagic.symbolic.trace import Refusal, trace


def closed_form(function, **point) -> ClosedForm:
    """Return the closed form of a function at a point given by name."""
    tensors = [torch.as_tensor(value, dtype=torch.float64) for value in point.values()]
    labels = [
        Label(name, tuple(index))
        for name, tensor in zip(point, tensors, strict=True)
        for index in itertools.product(*map(range, tensor.shape))
    ]
    traced = trace(function, tensors, [label.symbol for label in labels])
    form = close(traced, labels)
    assert isinstance(form, ClosedForm), form
    return form


def latex(form: ClosedForm) -> list[str]:
    """Return the entries of the Jacobian as LaTeX, row-major."""
    return [tex(entry, form.in_sympy.names) for entry in form.in_sympy.matrix]


def seed(x1, x2, x3):
    return (x1 + x2, x3 * x1, x2**3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2 * math.pi, 2 * sympy.pi),
        (math.pi / 180, sympy.pi / 180),
        (math.sqrt(2), sympy.sqrt(2)),
        (-math.sqrt(2) / 2, -sympy.sqrt(2) / 2),
        (1 / math.sqrt(2 * math.pi), 1 / sympy.sqrt(2 * sympy.pi)),
        (math.e, sympy.E),
        (math.log(2), sympy.log(2)),
        (Fraction(8, 3), sympy.Rational(8, 3)),
        (math.inf, sympy.oo),
    ],
)
def test_constants_are_recognised(value, expected):
    """A float that is a known constant to the last bit is written as that constant."""
    assert sympy.simplify(number(value) - expected) in (0, sympy.nan) or number(value) == expected


@pytest.mark.parametrize(
    "exact", [0.5, 3.0, 100.0, 1 / 3, math.pi, 2 * math.pi, math.sqrt(7), math.log(2), math.e, 0.1]
)
def test_only_the_nearest_float_is_a_constant(exact):
    """A float one ulp beside a constant stays the decimal that it is."""
    assert not number(exact).is_Float
    for beside in (math.nextafter(exact, math.inf), math.nextafter(exact, -math.inf)):
        assert number(beside).is_Float
        assert float(number(beside)) == beside


@pytest.mark.parametrize(
    ("typed", "exact"),
    [(0.1, 0.1), (math.pi, math.pi), (-2 * math.pi, -2 * math.pi), (1 / 3, 1 / 3), (9.81, 9.81),
     (0.7182818, 0.7182818), (1e-30, 1e-30), (math.pi / 180, math.pi / 180)],
)  # fmt: skip
def test_constants_in_float32_are_what_was_typed(typed, exact):
    """Among the numbers that float32 rounds to the same, the one a person means."""
    assert meant(float(np.float32(typed))) == exact


def test_arbitrary_floats_stay():
    """A float that is nothing in particular keeps its value exactly."""
    assert float(number(0.7182818284590123)) == 0.7182818284590123


def test_seed():
    """The worked example has the closed form that the article derives by hand."""
    form = closed_form(seed, x1=3, x2=4, x3=5)
    assert latex(form) == ["1", "1", "0", "x_{3}", "0", "x_{1}", "0", "3 x_{2}^{2}", "0"]
    x1, x2, x3 = form.in_sympy.symbols
    assert form.in_sympy.matrix == sympy.Matrix([[1, 1, 0], [x3, 0, x1], [0, 3 * x2**2, 0]])
    assert form.values([3, 4, 5]).tolist() == [[1, 1, 0], [5, 0, 3], [0, 48, 0]]
    assert form.pattern.tolist() == [[True, True, False], [True, False, True], [False, True, False]]


def test_written_form_survives():
    """Factors keep the user's order and products are not expanded."""
    form = closed_form(
        lambda x, y, z: (10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z), x=1, y=2, z=3
    )
    written = [
        tex(expression, form.in_sympy.names, written=True)
        for expression in DisplayForm(form).written
    ]
    assert written == [
        r"10 \left(y - x\right)",
        r"x \left(28 - z\right) - y",
        r"x y - \frac{8 z}{3}",
    ]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: 0.5 * x**2, "x"),
        (lambda x: 1.1 * x, "1.1"),
        (lambda x: torch.pi * x, r"\pi"),
        (lambda x: x / 3, r"\frac{1}{3}"),
        (lambda x: torch.exp(-x / 2), r"- \frac{e^{- \frac{x}{2}}}{2}"),
        (lambda x: torch.log(x), r"\frac{1}{x}"),
        (lambda x: torch.sqrt(x), r"\frac{1}{2 \sqrt{x}}"),
        (
            lambda x: torch.relu(x),
            r"\begin{cases} 1 & \text{for}\: x > 0 \\0 & \text{otherwise} \end{cases}",
        ),
    ],
)
def test_entries_read_as_a_person_writes_them(function, expected):
    """Decimals stay decimals, halves and thirds are fractions, constants have their names."""
    assert latex(closed_form(function, x=2.0)) == [expected]


def test_numbers_substituted():
    """Numbers replace symbols, negative ones in brackets, products with dots."""
    form = closed_form(seed, x1=3, x2=-4, x3=5)
    numbers = dict(zip(form.in_sympy.symbols, ["3", "-4", "5"], strict=True))
    assert substituted(form.in_sympy.matrix[2, 1], numbers) == r"3 \cdot \left(-4\right)^{2}"
    assert substituted(form.in_sympy.matrix[1, 2], numbers) == "3"
    large = dict(zip(form.in_sympy.symbols, ["3", r"2 \cdot 10^{6}", "5"], strict=True))
    shown = r"3 \cdot \left(2 \cdot 10^{6}\right)^{2}"
    assert substituted(form.in_sympy.matrix[2, 1], large) == shown


def test_assumptions_bound_the_formula():
    """A branch makes the formula valid on one side only, and `holds_at` knows which."""

    def branching(x):
        return x**2 if x > 1 else -x

    form = closed_form(branching, x=2.0)
    ((condition, line),) = form.in_sympy.assumptions
    assert str(condition) == "x > 1"
    assert line == branching.__code__.co_firstlineno + 1
    assert form.holds_at([3.0])
    assert not form.holds_at([0.0])


def test_too_long_to_read():
    """A form of very many symbols refuses to be written, while its values still come."""

    def growing(x):
        for _ in range(14):
            x = x * torch.sin(x) + x
        return x

    form = closed_form(growing, x=0.5)
    assert "too long to read" in str(form.too_large)
    assert np.isfinite(form.values([0.5])).all()


def test_nested_too_deeply():
    """A form nested beyond Python's recursion refuses instead of failing."""

    def deep(x):
        for _ in range(1200):
            x = torch.sin(x)
        return x

    J = jacobian(deep, torch.tensor(0.5, dtype=torch.float64))
    assert J.formula is None and "too long to read" in str(J.refusal)
    assert J.agreement.verdict == "agree"


def test_kinks_are_found():
    """A point exactly on a kink is named with its line."""
    found = kinks(closed_form(lambda x, y: (abs(x), torch.relu(y)), x=0.0, y=1.0), [0.0, 1.0])
    assert [(landmark.what, landmark.rows) for landmark in found] == [
        ("abs has no derivative at 0; torch takes 0", frozenset({0}))
    ]


def test_origin_of_infinity():
    """An infinite entry is traced back to where it arises."""
    form = closed_form(lambda x: torch.sqrt(x), x=0.0)
    assert origin_of_nonfinite(form, 0, 0, [0.0]).startswith("division by zero")


def test_values_never_touch_sympy(monkeypatch):
    """Sliders evaluate the tape only; SymPy is for reading."""
    form = closed_form(seed, x1=3, x2=4, x3=5)
    monkeypatch.setattr(sympy, "Symbol", None)
    assert form.values([1, 2, 3])[2, 1] == 12


def test_a_time_limit_stops_the_work_alone():
    """Work that takes too long is stopped where it is; nothing else is ever interrupted by it."""
    stopped = threading.Event()

    def endless():
        try:
            while True:
                sum(range(100))
        finally:
            stopped.set()

    for _ in range(5):
        stopped.clear()
        with pytest.raises(BudgetExceeded, match=r"longer than 0\.05 s"):
            limited(endless, 0.05)
        assert stopped.wait(5)
    assert limited(lambda: sum(range(10)), 5) == 45
    with pytest.raises(ZeroDivisionError, match="division"):
        limited(lambda: 1 / 0, 5)


def test_work_that_loses_the_exception_is_stopped_too(monkeypatch):
    """An exception that a callback of the garbage collector swallows is sent again."""
    stopped = threading.Event()
    monkeypatch.setattr("sys.unraisablehook", lambda _: None)

    class Swallows:
        """Takes so long to be freed that the exception arrives there and is lost."""

        def __del__(self):
            end = time.monotonic() + 0.2
            while time.monotonic() < end:
                pass

    def endless():
        try:
            Swallows()
            while True:
                sum(range(100))
        finally:
            stopped.set()

    with pytest.raises(BudgetExceeded, match="it took longer"):
        limited(endless, 0.05)
    assert stopped.wait(5)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="interrupts come by a timer signal")
def test_an_interrupt_during_limited_work_stays_alone():
    """An interrupt at any moment ends the call as itself; no second exception follows later."""

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for delay in np.linspace(1e-5, 0.004, 80):
            with contextlib.suppress(KeyboardInterrupt, BudgetExceeded):
                try:
                    signal.setitimer(signal.ITIMER_REAL, delay)
                    limited(lambda: [k**2 for k in range(10**6)], 0.002)
                    time.sleep(0.005)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
        time.sleep(0.02)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert [sum(range(100)) for _ in range(1000)] == [4950] * 1000


def test_one_allowance_for_all_work():
    """Pieces of work share their time, and one that comes too late gets none."""

    def busy():
        while True:
            sum(range(1000))

    with one_allowance(0.2):
        with pytest.raises(BudgetExceeded, match=r"longer than 0\.2 s"):
            limited(busy, 5)
        with pytest.raises(BudgetExceeded, match="no time was left"):
            limited(busy, 5)
    assert limited(lambda: 1, 5) == 1


def test_only_the_failures_of_sympy_are_refusals():
    """What SymPy cannot do is a refusal; a mistake of ours is not hidden."""
    x = sympy.Symbol("x")
    texts = attempt(lambda: bool(x > 1), 5)
    assert isinstance(texts, Refusal) and "cannot determine truth value" in str(texts)
    with pytest.raises(KeyError, match="ours"):
        attempt(lambda: {}["ours"], 5)


def test_long_conditions_are_left_out():
    """A loop whose conditions grow exponentially when written out costs nothing."""

    def doubling(x):
        y = x
        for _ in range(60):
            y = y * torch.sin(y)
            if y > 100:
                y = y / 2
        return y

    form = closed_form(doubling, x=0.5)
    assert len(form.in_sympy.assumptions) < 60
    assert form.too_large is not None


# ── conditions in words ───────────────────────────────────────────────────────────────────────


def between(x):
    return x**2 if x[0] > 0.5 and x[0] < 1 and x[0] > 0 else x


def apart(x):
    return x.sum() ** 2 if (x[0] - x[1]).abs() > 1e-10 and x.norm() <= 10 else x


def guarded(x):
    if x.isnan().any() or not x.isfinite().all():
        raise ValueError
    return x**2


def either(x):
    return x.sum() if (x > 0.5).any() else x.prod()


def neither(x):
    return x.sum() if (x > 7).any() else x.prod()


def until_it_stands(x):
    y = torch.ones_like(x[0])
    while (y**2 - x[0]).abs() > 1e-3:
        y = (y + x[0] / y) / 2
    return y * x[1]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (between, ["0.5 < x₀ < 1"]),
        (apart, ["|x₀ − x₁| > 1e-10", "√(x₀² + x₁²) ≤ 10"]),
        (guarded, []),
        (either, ["x₀ > 0.5 or x₁ > 0.5"]),
        (neither, ["x₀ ≤ 7", "x₁ ≤ 7"]),
        (until_it_stands, ["the loop at line {} stops where it did here"]),
        (lambda x: x.sort().values, ["x₀ ≤ x₁"]),
        (lambda x: x if 2 * x[0] + 3 > 4 else -x, ["x₀ > 0.5"]),
        (lambda x: x if 3 - x[1] < 1 else -x, ["x₁ > 2"]),
        (lambda x: x * int(x[1] + 0.5), ["2.5 ≤ x₁ < 3.5"]),
        (lambda x: x * int(x[1]), ["2 ≤ x₁ < 3"]),
        (lambda x: x * int(-x[1]), ["2 ≤ x₁ < 3"]),
        (lambda x: x * int(x[0]), ["−1 < x₀ < 1"]),
        (lambda x: x * torch.arange(4)[torch.ceil(x[1]).long()], ["2 < x₁ ≤ 3"]),
    ],
)
def test_conditions_read_as_a_person_writes_them(function, expected):
    """Bounds stand together, what is always true is left out, a loop is one sentence."""
    form = closed_form(function, x=[0.7, 2.5])
    loop = function.__code__.co_firstlineno + 2
    texts = [re.sub(r" \(line \d+\)$", "", sentence) for sentence in sentences(form)]
    assert texts == [text.format(loop) for text in expected]


def test_conditions_are_few_and_short():
    """Whatever the code asks, the sentences fit a page."""

    def asks(x):
        for k in range(20):
            if torch.sin(x[0] + k) * torch.exp(x[1] * k) * torch.cos(x[0] * k + x[1]) > 1e9:
                return x
        return x.sort().values * x.argmax()

    texts = sentences(closed_form(asks, x=list(range(12))))
    assert 0 < len(texts) <= 6
    assert max(map(len, texts)) < 100
    assert not any("True" in sentence for sentence in texts)


def test_a_quotient_on_one_line_has_no_spare_brackets() -> None:
    """SymPy writes a/((b*c)) and a/(sqrt(b)) for products in the order of the code."""
    x, y = sympy.symbols("x y")
    quotient = sympy.Mul(x, sympy.Pow(sympy.sqrt(y), -1, evaluate=False), evaluate=False)
    assert plain(quotient, written=True) == "x/sqrt(y)"
