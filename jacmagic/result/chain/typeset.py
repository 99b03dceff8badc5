"""The still forms of a chain for a terminal, in LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Callable

from jacmagic.render import factored as page
from jacmagic.render import latex
from jacmagic.render.mathml import to_mathml
from jacmagic.render.page import PAGE_LETTERS, TERMINAL_LETTERS, TERMINAL_LINES
from jacmagic.render.wide import parts
from jacmagic.result.chain.factor import Factor
from jacmagic.result.chain.product import ChainProduct
from jacmagic.result.chain.remarks import (
    definitions,
    definitions_latex,
    heading,
    left_out,
    summary,
    unrepeated,
)
from jacmagic.symbolic.formula.conversion import excerpt
from jacmagic.symbolic.formula.typeset import listed, plain, pretty, tex, wrapped


def to_latex(chain: ChainProduct) -> str:
    """Return the equations and the factors as one aligned block, without delimiters."""
    return latex.aligned(latex_lines(chain))


def latex_lines(chain: ChainProduct) -> list[str]:
    """Return the equations and the factors as lines to be aligned."""
    lines = [
        line
        for left, right in chain.equations(chain.latex_writer)
        for line in latex.broken(left, _terms(right), PAGE_LETTERS)
    ]
    lines += [rf"\text{{with}}\quad {equation}" for equation in definitions_latex(chain)]
    for factor, other in unrepeated(chain):
        if other is not None:
            lines.append(rf"{factor.latex} = {other.latex}\quad \text{{(renamed)}}")
            continue
        first, *others = parts(matrix_latex(factor, _entry(factor)))
        lines += [f"{factor.latex} = {first}", *(rf"\qquad {part}" for part in others)]
        lines += [rf"\qquad \text{{with}}\quad {line}" for line in factor.where]
    lines += [rf"\text{{{line}}}" for line in left_out(chain)]
    return [f"& {line}" for line in lines]


def _terms(expression: str) -> list[str]:
    """Return the terms of a sum as lines may be broken: not inside brackets."""
    terms, depth, start = [], 0, 0
    for k, character in enumerate(expression):
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(character, 0)
        if character == "+" and not depth:
            terms.append(expression[start:k].strip())
            start = k
    return [*terms, expression[start:].strip()]


def _entry(factor: Factor) -> Callable[[int, int], str]:
    names = factor.reading.all_names
    return lambda i, j: tex(factor.entry(i, j), names)


def matrix_latex(factor: Factor, entry: Callable[[int, int], str]) -> str:
    """Return a factor's matrix, a large one cut with dots."""
    rows, columns = map(excerpt, factor.shape)
    dots = {(True, True): r"\ddots", (True, False): r"\vdots", (False, True): r"\cdots"}
    return latex.matrix(
        [
            [
                entry(i, j) if i is not None and j is not None else dots[i is None, j is None]
                for j in columns
            ]
            for i in rows
        ]
    )


def to_html(chain: ChainProduct) -> str:
    """Return self-contained HTML."""
    equations = [
        (to_mathml(left), to_mathml(right)) for left, right in chain.equations(chain.latex_writer)
    ]
    where = [to_mathml(equation, display=False) for equation in definitions_latex(chain)]
    cards = []
    for factor, other in unrepeated(chain):
        m, n = factor.shape
        matrix = "" if other is not None else to_mathml(matrix_latex(factor, _entry(factor)))
        cards.append(
            page.Card(
                to_mathml(factor.latex),
                matrix,
                f"{m} × {n}",
                f"as {other.name}" if other is not None else "",
                []
                if other is not None
                else [to_mathml(one, display=False) for one in factor.where],
            )
        )
    return page.chain(heading(chain), equations, where, cards, [*summary(chain), *left_out(chain)])


def to_text(chain: ChainProduct) -> str:
    """Return lines for a terminal."""
    lines = [heading(chain), ""]
    for left, right in chain.equations(chain.text_writer):
        lines += wrapped(f"{left} = ", right)
    for reading, defined in definitions(chain):
        for label, value in defined:
            shown = plain(value, reading.texts, written=True)
            lines += wrapped(f"with {label.unicode} = ", shown)
    lines += ["", *summary(chain)]
    for factor, other in unrepeated(chain):
        lines += ["", *_factor_text(factor, other)]
    return "\n".join([*lines, *left_out(chain)])


def _factor_text(factor: Factor, other: Factor | None) -> list[str]:
    m, n = factor.shape
    head = f"{factor.name}  ({m} × {n})"
    if other is not None:
        return [f"{head}: as {other.name}"]
    names = factor.reading.texts
    drawn = (
        pretty(factor.formula, names).splitlines()
        if m <= TERMINAL_LINES and n < TERMINAL_LETTERS
        else []
    )
    if not drawn or len(drawn) > TERMINAL_LINES or max(map(len, drawn)) > TERMINAL_LETTERS:
        drawn = listed(factor.formula, factor.rows, factor.columns, names)
    return [head, *drawn, *_where(factor)]


def _where(factor: Factor) -> list[str]:
    names = factor.reading.texts
    lines = []
    for clause in factor.clauses:
        lines += wrapped(f"with {plain(clause.symbol, names)} = ", plain(clause.definition, names))
    return lines
