"""Measure `jacmagic.compare` on right Jacobians and on planted slips.

    python tools/comparison.py            # all of it; rewrites docs/explanation/comparison.md
    python tools/comparison.py --every 20 # a sample, for a quick look; prints only

Right Jacobians are those of the functions of `tests/corpus`, rewritten: expanded, factored,
simplified, as Python and NumPy code, as LaTeX, by torch's own functions, as numbers. An alarm is an
entry that is called different. Slips are planted by `tools/hand_slips.py`; one that changes no
entry by more than 1e-5 of it, at x or at points around it, is excluded. Every false alarm, every
slip that is missed, and every one without a cause is printed.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import sympy
import torch
from sympy.printing.codeprinter import PrintMethodNotImplementedError

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tools")]

from corpus import CORPUS, Case  # type: ignore[import-not-found]  # noqa: E402
from hand_slips import Planted, Right, planted  # noqa: E402

import jacmagic  # noqa: E402
from jacmagic.symbolic.formula.attempt import attempt  # noqa: E402

PAGE = ROOT / "docs" / "explanation" / "comparison.md"
LEFT_OUT = {"dropout_net", "incomplete_gamma"}  # random, or without a derivative by torch
MAX_ENTRIES = 64  # of a Jacobian that a person would derive by hand
MAX_SYMBOLS = 150  # of an entry
SECONDS = 2.0  # for one rewriting by SymPy
FORMS = 5  # of the twelve forms in which each right Jacobian is given
PARTS = 24  # of the corpus, each measured by itself
EACH = 1  # slip planted into each function


class Table(dict[str, list[int]]):
    """Counts by name: how many cases there were, and in how many of them each finding held."""

    def count(self, name: str, *findings: bool) -> None:
        """Count one case."""
        self.add(name, [1, *map(int, findings)])

    def add(self, name: str, row: list[int]) -> None:
        """Add counts to those of a name."""
        self[name] = [sum(pair) for pair in zip(self.get(name, [0] * len(row)), row, strict=True)]

    def sums(self, columns: int) -> list[int]:
        """Return the sums of the columns."""
        return [sum(row[k] for row in self.values()) for k in range(columns)]

    def __str__(self) -> str:
        return "\n".join(f"| {name} | {' | '.join(map(str, row))} |" for name, row in self.items())


@dataclass
class Tally:
    """Counts.

    Attributes:
        right: of right Jacobians in each form; findings: equal, in doubt, called different.
        slips: of each slip; findings: found, with a cause, with the planted one.
        refused: forms that could not be read.
    """

    right: Table = field(default_factory=Table)
    slips: Table = field(default_factory=Table)
    refused: Counter = field(default_factory=Counter)


@dataclass(frozen=True)
class Subject:
    """A function of the corpus with its right Jacobian as SymPy."""

    case: Case
    jacobian: Any
    right: Right

    def call(self, hand: Any) -> Any:
        """Return the comparison, silently."""
        tensors = self.case.tensors()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return jacmagic.compare(hand, self.case.function, tensors)


def subjects(every: int, start: int) -> Iterator[Subject]:
    """Yield the functions that have a formula which a person could write."""
    for case in CORPUS[start::every]:
        if case.name in LEFT_OUT or case.refuses:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = jacmagic.jacobian(case.function, case.tensors())
            agrees = found.agreement.verdict == "agree"
        if not agrees or found.formula is None or not 0 < found.matrix.numel() <= MAX_ENTRIES:
            continue
        sizes = [entry.count_ops() for entry in found.formula]
        if max(sizes) <= MAX_SYMBOLS:
            yield Subject(case, found, Right(found.expressions, found.formula, found.symbols))


# ── the forms in which a Jacobian is given ────────────────────────────────────────────────────


def as_python(subject: Subject, matrix: Any, library: str) -> Callable[..., Any]:
    """Return a matrix as a user's function of the same arguments, written with a library."""
    printer = sympy.pycode if library == "math" else sympy.printing.numpy.NumPyPrinter().doprint
    inputs = subject.jacobian.problem.inputs
    names = [f"a{k}" for k in range(len(inputs))]
    lines = [f"def hand({', '.join(names)}):"]
    symbols = iter(subject.right.symbols)
    for name, one in zip(names, inputs, strict=True):
        for index in np.ndindex(*one.value.shape):
            spelled = f"[{', '.join(map(str, index))}]" if index else ""
            lines.append(f"    {next(symbols).name} = {name}{spelled}")
    rows = ", ".join(
        f"[{', '.join(printer(entry) for entry in matrix.row(i))}]" for i in range(matrix.rows)
    )
    lines.append(f"    return {'numpy.array' if library == 'numpy' else ''}([{rows}])")
    space: dict[str, Any] = {"math": math, "numpy": np}
    exec("\n".join(lines), space)
    function: Callable[..., Any] = space["hand"]
    return function


