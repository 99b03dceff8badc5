"""Every formula of a display, read back from its LaTeX, has the numbers that torch has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from corpus import CORPUS, Case
from latex_reader import read

from jacmagic import Jacobian
from jacmagic.symbolic.formula.conversion import excerpt
from jacmagic.symbolic.formula.typeset import plain

KNOWN = [case for case in CORPUS if not case.refuses]
LONGEST = 6_000  # letters of a formula that the slow reader reads
CLOSE = 2e-4  # of the largest number in a matrix: typeset decimals have six digits
_FRAME = re.compile(
    r"^\\begin{bmatrix} |^\\left\[ \\begin{array}{[c|]*} | \\end{bmatrix}$| \\end{array} \\right\]$"
)
_OPERATOR = r"\frac{\partial"


def cells_of(matrix: str) -> list[list[str]]:
    """Return the entries of a matrix; & and line ends of inner environments belong to them."""
    inner = _FRAME.sub("", matrix).replace(r"\hline ", "")
    rows: list[list[str]] = [[""]]
    depth = 0
    for token in re.findall(r"\\begin{|\\end{|\\\\\[1ex\]|\\.|[^\\]", inner, re.DOTALL):
        depth += {r"\begin{": 1, r"\end{": -1}.get(token, 0)
        if depth == 0 and token == "&":
            rows[-1].append("")
        elif depth == 0 and token == r"\\[1ex]":
            rows.append([""])
        else:
            rows[-1][-1] += token
    return [[cell.strip() for cell in row] for row in rows]


def equations_of(lines: tuple[str, ...]) -> dict[str, str]:
    """Return left and right sides of equations, those on several lines joined."""
    whole: list[str] = []
    for line in lines:
        if line.startswith(r"\qquad") and whole:
            whole[-1] += line.removeprefix(r"\qquad")
        else:
            whole.append(line)
    sides = (line.split(" = ", 1) for line in whole)
    return {left: right for left, right in sides if not right.startswith(r"\begin{bmatrix}")}


def values_of(J: Jacobian) -> dict[str, float]:
    """Return the number of every symbol by its LaTeX."""
    names, numbers = J.reading.all_names, J.reading.numbers(J.problem.flat_point)
    return {names[symbol]: number for symbol, number in numbers.items()}


def close_to(found: float, expected: float, largest: float) -> bool:
    """Whether two numbers are equal as far as typeset decimals go; nan says nothing."""
    if not (np.isfinite(found) and np.isfinite(expected)):
        return True
    return abs(found - expected) <= CLOSE * max(abs(expected), largest)


def shown_entries(J: Jacobian) -> Iterator[tuple[int, int, int, int]]:
    """Yield position on the page and position in the matrix of every entry that is shown."""
    rows, columns = (excerpt(count) for count in J.shape)
    for down, i in enumerate(rows):
        for across, j in enumerate(columns):
            if i is not None and j is not None:
                yield down, across, i, j


def jacobian_of(case: Case) -> Jacobian | None:
    """Return a case's Jacobian with 15 digits; None where its formula is not written out."""
    return None if case.jacobian.reading is None else case.jacobian.shown(digits=15)


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_what_the_page_says_is_what_torch_computes(case: Case) -> None:
    """Closed form, substituted numbers, values, clauses and long entries, each cell as LaTeX."""
    J = jacobian_of(case)
    if J is None:
        return
    truth, chain, values = J.to_numpy().astype(float), J.derivation, values_of(J)
    largest = float(np.abs(truth[np.isfinite(truth)]).max(initial=0.0))
    below = equations_of(chain.where)
    for matrix in filter(None, (chain.closed_form, chain.substituted, chain.value)):
        cells = cells_of(matrix)
        for down, across, i, j in shown_entries(J):
            source = below.get(cells[down][across], cells[down][across])
            if len(source) <= LONGEST and r"\partial" not in source:
                assert close_to(read(source, values), truth[i, j], largest), source
    for left, right in below.items():
        if left in values and len(right) <= LONGEST:
            assert close_to(read(right, values), values[left], largest), f"{left} = {right}"


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_steps_say_what_they_compute(case: Case) -> None:
    """The last line of a derivation goes from the rules' result to numbers without a break."""
    J = jacobian_of(case)
    if J is None or not J.pattern.any():
        return
    i, j = (int(k) for k in J.pattern.nonzero()[-1])
    truth, values = float(J.to_numpy()[i, j]), values_of(J)
    line = J.steps(i, j).equations[-1].latex
    sides = [] if r"\begin" in line else line.split(" = ")  # conditions have equal signs too
    formulas = [side for side in sides if _OPERATOR not in side]
    for side in formulas:
        if len(side) <= LONGEST:
            assert close_to(read(side, values), truth, 1e-9), side


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_plain_text_is_an_expression_of_the_same_value(case: Case) -> None:
    """Clauses and short entries as one line of text: Python reads what a reader sees."""
    J = jacobian_of(case)
    if J is None:
        return
    numbers = J.reading.numbers(J.problem.flat_point)
    for clause in J.reading.clauses:
        assert plain(clause.symbol, J.reading.texts) == J.reading.texts[clause.symbol]
        text = plain(clause.definition, J.reading.texts)
        assert "a0000" not in text and "b0000" not in text
        others = {*J.reading.texts.values()} - {J.reading.texts[clause.symbol]}
        assert clause.definition.free_symbols <= numbers.keys()
        assert all(J.reading.texts[one] in others for one in clause.definition.free_symbols)
