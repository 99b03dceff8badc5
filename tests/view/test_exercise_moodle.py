"""Named constants in questions for Moodle's STACK."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import sympy
import torch

import jacmagic


def test_moodle_tells_2a_from_a_squared(tmp_path: Path) -> None:
    """Constants that an answer names stay symbols, or have other numbers where it is a number."""

    def f(x, a=2.0):
        return a**2 * x**2

    J = jacmagic.jacobian(f, torch.tensor(3.0, dtype=torch.float64))
    entry, value = (
        ElementTree.parse(J.quiz(kind).to_moodle(tmp_path / f"{kind}.xml")).getroot()[1]
        for kind in ("entries", "numbers")
    )
    assert equal_in_maxima(entry, "2*a^2*x") == equal_in_maxima(entry, "8*x") == "right"
    assert equal_in_maxima(entry, "4*a*x") == "coincidence"
    assert equal_in_maxima(entry, "4*a^2*x") == ""
    assert equal_in_maxima(value, "24") == equal_in_maxima(value, "6*a^2") == "right"
    assert equal_in_maxima(value, "12*a") == "coincidence"


def equal_in_maxima(question: Any, answer: str) -> str:
    """Evaluate variables and the first nodes of a tree as Maxima does, with SymPy."""
    a, x, q = sympy.symbols("a x q")
    known: dict[str, Any] = {"a": a, "x": x, "q": q, "ans1": sympy.sympify(answer)}
    known["Rational"] = sympy.Rational

    def subst(values: Any, one: Any) -> Any:
        return one.subs(dict(values)) if values else one

    def sublist(values: Any, keep: Any) -> Any:
        return [pair for pair in values if keep(pair)]

    known |= {
        "subst": subst, "sublist": sublist, "ev": lambda one, _: one, "simp": True,
        "freeof": lambda symbol, one: not one.has(symbol), "lhs": lambda pair: pair[0],
    }  # fmt: skip
    lines = (question.findtext("questionvariables/text") or "").split("\n")
    lines += (question.findtext("prt/feedbackvariables/text") or "").split("\n")
    for line in lines:
        name, source = line.rstrip(";").split(": ", 1)
        source = re.sub(r"(\w+)=([^],]+)", r"(\1, Rational('\2'))", source.replace("^", "**"))
        source = source.replace("lambda([q], ", "(lambda q: ")
        known[name] = eval(source, known)
    for node, verdict in zip(question.findall("prt/node"), ("right", "coincidence"), strict=False):
        one, other = (known[node.findtext(tag)] for tag in ("sans", "tans"))
        tolerance = float(node.findtext("testoptions") or 0)
        gap = sympy.expand(one - other)
        if gap == 0 or (tolerance and gap.is_number and abs(gap) <= tolerance * abs(other)):
            return verdict
    return ""