def as_latex(subject: Subject, matrix: Any) -> str:
    """Return a matrix as SymPy's own LaTeX, in the names of the page."""
    labels = subject.jacobian.columns
    names = dict(zip(subject.right.symbols, (one.tex for one in labels), strict=True))
    source: str = sympy.latex(matrix, symbol_names=names, ln_notation=True)
    return source


def given_forms(subject: Subject) -> dict[str, Callable[[], Any]]:
    """Return right Jacobians in different forms, each computed when it is needed."""
    formula, function = subject.right.matrix, subject.case.function
    tensors = subject.case.tensors()

    def by_torch(*arguments: torch.Tensor) -> Any:
        return jacmagic.jacobian(function, arguments).matrix

    return {
        "the formula": lambda: formula,
        "expanded": lambda: formula.applyfunc(sympy.expand),
        "factored": lambda: formula.applyfunc(sympy.factor),
        "simplified": lambda: formula.applyfunc(sympy.simplify),
        "collected over one denominator": lambda: formula.applyfunc(sympy.together),
        "LaTeX": lambda: as_latex(subject, formula),
        "LaTeX of the expanded form": lambda: as_latex(subject, formula.applyfunc(sympy.expand)),
        "Python code": lambda: as_python(subject, formula, "math"),
        "NumPy code": lambda: as_python(subject, formula.applyfunc(sympy.expand), "numpy"),
        "torch's numbers": lambda: jacmagic.jacobian(function, tensors).matrix,
        "a function of numbers": lambda: by_torch,
        "the function itself": lambda: function,
    }


# ── counting ──────────────────────────────────────────────────────────────────────────────────


def right_forms(subject: Subject, tally: Tally, seed: int) -> None:
    """Count the verdicts on right Jacobians."""
    forms = list(given_forms(subject).items())
    for name, write in [forms[(seed + k) % len(forms)] for k in range(FORMS)]:
        try:
            hand = attempt(write, SECONDS) if name in _BY_SYMPY else write()
        except (NotImplementedError, PrintMethodNotImplementedError):  # Python has no such function
            continue
        if type(hand).__name__ == "Refusal":
            continue
        try:
            found = subject.call(hand)
        except Exception as error:  # noqa: BLE001 - counted and printed
            tally.refused[name] += 1
            print(f"{subject.case.name}, {name}: {type(error).__name__}: {error}", flush=True)
            continue
        doubtful = bool(found.doubtful)
        tally.right.count(name, found.ok and not doubtful, found.ok and doubtful, not found.ok)
        if not found.ok:
            print(f"FALSE ALARM {subject.case.name}, {name}:\n{found}", flush=True)


_BY_SYMPY = {
    "expanded", "factored", "simplified", "collected over one denominator",
    "LaTeX of the expanded form",
}  # fmt: skip


def differs(subject: Subject, wrong: Planted) -> bool:
    """Whether a slip changes an entry by more than 1e-5 of it at most of a few points."""
    symbols = subject.right.symbols
    modules = [{"DiracDelta": np.zeros_like}, "scipy", "numpy"]  # of a sign, away from its jump
    pair = [
        sympy.lambdify(symbols, list(m), modules=modules)
        for m in (subject.right.matrix, wrong.matrix)
    ]
    here = np.array(subject.jacobian.problem.flat_point)
    drawn = np.random.default_rng(7).uniform(-0.2, 0.2, (5, len(here)))
    points = [here, *(here * (1 + one) + 0.05 * one * (here == 0) for one in drawn)]
    changed = 0
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for point in points:
            one, other = (np.array(f(*point), dtype=complex) for f in pair)
            gap, row = np.abs(one - other), np.abs(one).max()
            changed += bool((gap > 1e-5 * np.abs(one)).any() and (gap > 2.0**-40 * row).any())
    return changed > len(points) // 2


def written(subject: Subject, matrix: Any, form: str) -> Any:
    """Return a matrix in a form; as SymPy where Python has not all of its functions."""
    try:
        if form in ("math", "numpy"):
            return as_python(subject, matrix, form)
        return as_latex(subject, matrix) if form == "LaTeX" else matrix
    except (NotImplementedError, PrintMethodNotImplementedError):
        return matrix


