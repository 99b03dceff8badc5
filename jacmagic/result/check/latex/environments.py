r"""Matrices and cases in LaTeX, between \begin and \end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from jacmagic.result.check.latex.reader import Reader
from jacmagic.result.check.latex.tokens import refusal

_MATRICES = {"matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "smallmatrix", "array"}
RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": sympy.Lt, ">": sympy.Gt, r"\leq": sympy.Le, r"\le": sympy.Le, r"\geq": sympy.Ge,
    r"\ge": sympy.Ge, r"\neq": sympy.Ne, r"\ne": sympy.Ne, "=": sympy.Eq,
}  # fmt: skip


def environment(parser: Reader) -> Any:
    r"""Return the matrix or the cases that begin here."""
    token = parser.next
    name = token.text[len(r"\begin{") :].split("}")[0].rstrip("*")
    parser.at += 1
    if name == "cases":
        return _cases(parser)
    if name not in _MATRICES:
        parser.at -= 1
        raise parser.wrong("expected a matrix or cases")
    rows = [[parser.sum()]]
    while parser.next.kind != "end":
        if parser.next.kind == "row":
            parser.at += 1
            if parser.next.kind != "end":  # the last line may end in \\
                rows.append([parser.sum()])
        else:
            parser.need("&")
            rows[-1].append(parser.sum())
    parser.at += 1
    if len({len(row) for row in rows}) != 1:
        counts = ", ".join(str(len(row)) for row in rows)
        message = f"expected rows of one length; found {counts} entries"
        raise refusal(parser.source, token.column, message, len(token.text))
    return sympy.Matrix(rows)


def _cases(parser: Reader) -> Any:
    pieces = []
    while parser.next.kind != "end":
        value = parser.sum()
        parser.take(",")
        parser.need("&")
        pieces.append((value, _condition(parser)))
        parser.take(",", ";", ".")
        if parser.next.kind == "row":
            parser.at += 1
    parser.at += 1
    return sympy.Piecewise(*pieces)


def _condition(parser: Reader) -> Any:
    word = parser.next.text if parser.next.kind == "word" else ""
    parser.at += bool(word)
    if any(other in word for other in ("otherwise", "else")):
        return sympy.true
    condition = _relation(parser)
    while (sign := parser.take(r"\wedge", r"\land", r"\vee", r"\lor")) is not None:
        both = sign.text in (r"\wedge", r"\land")
        condition = (sympy.And if both else sympy.Or)(condition, _relation(parser))
    return condition


def _relation(parser: Reader) -> Any:
    left = parser.sum()
    if parser.next.text not in RELATIONS:
        raise parser.wrong("expected a relation")
    compare = RELATIONS[parser.next.text]
    parser.at += 1
    return compare(left, parser.sum())
