"""Answers of exercises to be judged: right ones in other forms, and planted mistakes.

Right answers are entries of the Jacobians of `tests/corpus` that a person can derive, typed as
Python, with raised digits and blanks, or as LaTeX: as they are, expanded, factored, simplified,
over one denominator, in other functions. Mistakes are those of `tools/hand_slips.py` and the ones
below.
"""

from __future__ import annotations

import functools
import random
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sympy

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tools")]

from comparison import Subject, differs  # noqa: E402
from hand_slips import Draw, Planted, Right, _rule, planted  # noqa: E402

from jacmagic.symbolic.formula.attempt import attempt  # noqa: E402

MAX_OPERATIONS = 60  # of an entry that is typed
SECONDS = 2.0  # for one rewriting by SymPy
ENTRIES = 4  # of each function
EACH = 3  # mistakes planted into each function
UNTYPED = (sympy.Piecewise, sympy.Integral, sympy.Derivative, sympy.DiracDelta)

REWRITINGS: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda e: e,
    "expanded": sympy.expand,
    "factored": sympy.factor,
    "simplified": sympy.simplify,
    "over one denominator": sympy.together,
    "partial fractions or powers": lambda e: sympy.powsimp(sympy.expand(e, power_exp=True)),
    "tan by sin and cos": lambda e: e.rewrite(sympy.tan, sympy.sin).rewrite(sympy.tanh, sympy.exp),
    "times two halves": lambda e: sympy.Mul(2, sympy.Mul(sympy.Rational(1, 2), e, evaluate=False),
                                            evaluate=False),
    "multiplied by the conjugate": lambda e: sympy.radsimp(e),
}  # fmt: skip


# ── mistakes of exercises ─────────────────────────────────────────────────────────────────────


def _constant_kept(one: Any, x: Any, draw: Draw) -> Any:
    return one.diff(x) + sympy.Add(*(part for part in one.args if not part.has(x)))


def _constant_as_one(one: Any, x: Any, draw: Draw) -> Any:
    return one.diff(x) + 1


def _has_constant(one: Any, x: Any) -> bool:
    return bool(one.is_Add and one.has(x) and any(not part.has(x) for part in one.args))


def _held(right: Right, draw: Draw) -> Any:
    """Differentiate by another variable too."""
    m, n = right.matrix.shape
    pairs = [(i, j, k) for i in range(m) for j in range(n) for k in range(n) if j != k]
    for i, j, k in draw.sample(pairs, len(pairs)):
        if right.matrix[i, j] != 0 and right.matrix[i, k] != 0:
            return right.changed(i, j, right.matrix[i, j] + right.matrix[i, k])
    return None


def _path_lost(right: Right, draw: Draw) -> Any:
    """Leave out what comes through one of several occurrences of the variable."""
    for i, j in draw.sample(right.entries(), len(right.entries())):
        x, whole = right.symbols[j], right.outputs[i]
        terms = [part for part in sympy.Add.make_args(whole) if part.has(x)]
        if len(terms) > 1 and not whole.has(sympy.Piecewise):
            lost = draw.choice(terms)
            return right.changed(i, j, sum(t.diff(x) for t in terms if t is not lost))
    return None


EXTRA: tuple[tuple[str, Callable[[Right, Draw], Any], frozenset[str]], ...] = (
    ("a constant kept", _rule(_has_constant, _constant_kept),
     frozenset({"constant", "extra term", "held constant"})),
    ("a constant with the derivative 1", _rule(_has_constant, _constant_as_one),
     frozenset({"constant", "extra term", "held constant", "factor"})),
    ("another variable differentiated too", _held,
     frozenset({"held constant", "constant", "extra term", "factor"})),
    ("a path of the chain rule missing", _path_lost,
     frozenset({"missing term", "zero", "product rule", "factor", "constant"})),
    ("ln differentiated as itself", _rule(lambda o, x: isinstance(o, sympy.log) and o.has(x),
                                          lambda o, x, d: o * o.args[0].diff(x)),
     frozenset({"wrong rule", "extra factor", "missing factor"})),
    ("e^u by the power rule", _rule(lambda o, x: isinstance(o, sympy.exp) and o.has(x),
                                    lambda o, x, d: o.args[0] * sympy.exp(o.args[0] - 1)
                                    * o.args[0].diff(x)),
     frozenset({"power", "extra factor", "missing factor"})),
)  # fmt: skip
_ALSO = frozenset({"constant", "held constant"})  # what a lost factor or term may be called too