def planted_slips(subject: Subject, tally: Tally, seed: int) -> None:
    """Count how planted slips are found and named."""
    for k, wrong in enumerate(planted(subject.right, seed, EACH)):
        if not differs(subject, wrong):
            continue
        form = ("formula", "math", "numpy", "LaTeX")[(seed + k) % 4]
        hand = written(subject, wrong.matrix, form)
        try:
            found = subject.call(hand)
        except Exception as error:  # noqa: BLE001 - counted and printed
            tally.refused[form] += 1
            print(f"{subject.case.name}, {wrong.name}: {type(error).__name__}: {error}", flush=True)
            continue
        kinds = {slip.kind for slip in found.slips.values()}
        tally.slips.count(wrong.name, not found.ok, bool(kinds), bool(kinds & wrong.kinds))
        if found.ok or not kinds & wrong.kinds:
            entry = next(iter(found.wrong), None)
            where = "" if entry is None else f"{entry.name}: {entry.cause or 'no cause'}"
            print(f"{subject.case.name}, {wrong.name} ({form}): ok={found.ok} {where}", flush=True)


TEMPLATE = """# How reliable the comparison is

This page is written by `make comparison`.
[Check a derivative](../how-to/check-a-derivative.md) shows how the comparison is used.

## What is compared

Both Jacobians are evaluated at x and at 64 random points around it, in the function's domain and in
the branch of x; the right one by its closed form, which has been compared with torch, or by torch.
Entries are equal where they differ by less than 1e-12 of themselves at every point, or by less than
16 times the noise of the evaluation, which high differences of neighbouring values show.
Where a small difference is left, both sides are computed with fifty digits.
SymPy then tries to prove that entries are equal, within a time limit.
A slip is named only where the corrected entry is equal at every point.

## Right Jacobians

The functions of `tests/corpus` whose formulas a person could write: up to {entries} entries of up
to {symbols} operations, each in {forms} of the forms.
"In doubt" are entries at kinks, and those that are equal to seven digits or more, but not to all.

| form | cases | equal | in doubt | called different |
|---|---|---|---|---|
{right}
| total | {cases} | {equal} | {doubt} | {alarms} |

## Planted slips

Slips are planted by a program that knows nothing of how they are looked for, one into each
function, given as a SymPy matrix, Python code, NumPy code or LaTeX.
"A cause" counts any explanation that is equal at every point, "the planted one" those of its kind:
a lost minus sign may also be found as a quotient rule in the other order.

| slip | planted | found | a cause | the planted one |
|---|---|---|---|---|
{slips}
| total | {planted} | {found} | {caused} | {named} ({share:.1f} %) |
"""


def page(tally: Tally) -> str:
    """Return the page as Markdown."""
    right, slips = tally.right.sums(4), tally.slips.sums(4)
    return TEMPLATE.format(
        entries=MAX_ENTRIES,
        symbols=MAX_SYMBOLS,
        forms=FORMS,
        right=tally.right,
        slips=tally.slips,
        cases=right[0], equal=right[1], doubt=right[2], alarms=right[3],
        planted=slips[0], found=slips[1], caused=slips[2], named=slips[3],
        share=100 * slips[3] / max(slips[0], 1),
    )  # fmt: skip


def measured(every: int, start: int = 0) -> Tally:
    """Return the counts of every n-th function, from the one at `start` on."""
    torch.set_num_threads(1)
    tally = Tally()
    for seed, subject in enumerate(subjects(every, start)):
        right_forms(subject, tally, start + seed * every)
        planted_slips(subject, tally, start + seed * every)
    return tally


def merged(parts: Iterable[Tally]) -> Tally:
    """Return the sums of some counts."""
    whole = Tally()
    for part in parts:
        whole.refused += part.refused
        for mine, theirs in ((whole.right, part.right), (whole.slips, part.slips)):
            for name, row in theirs.items():
                mine.add(name, row)
    return whole


def main() -> None:
    """Count everything and write the page, or print a sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every n-th function only")
    parser.add_argument("--workers", type=int, default=2, help="processes for all of it")
    given = parser.parse_args()
    if given.every == 1:
        with ProcessPoolExecutor(given.workers) as pool:
            starts = range(PARTS)
            tally = merged(pool.map(measured, [PARTS] * PARTS, starts))
    else:
        tally = measured(given.every)
    if tally.refused:
        print(f"refused: {dict(tally.refused)}")
    PAGE.write_text(page(tally), encoding="utf-8") if given.every == 1 else print(page(tally))


if __name__ == "__main__":
    main()
