r"""Matrices and the derivation of a Jacobian as LaTeX, and LaTeX as MathML.

Strings in, strings out: entries arrive typeset. Everything here is understood by LaTeX, MathJax,
KaTeX and latex2mathml alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jacmagic.render.layout import Layout
from jacmagic.render.text import number as plain_number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SLOT = "90071992"  # the first digits of a numeral that no formula contains: 2⁵³ / 10⁸
_MAX_LINE_LETTERS = 72  # of links of a chain that share a line: the width of a page


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


def matrix(entries: Sequence[Sequence[str]]) -> str:
    r"""Return entries between square brackets, the rows spaced."""
    rows = r" \\[1ex] ".join(" & ".join(line) for line in entries)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


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
) -> str:
    """Return a chain of matrices, each link after its "=" or "≠".

    Short neighbours share a line. The
    equations of `where` follow, introduced by "with", and those of `matrix`, by "in matrix form".
    """
    lines: list[str] = []
    used = 0
    for link, plain in zip(links, signs, strict=True):
        sign = r"\neq" if plain == "≠" else plain
        width = max(map(extent, link.split(r"\\")), default=0) + 4
        if lines and used + width <= _MAX_LINE_LETTERS:
            lines[-1] += f" {sign} {link}"
            used += width
        else:
            lines.append(f"&{sign} {link}")
            used = width
    lines += [*_listed(where, "with"), *_listed(matrix, "in matrix form")]
    chain = " \\\\[2ex]\n".join(lines)
    return f"\\begin{{aligned}}\n{left} {chain}\n\\end{{aligned}}"


def _listed(equations: Sequence[str], word: str) -> list[str]:
    """Return equations after a word, as many on a line as fit."""
    lines: list[str] = []
    used = _MAX_LINE_LETTERS
    for equation in equations:
        width = extent(equation) + 3
        if lines and used + width <= _MAX_LINE_LETTERS:
            lines[-1] += rf",\quad {equation}"
        else:
            opening = rf"\text{{{word}}}"
            if lines:
                opening = rf"\phantom{{{opening}}}"
            lines.append(rf"&{opening}\quad {equation}")
            used = 0
        used += width
    return lines


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


_FRACTION = re.compile(r"\\frac\s*{([^{}]*)}\s*{([^{}]*)}")
_GROUP = re.compile(r"(\\[a-zA-Z]+|[^}\s]){([^{}]*)}")
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
_SPOKEN = frozenset(
    "sin cos tan cot sec csc ln exp arcsin arccos arctan sinh cosh tanh max min det".split()
)
_SILENT = {"left", "right", "begin", "end", "mathrm", "mathbf", "text", "operatorname", "quad"}


def extent(source: str) -> int:
    """Estimate the width of LaTeX in letters."""
    before = None
    while before != source:
        before = source
        source = _FRACTION.sub(lambda match: max(match.groups(), key=extent), source)
        source = _GROUP.sub(_unwrapped, source)
    source = _COMMAND.sub(lambda match: _letters(match[1]), source)
    return len(re.sub(r"[\s{}_^\\]", "", source))


def _unwrapped(match: re.Match[str]) -> str:
    return match[0] if match[1] == r"\frac" else f"{match[1]} {match[2]}"


def _letters(command: str) -> str:
    if command in _SPOKEN:
        return command
    return "" if command in _SILENT else "x"


# ── MathML ────────────────────────────────────────────────────────────────────────────────────


def to_mathml(source: str, *, display: bool = True) -> str:
    """Return well-formed MathML of LaTeX without delimiters.

    A displayed matrix comes without its brackets: fonts draw them too small, so the page draws them
    itself. A matrix within a line has its own.
    """
    from xml.etree.ElementTree import tostring

    from latex2mathml.converter import convert_to_element

    plain = re.sub(r"\\\\\[[\d.]+ex\]", r"\\\\", source)
    if not display:
        plain = plain.replace(r"\begin{bmatrix}", r"\left[ \begin{matrix}")
        plain = plain.replace(r"\end{bmatrix}", r"\end{matrix} \right]")
    for environment, supported in (("bmatrix", "matrix"), ("aligned", "align*")):
        for end in ("begin", "end"):
            plain = plain.replace(rf"\{end}{{{environment}}}", rf"\{end}{{{supported}}}")
    root = convert_to_element(plain, display="block" if display else "inline")
    for element in list(root.iter()):
        _tidy(element)
        _space_functions(element)
    return tostring(root, encoding="unicode")


_ROWS = {"math", "mrow", "mtd", "msqrt"}
_OPENING = {"(", "[", "{", "|", "‖", "∥"}


def _space_functions(element: Element) -> None:
    """Insert a thin space around sin, ln …, as LaTeX does: r sin θ."""
    from xml.etree.ElementTree import Element as New

    if element.tag not in _ROWS:
        return
    children = list(element)
    for k in reversed(range(len(children))):
        if not _is_function(children[k]):
            continue
        after = children[k + 1] if k + 1 < len(children) else None
        if after is not None and after.tag != "mo" and _first_sign(after) not in _OPENING:
            element.insert(k + 1, New("mspace", {"width": "0.17em"}))
        if k and children[k - 1].tag != "mo":
            element.insert(k, New("mspace", {"width": "0.17em"}))


def _is_function(element: Element) -> bool:
    """Whether an element is sin or the like, with or without an exponent."""
    inner = element[0] if element.tag == "msup" and len(element) else element
    return inner.tag == "mi" and (inner.text or "") in _SPOKEN


def _first_sign(element: Element) -> str:
    while len(element):
        element = element[0]
    return element.text or ""


_ENTITY = re.compile(r"&#x([0-9A-Fa-f]+);")


def _tidy(element: Element) -> None:
    """Replace entities by characters, ignored attributes by styles; join words.

    latex2mathml writes text into its output unescaped, so the tree is written out here instead.
    """
    if element.text:
        element.text = _ENTITY.sub(lambda match: chr(int(match[1], 16)), element.text)
    if element.get("fence") == "true":  # no space inside brackets
        element.set("lspace", "0")
        element.set("rspace", "0")
    alignment = element.attrib.pop("columnalign", None)
    if alignment:
        element.set("style", f"text-align:{alignment}")
    word: Element | None = None
    for child in list(element):
        if child.tag != "mi" or child.get("mathvariant") != "normal":
            word = None
        elif word is None:
            word = child
        else:
            word.text = f"{word.text or ''}{child.text or ''}"
            word.attrib.pop("mathvariant", None)
            element.remove(child)
