"""A closed form at exact values: entries simplified, singular ones found, eigenvalues."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from jacmagic.labels import Label
from jacmagic.symbolic.formula.attempt import attempt, by_sympy
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.shortest import minus_inside, symbols_in
from jacmagic.symbolic.formula.sympy_names import sigmoid
from jacmagic.symbolic.trace import Refusal

MAX_ENTRIES = 400  # of a matrix that is written exactly: a page holds no more
MAX_SYMBOLS = 400  # of an entry that is simplified
MAX_SECONDS_PER_ENTRY = 0.5  # for simplifying one entry
SINGULAR = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)


@dataclass(frozen=True)
class ExactForm:
    """A Jacobian as expressions at exact values.

    Attributes:
        matrix: SymPy (m, n), in terms of the inputs that stay symbolic and of named constants.
        labels: the name of each symbol in it, in the order in which they are printed.
        numbers: the value of each named constant, by its symbol.
        sums: the code's sums, whose terms keep their order in print.
    """

    matrix: Any
    labels: Mapping[Any, Label]
    numbers: Mapping[Any, float]
    sums: Mapping[Any, tuple[Any, ...]]

    @property
    def singular(self) -> list[tuple[int, int]]:
        """The entries (i, j) that have no finite value there."""
        m, n = self.matrix.shape
        return [(i, j) for i in range(m) for j in range(n) if self.matrix[i, j].has(*SINGULAR)]


def constants_of(reading: DisplayForm) -> dict[str, Any]:
    """Return a symbol for each named constant, of the constant's sign, by the code's name."""
    return {
        constant.label.text: sympy.Symbol(
            constant.label.symbol,
            real=True,
            **({"positive": constant.value > 0} if constant.value else {}),
        )
        for _, constant in reading.constants
    }


def exact_form(reading: DisplayForm, values: Mapping[Any, Any], budget: float | None) -> ExactForm:
    """Put exact values into a closed form.

    Args:
        reading: the closed form as it is shown.
        values: the expression for each symbol of an input or of `constants_of` that has a value.
        budget: seconds for each attempt; all draw from the display's allowance.
    """
    m, n = reading.form.shape
    symbols = constants_of(reading)
    named = {symbol: symbols[constant.label.text] for symbol, constant in reading.constants}
    entries: dict[Any, Any] = {}
    cells = []
    for i in range(m):
        for j in range(n):
            entry = reading.entry(i, j).xreplace(named)
            if entry not in entries:
                value = _put_in(entry, values)
                entries[entry] = value if value == entry else simplified(value, budget)
            cells.append(entries[entry])
    labels = dict(zip(reading.form.in_sympy.symbols, reading.form.columns, strict=True))
    labels |= {symbol: constant.label for symbol, constant in reading.constants}
    order = reading.ordered({symbol: label.tex for symbol, label in labels.items()})
    sums = {
        total.xreplace(named): tuple(term.xreplace(named) for term in terms)
        for total, terms in order.sums.items()
    }
    ordered = {named.get(symbol, symbol): labels[symbol] for symbol in order}
    numbers = {symbols[constant.label.text]: constant.value for _, constant in reading.constants}
    return ExactForm(sympy.Matrix(m, n, cells), ordered, numbers, sums)


def _put_in(entry: Any, values: Mapping[Any, Any]) -> Any:
    """Return an entry with its values; nan where SymPy finds none."""
    try:
        value = entry.subs(dict(values), simultaneous=True)
        return value.replace(
            lambda part: isinstance(part, sigmoid) and not part.free_symbols,
            lambda part: 1 / (1 + sympy.exp(-part.args[0])),
        )
    except Exception as error:
        if not by_sympy(error):
            raise
        return sympy.nan


def simplified(expression: Any, budget: float | None) -> Any:
    """Return the shortest of a few equal forms, each within a time limit."""
    forms = [expression]
    if not expression.args or symbols_in(expression) > MAX_SYMBOLS:
        return expression
    seconds = MAX_SECONDS_PER_ENTRY if budget is None else min(MAX_SECONDS_PER_ENTRY, budget)
    changes = [sympy.factor_terms, sympy.factor, sympy.simplify]
    arguments = [call.args for call in expression.atoms(sympy.Function)]
    is_simple = not expression.has(sympy.Add) and len(arguments) == len(set(arguments))
    for change in changes[:-1] if is_simple else changes:
        for form in (expression, forms[-1])[: 1 + (len(forms) > 1)]:
            changed = attempt(functools.partial(change, form), seconds)
            if not isinstance(changed, Refusal):
                forms.append(changed)
    return min(map(minus_inside, forms), key=symbols_in)


# ── eigenvalues ───────────────────────────────────────────────────────────────────────────────────


MAX_ROWS = 8  # of a matrix whose eigenvalues are looked for
MAX_EIGENVALUE_SYMBOLS = 40  # symbols of an eigenvalue that is shown: half a line
_HALF = sympy.Rational(1, 2)


def eigenvalues(matrix: Any, budget: float | None) -> dict[Any, int] | None:
    """Return eigenvalues with their multiplicities; None where they are not short.

    Args:
        matrix: SymPy (n, n), n ≤ 8.
        budget: seconds for finding them.
    """
    n = matrix.shape[0]
    if matrix.shape != (n, n) or not 0 < n <= MAX_ROWS or matrix.has(*SINGULAR):
        return None
    eigenvalues = attempt(lambda: matrix.eigenvals(), budget)
    if isinstance(eigenvalues, Refusal) or sum(eigenvalues.values()) != n:
        return None
    together: Counter[Any] = Counter()
    for value, count in eigenvalues.items():
        together[simplified(value, budget)] += count
    if any(
        symbols_in(eigenvalue) > MAX_EIGENVALUE_SYMBOLS
        or eigenvalue.has(sympy.RootOf, sympy.Piecewise)
        for eigenvalue in together
    ):
        return None
    return dict(together)


def numbered(multiplicities: Mapping[Any, int]) -> list[tuple[str, Any, Any]]:
    """Return eigenvalues as (indices "1,2", value, half): a pair a ± b is (…, a, b)."""
    left, lines, count = dict(multiplicities), [], 0
    while left:
        value = next(iter(left))
        multiplicity, half = left.pop(value), None
        single = [candidate for candidate, times in left.items() if times == multiplicity == 1]
        pairs = (_pair(value, candidate) for candidate in single)
        best = next((pair for pair in pairs if pair is not None), None)
        if best is not None:
            other, value, half = best
            del left[other]
            multiplicity = 2
        indices = range(count + 1, count + multiplicity + 1)
        lines.append((",".join(map(str, indices)), together(value), half and together(half)))
        count += multiplicity
    return lines


def _pair(p: Any, q: Any) -> tuple[Any, Any, Any] | None:
    """Return q and a, b of a ± b; None where two values are shorter than that."""
    middle, half = sympy.expand((p + q) / 2), sympy.expand((p - q) / 2)
    middle, half = sympy.factor_terms(middle), sympy.factor_terms(half)
    if sum(map(symbols_in, (middle, half))) >= sum(map(symbols_in, (p, q))):
        return None
    return q, middle, -half if half.could_extract_minus_sign() else half


def together(expression: Any) -> Any:
    """Return √(a/b) for √a/√b, which SymPy takes apart for positive a and b; for print only."""
    factors = sympy.Mul.make_args(expression)
    roots = [factor for factor in factors if factor.is_Pow and abs(factor.exp) == _HALF]
    if sum(bool(root.free_symbols) for root in roots) < 2:
        return expression
    rest = sympy.Mul(*(factor for factor in factors if factor not in roots))
    root = sympy.Pow(sympy.Mul(*(root**2 for root in roots)), _HALF, evaluate=False)
    return root if rest == 1 else sympy.Mul(rest, root, evaluate=False)
