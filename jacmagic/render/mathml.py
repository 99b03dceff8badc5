"""LaTeX as MathML, for browsers: latex2mathml, with its output made well-formed."""

from __future__ import annotations

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
    divided = re.fullmatch(r"\\left\[ (\\begin{array}.*\\end{array}) \\right\]", plain, re.DOTALL)
    if display and divided is not None:
        plain = divided[1]
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
    for table in root.iter("mtable"):
        _mark_lines(table)
    return tostring(root, encoding="unicode")


def _mark_lines(table: Element) -> None:
    """Mark the cells that have a line on their left, or above: browsers ignore those of tables."""
    beside, above = (table.attrib.pop(f"{kind}lines", "").split() for kind in ("column", "row"))
    for i, row in enumerate(table):
        for j, cell in enumerate(row):
            if "solid" in above[i - 1 : i]:
                cell.set("rowlines", "solid")
            if "solid" in beside[j - 1 : j]:
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
