"""The lines around a chain: its heading, its cost, its comparison with torch."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from jacmagic.labels import Label
from jacmagic.render.text import number
from jacmagic.result.chain.factor import Factor
from jacmagic.result.chain.product import ChainProduct
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.typeset import tex
from jacmagic.symbolic.graph import write_tape

MAX_COMPONENTS_DEFINED = 4  # components of a variable that is written out as the code computes it
MAX_SYMBOLS = 60  # of such a component
MAX_FACTORS = 24  # written out in a still form; the others are named


def heading(chain: ChainProduct) -> str:
    """Return what the chain is of, and where its letter is another one, what that stands for."""
    m, n = chain.truth.shape
    where = "" if chain.letter == chain.function else f", {chain.letter} its value"
    return f"{chain.notation.noun} of {chain.function} as a chain ({m} × {n}){where}"


def summary(chain: ChainProduct) -> list[str]:
    """Return the counts of multiplications, and the comparison with torch."""
    count = chain.multiplications
    lines = []
    if count.forward or count.reverse:
        best = f", {count.best} in the best order found" * (
            count.best < min(count.forward, count.reverse)
        )
        lines.append(
            f"multiplications: {count.forward} in forward order, "
            f"{count.reverse} in reverse order{best}"
        )
    gap = number(chain.difference, 2)
    verb = "is" if chain.agrees else "differs from"
    lines.append(f"the product {verb} torch's {chain.notation.noun}, largest difference {gap}")
    return lines


def left_out(chain: ChainProduct) -> list[str]:
    """Return a line about factors that are not written out."""
    missing = len(chain.factors) - MAX_FACTORS
    return [f"{missing} more factors: see J.chain().factors"] if missing > 0 else []


def unrepeated(chain: ChainProduct) -> Iterator[tuple[Factor, Factor | None]]:
    """Yield the factors that are written out, each with an earlier one of the same form or None."""
    first_of_form: dict[object, Factor] = {}
    for factor in chain.factors[:MAX_FACTORS]:
        yield factor, first_of_form.get(factor.structure)
        first_of_form.setdefault(factor.structure, factor)


def definitions(chain: ChainProduct) -> Iterator[tuple[DisplayForm, list[tuple[Label, Expr]]]]:
    """Yield what short variables are computed from, and those without a name, with their symbols.

    Those that a factor defines beside its matrix are left out, and so are repetitions: of the turns
    of a loop the first is written.
    """
    written: set[object] = set()
    for position in chain.form.inner:
        variable, reading = chain.form.variables[position], chain.form.readings[position]
        own = {label.symbol for label in variable.labels}
        form = reading.form.trace
        names = tuple(label.name for label in variable.labels)
        structure = names, write_tape(form.graph, form.outputs, form.inputs)
        if structure in written or own & {clause.symbol.name for clause in reading.clauses}:
            continue
        written.add(structure)
        if (variable.size <= MAX_COMPONENTS_DEFINED or variable.unnamed) and _is_short(reading):
            yield reading, list(zip(variable.labels, reading.written, strict=True))


def definitions_latex(chain: ChainProduct) -> list[str]:
    """Return the same equations as LaTeX."""
    return [
        f"{label.tex} = {tex(value, reading.all_names, written=True)}"
        for reading, parts in definitions(chain)
        for label, value in parts
    ]


def _is_short(reading: DisplayForm) -> bool:
    sizes = reading.form.sizes[: reading.form.shape[0]]
    return max(sizes, default=0) <= MAX_SYMBOLS
