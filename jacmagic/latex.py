r"""Matrices and the derivation of a Jacobian as LaTeX, and LaTeX as MathML.

Strings in, strings out: entries arrive typeset. Everything here is understood by LaTeX, MathJax,
KaTeX and latex2mathml alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jacmagic.text import number as plain_number

_WIDEST_LINE = 150  # LaTeX characters of the widest row up to which links share a line


def number(value: float, digits: int = 4) -> str:
    r"""A number as LaTeX: "1.25 \cdot 10^{-9}", "\infty", "\mathrm{nan}"."""
    shown = plain_number(value, digits)
    if shown in ("nan", "inf", "-inf"):
        return {"nan": r"\mathrm{nan}", "inf": r"\infty", "-inf": r"-\infty"}[shown]
    mantissa, _, exponent = shown.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def matrix(entries: Sequence[Sequence[str]]) -> str:
    r"""Entries between square brackets, with air between the rows."""
    rows = r" \\[1ex] ".join(" & ".join(line) for line in entries)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def partial(output: str, variable: str) -> str:
    """∂output/∂variable as a fraction."""
    return rf"\frac{{\partial {output}}}{{\partial {variable}}}"


def partial_of(expression: str, variable: str) -> str:
    """∂(expression)/∂variable as a fraction; cases stand behind the operator."""
    if r"\begin{cases}" in expression or len(expression) > 60:
        return rf"\frac{{\partial}}{{\partial {variable}}} \left( {expression} \right)"
    return rf"\frac{{\partial \left( {expression} \right)}}{{\partial {variable}}}"


def head(function: str, inputs: Sequence[str], *, transposed: bool = False) -> str:
    """The left-hand side: J_f(x₁, x₂)."""
    shown = [*inputs[:6], r"\ldots"] if len(inputs) > 7 else list(inputs)
    turned = r"^{\mathsf{T}}" if transposed else ""
    return rf"\mathbf{{J}}_{{{function}}}{turned}({', '.join(shown)})"


def derivation(left: str, links: Sequence[str], signs: Sequence[str]) -> str:
    """A chain of matrices under one left-hand side, one link a line, each behind its "=" or "≠".

    Short neighbours share a line, so that the article's small example reads in one breath.
    """
    lines: list[str] = []
    room = 0
    for link, plain in zip(links, signs, strict=True):
        sign = r"\neq" if plain == "≠" else plain
        width = max(map(len, link.split(r"\\")), default=0)
        if lines and room + width <= _WIDEST_LINE:
            lines[-1] += f" {sign} {link}"
            room += width
        else:
            lines.append(f"&{sign} {link}")
            room = width
    chain = " \\\\[2ex]\n".join(lines)
    return f"\\begin{{aligned}}\n{left} {chain}\n\\end{{aligned}}"


def to_mathml(source: str, *, display: bool = True) -> str:
    """MathML of LaTeX without delimiters.

    latex2mathml knows no extra space between rows and no alignment marks, so these are left out.
    A matrix comes without its brackets: fonts draw them too small, so the page draws them itself.
    """
    from latex2mathml.converter import convert

    plain = re.sub(r"\\\\\[[\d.]+ex\]", r"\\\\", source).replace("bmatrix", "matrix")
    return str(convert(plain, display="block" if display else "inline"))