# ── how answers are typed ─────────────────────────────────────────────────────────────────────


def typed(subject: Subject, entry: Any, style: str) -> str:
    """Return an entry as a student types it: "python", "hand" or "LaTeX"."""
    labels = subject.jacobian.columns
    symbols = subject.right.symbols
    if style == "LaTeX":
        names = dict(zip(symbols, (one.tex for one in labels), strict=True))
        return str(sympy.latex(entry, symbol_names=names, ln_notation=True))
    named = {s: sympy.Symbol(label.text) for s, label in zip(symbols, labels, strict=True)}
    text = sympy.sstr(entry.xreplace(named), full_prec=True)
    if style == "python":
        return str(text)
    text = re.sub(r"\*\*(\d+)(?![\d.])", lambda p: p[1].translate(_RAISED), text)
    return re.sub(r"\blog\(", "ln(", text.replace("**", "^").replace("*", " "))


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
STYLES = ("python", "hand", "LaTeX")


def is_typed(entry: Any) -> bool:
    """Whether a person can type an entry."""
    return entry.count_ops() <= MAX_OPERATIONS and not entry.has(*UNTYPED, sympy.I)


@dataclass(frozen=True)
class Answer:
    """One answer to be judged.

    Attributes:
        where: the function's name.
        name: the rewriting, or the mistake.
        row: of the entry.
        column: of the entry.
        text: what is typed.
        kinds: what a mistake may be called; empty for a right answer.
    """

    where: str
    name: str
    row: int
    column: int
    text: str
    kinds: frozenset[str] = frozenset()


def right_answers(subject: Subject, seed: int) -> Iterator[Answer]:
    """Yield right answers in other forms."""
    draw = random.Random(seed)
    entries = [at for at in subject.right.entries() if is_typed(subject.right.matrix[at])]
    for i, j in draw.sample(entries, min(ENTRIES, len(entries))):
        seen: set[str] = set()
        for k, (name, rewrite) in enumerate(REWRITINGS.items()):
            entry = attempt(functools.partial(rewrite, subject.right.matrix[i, j]), SECONDS)
            if type(entry).__name__ == "Refusal" or not is_typed(entry):
                continue
            text = typed(subject, entry, STYLES[(seed + k) % len(STYLES)])
            if text not in seen:
                seen.add(text)
                yield Answer(subject.case.name, name, i, j, text)


def wrong_answers(subject: Subject, seed: int) -> Iterator[Answer]:
    """Yield wrong answers with one planted mistake."""
    for k, wrong in enumerate(planted(subject.right, seed, EACH, EXTRA)):
        everywhere = np.ndindex(*wrong.matrix.shape)
        changed = [at for at in everywhere if wrong.matrix[at] != subject.right.matrix[at]]
        if not changed or not is_typed(wrong.matrix[changed[0]]):
            continue
        i, j = changed[0]
        entry = wrong.matrix[i, j]
        alone = Planted(wrong.name, subject.right.changed(i, j, entry), wrong.kinds)
        if differs(subject, alone):
            kinds = wrong.kinds | _ALSO | _coincidences(subject, entry, i)
            text = typed(subject, entry, STYLES[k % len(STYLES)])
            yield Answer(subject.case.name, wrong.name, i, j, text, kinds)


def _coincidences(subject: Subject, entry: Any, i: int) -> frozenset[str]:
    """Return what a mistake is called that happens to give 0 or the function itself."""
    if entry == 0:
        return frozenset({"zero"})
    itself = sympy.expand(entry - subject.right.outputs[i]) == 0
    return frozenset({"not differentiated"}) if itself else frozenset()
