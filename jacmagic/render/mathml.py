"""LaTeX as MathML, for browsers: latex2mathml, with its output made well-formed."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from jacmagic.render.extent import FUNCTION_NAMES

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def to_mathml(source: str, *, display: bool = True) -> str:
    """Return well-formed MathML of LaTeX without delimiters.

    A displayed matrix comes without its brackets: fonts draw them too small, so the page draws them
    itself. A matrix within a line has its own.
    """
    from xml.etree.ElementTree import tostring

    from latex2mathml.converter import convert_to_element

    plain = re.sub(r"\\\\\[[\d.]+ex\]", r"\\\\", source)
    plain = plain.replace(r"\operatorname{atan2}", r"\mathrm{atan2}")  # drops names with a digit
    plain, lines = _without_lines(plain, display)
    if not display:
        plain = plain.replace(r"\begin{bmatrix}", r"\left[ \begin{matrix}")
        plain = plain.replace(r"\end{bmatrix}", r"\end{matrix} \right]")
    for environment, supported in (("bmatrix", "matrix"), ("aligned", "align*")):
        for end in ("begin", "end"):
            plain = plain.replace(rf"\{end}{{{environment}}}", rf"\{end}{{{supported}}}")
    root = convert_to_element(plain, display="block" if display else "inline")
    for element in list(root.iter()):
        _tidy(element)
    for element in list(root.iter()):
        _fit_brackets(element)
        _space_functions(element)
        _close_up_signs(element)
    _draw(root, lines)
    return tostring(root, encoding="unicode")


_ENVIRONMENT = re.compile(r"\\begin{(?P<name>\w+)}(?:{(?P<columns>[c|]*)})?")
_Lines = list[tuple[set[int], set[int]]]  # of each table: rows and columns that a line precedes


def _without_lines(source: str, display: bool) -> tuple[str, _Lines]:
    """Return LaTeX with plain matrices for divided ones, and the lines of every environment."""
    whole = re.fullmatch(r"\\left\[ (\\begin{array}.*\\end{array}) \\right\]", source, re.DOTALL)
    if display and whole is not None:  # the page draws the brackets
        source = whole[1]
    environments = [_lines_of(one, source) for one in _ENVIRONMENT.finditer(source)]
    plain = re.sub(r"\\begin{array}{[c|]*}", r"\\begin{matrix}", source).replace(r"\hline ", "")
    return plain.replace(r"\end{array}", r"\end{matrix}"), environments


def _lines_of(start: re.Match[str], source: str) -> tuple[set[int], set[int]]:
    if start["name"] != "array":
        return set(), set()
    body = source[start.end() :]
    depth, rows, row = 1, set[int](), 0
    for token in re.finditer(r"\\begin{|\\end{|\\\\|\\hline", body):
        depth += {r"\begin{": 1, r"\end{": -1}.get(token[0], 0)
        if not depth:
            break
        row += depth == 1 and token[0] == "\\\\"
        if depth == 1 and token[0] == r"\hline":
            rows.add(row)
    parts = (start["columns"] or "").split("|")
    return rows, set(itertools.accumulate(len(part) for part in parts[:-1]))


def _draw(root: Element, lines: _Lines) -> None:
    """Mark the cells of divided matrices that have a line on their left, or above."""
    tables = list(root.iter("mtable"))
    for table, (rows, columns) in zip(tables, lines, strict=False):
        for i, line in enumerate(table):
            for j, cell in enumerate(line):
                if i in rows and len(tables) == len(lines):
                    cell.set("rowlines", "solid")
                if j in columns and len(tables) == len(lines):
                    cell.set("columnlines", "solid")


_TALL = ("mfrac", "mtable", "munder", "mover", "munderover", "mroot", "msqrt")


def _fit_brackets(element: Element) -> None:
    """Keep brackets around a plain line at its size, as LaTeX does; browsers enlarge them."""
    fences = [child for child in element if child.get("fence") == "true"]
    if fences and all(element.find(f".//{tag}") is None for tag in _TALL):
        for fence in fences:
            fence.set("stretchy", "false")


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
        for operator in children[k].iter("mo"):  # with a wide space on both sides, by default
            operator.attrib.update(lspace="0", rspace="0")
        after = children[k + 1] if k + 1 < len(children) else None
        if after is not None and after.tag != "mo" and _first_sign(after) not in _OPENING:
            element.insert(k + 1, New("mspace", {"width": "0.17em"}))
        if k and children[k - 1].tag != "mo":
            element.insert(k, New("mspace", {"width": "0.17em"}))


_BEFORE_SIGNS = frozenset("=≈<>≤≥≠,;·⋅×→⇒(")


def _close_up_signs(element: Element) -> None:
    """Keep a sign at its number, as in = −3: after another operator it is not a difference."""
    before = None
    for child in element:
        is_sign = child.tag == "mo" and child.text in ("+", "-", "−", "±")
        follows = before is None or (before.tag == "mo" and before.text in _BEFORE_SIGNS)
        if is_sign and follows:
            child.set("form", "prefix")
        before = child


def _is_function(element: Element) -> bool:
    """Whether an element is sin, diag or the like, with or without an exponent."""
    inner = element[0] if element.tag == "msup" and len(element) else element
    name = inner.text or ""
    return (inner.tag == "mi" and name in FUNCTION_NAMES) or (inner.tag == "mo" and name.isalpha())


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
