"""The still forms of a chain in LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Callable

from jacmagic.render import factored as page
from jacmagic.render import latex
from jacmagic.render.mathml import to_mathml
from jacmagic.render.wide import PAGE_LETTERS, parts
from jacmagic.result.chain.factor import Factor
from jacmagic.result.chain.product import ChainProduct
from jacmagic.result.chain.remarks import definitions_latex, heading, left_out, summary, unrepeated
from jacmagic.symbolic.formula.excerpt import excerpt
from jacmagic.symbolic.formula.typeset import tex


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
