"""Still forms of a chain: text for a terminal, LaTeX, HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jacmagic.render import factored as page
from jacmagic.render import latex
from jacmagic.render.mathml import to_mathml
from jacmagic.render.text import number
from jacmagic.result.chain import Chain, Factor
from jacmagic.symbolic.formula import excerpt, plain, pretty, tex

MAX_WIDTH = 100  # characters of a line: the usual width of a terminal
MAX_HEIGHT = 30  # lines of a factor: about a terminal's
MAX_ENTRIES = 24  # of a factor that is listed entry by entry
MAX_FACTORS = 24  # written out in a still form; the others are named


def to_text(chain: Chain) -> str:
    """Return lines for a terminal."""
    lines = [heading(chain), ""]
    for left, right in chain.equations(chain.text_writer):
        lines += _wrapped(f"{left} = ", right)
    lines += ["", *summary(chain)]
    for factor, other in unrepeated(chain):
        lines += ["", *_factor_text(factor, other)]
    return "\n".join([*lines, *left_out(chain)])


def heading(chain: Chain) -> str:
    """Return what the chain is of, and where its letter is another one, what that stands for."""
    m, n = chain.truth.shape
    where = "" if chain.letter == chain.function else f", {chain.letter} its value"
    return f"{chain.notation.noun} of {chain.function} as a chain ({m} × {n}){where}"


def summary(chain: Chain) -> list[str]:
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
    lines.append(f"the product is torch's {chain.notation.noun}, largest difference {gap}")
    return lines


def left_out(chain: Chain) -> list[str]:
    """Return a line about factors that are not written out."""
    missing = len(chain.factors) - MAX_FACTORS
    return [f"{missing} more factors: see J.chain().factors"] if missing > 0 else []


def unrepeated(chain: Chain) -> Iterator[tuple[Factor, Factor | None]]:
    """Yield the factors that are written out, each with an earlier one of the same form or None."""
    known: dict[object, Factor] = {}
    for factor in chain.factors[:MAX_FACTORS]:
        yield factor, known.get(factor.structure)
        known.setdefault(factor.structure, factor)


def _factor_text(factor: Factor, other: Factor | None) -> list[str]:
    m, n = factor.shape
    head = f"{factor.name}  ({m} × {n})"
    if other is not None:
        return [f"{head}: as {other.name}"]
    names = factor.reading.texts
    drawn = pretty(factor.formula, names).splitlines() if m <= MAX_HEIGHT and n < MAX_WIDTH else []
    if not drawn or len(drawn) > MAX_HEIGHT or max(map(len, drawn)) > MAX_WIDTH:
        drawn = _entry_lines(factor)
    return [head, *drawn, *_where(factor)]


def _entry_lines(factor: Factor) -> list[str]:
    """Return the entries of a factor that are not zero, one on a line."""
    lines, names, total = [], factor.reading.texts, 0
    for i, row in enumerate(factor.rows):
        for j, column in enumerate(factor.columns):
            entry = factor.entry(i, j)
            if entry != 0:
                total += 1
                if len(lines) < MAX_ENTRIES:
                    lines += _wrapped(f"  ∂{row.unicode}/∂{column.unicode} = ", plain(entry, names))
    return [*lines, *([f"  … and more: {total} entries"] if len(lines) >= MAX_ENTRIES else [])]


def _where(factor: Factor) -> list[str]:
    names = factor.reading.texts
    lines = []
    for clause in factor.clauses:
        lines += _wrapped(f"with {plain(clause.symbol, names)} = ", plain(clause.definition, names))
    return lines


def _wrapped(head: str, body: str) -> list[str]:
    """Return an equation on lines of a terminal, broken at blanks."""
    lines, line = [], head
    for word in body.split(" "):
        if len(line) + len(word) > MAX_WIDTH and line.strip():
            lines.append(line.rstrip())
            line = " " * min(len(head), 12)
        line += f"{word} "
    return [*lines, line.rstrip()]


# ── LaTeX and HTML ────────────────────────────────────────────────────────────────────────────


def to_latex(chain: Chain) -> str:
    """Return the equations and the factors as one aligned block, without delimiters."""
    lines = [
        line
        for left, right in chain.equations(chain.latex_writer)
        for line in latex.broken(left, _terms(right), latex.PAGE_LETTERS)
    ]
    for factor, other in unrepeated(chain):
        value = other.latex if other is not None else matrix_latex(factor, _entry(factor))
        same = r"\quad \text{(renamed)}" if other is not None else ""
        lines.append(f"{factor.latex} = {value}{same}")
        if other is None:
            lines += [rf"\qquad \text{{with}}\quad {line}" for line in factor.where]
    lines += [rf"\text{{{line}}}" for line in left_out(chain)]
    body = " \\\\[2ex]\n".join(f"& {line}" for line in lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


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


def to_html(chain: Chain) -> str:
    """Return self-contained HTML."""
    equations = [
        (to_mathml(left), to_mathml(right))
        for left, right in chain.equations(chain.latex_writer)
    ]
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
                [] if other is not None else [to_mathml(one, display=False) for one in factor.where],
            )
        )
    return page.chain(heading(chain), equations, cards, [*summary(chain), *left_out(chain)])
