r"""Matrices and the derivation of a Jacobian as LaTeX.

Strings in, strings out: entries arrive typeset. Everything here is understood by LaTeX, MathJax,
KaTeX and latex2mathml alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from jacmagic.render.extent import extent
from jacmagic.render.layout import Layout
from jacmagic.render.page import PAGE_LETTERS
from jacmagic.render.text import number as plain_number
from jacmagic.render.wide import parts

_SLOT = "90071992"  # the first digits of a numeral that no formula contains: 2⁵³ / 10⁸
MAX_HEAD = 16  # letters of a left-hand side that stands on the line of the first link


def number(value: float, digits: int = 4) -> str:
    r"""Return a number as LaTeX: "1.25 \cdot 10^{-9}", "\infty", "\mathrm{nan}"."""
    shown = plain_number(value, digits)
    if shown in ("nan", "inf", "-inf"):
        return {"nan": r"\mathrm{nan}", "inf": r"\infty", "-inf": r"-\infty"}[shown]
    mantissa, _, exponent = shown.partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return {"1": power, "-1": f"-{power}"}.get(mantissa, rf"{mantissa} \cdot {power}")


def slot(index: int) -> str:
    """Return a numeral that the browser replaces by number `index` of a list.

    It is typeset as any number is; `static/slots.mjs` recognises it.
    """
    return f"{_SLOT}{index:06d}"


# ── building ──────────────────────────────────────────────────────────────────────────────────


def matrix(
    entries: Sequence[Sequence[str]],
    below: Collection[int | None] = (),
    beside: Collection[int | None] = (),
) -> str:
    """Return entries between square brackets, the rows spaced.

    Args:
        entries: LaTeX of the cells.
        below: positions of rows with a line above them.
        beside: positions of columns with a line on their left.
    """
    cut = [r"\hline " * (i in below) + " & ".join(line) for i, line in enumerate(entries)]
    rows = r" \\[1ex] ".join(cut)
    if not below and not beside:
        return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"
    width = len(entries[0]) if entries else 0
    columns = "".join("|" * (j in beside) + "c" for j in range(width))
    return rf"\left[ \begin{{array}}{{{columns}}} {rows} \end{{array}} \right]"


def blocks(function: str, outputs: Sequence[str], inputs: Sequence[str], layout: Layout) -> str:
    """Return the matrix of blocks ∂f/∂x, divided by lines; "" for a single block."""
    down, across = layout.pair(outputs or [function], inputs)
    if len(down) * len(across) < 2:
        return ""
    cells = [[partial(*layout.pair(one, other)) for other in across] for one in down]
    return matrix(cells, range(1, len(down)), range(1, len(across)))


def partial(output: str, variable: str) -> str:
    """Return ∂output/∂variable as a fraction."""
    return rf"\frac{{\partial {output}}}{{\partial {variable}}}"


def partial_of(expression: str, variable: str) -> str:
    """Return ∂(expression)/∂variable; a long expression follows the operator."""
    if re.fullmatch(r"(?!\\frac)[\w^{}\\]+", expression):  # x_{2}^{3} needs no brackets
        return partial(expression, variable)
    if r"\begin{cases}" in expression or extent(expression) > 20:
        return rf"{partial('', variable)} \left( {expression} \right)"
    return partial(rf"\left( {expression} \right)", variable)


def head(
    function: str,
    inputs: Sequence[str],
    *,
    layout: Layout = Layout.NUMERATOR,
    letter: str = "J",
) -> str:
    """Return the left-hand side: J_f(x₁, x₂), or with another letter than J."""
    shown = [*inputs[:6], r"\ldots"] if len(inputs) > 7 else list(inputs)
    transpose = r"^{\mathsf{T}}" if layout.is_transposed else ""
    return rf"\mathbf{{{letter}}}_{{{function}}}{transpose}({', '.join(shown)})"


def derivation(
    left: str,
    links: Sequence[str],
    signs: Sequence[str],
    where: Sequence[str] = (),
    matrix: Sequence[str] = (),
) -> list[str]:
    """Return a chain of matrices, each link after its "=" or "≠", as lines to be aligned.

    Short neighbours share a line; a link that is wider than a line has several. The
    equations of `where` follow, introduced by "with", and those of `matrix`, by "in matrix form".
    """
    lines: list[str] = []
    used = 0
    for link, plain in zip(links, signs, strict=True):
        sign = r"\neq" if plain == "≠" else plain
        width = max(map(extent, link.split(r"\\")), default=0) + 4
        first, *others = parts(link)
        if lines and not others and used + width <= PAGE_LETTERS:
            lines[-1] += f" {sign} {link}"
            used += width
        else:
            lines += [f"&{sign} {first}", *(rf"&\phantom{{{sign}}} {part}" for part in others)]
            used = PAGE_LETTERS if others else width
    where_below = [*listed(where, "with"), *listed(matrix, "in matrix form")]
    if not lines or extent(left) > MAX_HEAD:
        return [f"&{left}" if lines else left, *lines, *where_below]
    return [f"{left} {lines[0]}", *lines[1:], *where_below]


def aligned(lines: Sequence[str], space: str = "2ex") -> str:
    """Return lines as one block, spaced."""
    return "\\begin{aligned}\n" + f" \\\\[{space}]\n".join(lines) + "\n\\end{aligned}"


def listed(equations: Sequence[str], word: str) -> list[str]:
    """Return equations after a word, as many on a line as fit."""
    lines: list[str] = []
    used = PAGE_LETTERS
    for equation in equations:
        width = extent(equation) + 3
        if lines and used + width <= PAGE_LETTERS:
            lines[-1] += rf",\quad {equation}"
        else:
            opening = rf"\text{{{word}}}"
            if lines:
                opening = rf"\phantom{{{opening}}}"
            lines.append(rf"&{opening}\quad {equation}")
            used = 0
        used += width
    return lines


def stacked(blocks: Sequence[str]) -> str:
    """Return displayed blocks below one another as one; a single one as it is."""
    if len(blocks) == 1:
        return blocks[0]
    inner = " \\\\[3ex]\n".join(blocks)
    return f"\\begin{{gathered}}\n{inner}\n\\end{{gathered}}"


def broken(left: str, terms: Sequence[str], widest: int) -> list[str]:
    """Return an equation on as many lines as it needs, broken before a plus or minus.

    Args:
        left: the left-hand side.
        terms: the terms of the right-hand side, each with its sign.
        widest: letters on a line.
    """
    lines = [f"{left} ="]
    used = 0
    for term in terms:
        width = extent(term) + 1
        if used and used + width > widest:
            lines.append(r"\qquad")
            used = 0
        lines[-1] += f" {term}"
        used += width
    lines[0] = lines[0].replace("= +", "=")
    return lines
