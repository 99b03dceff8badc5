"""Names and numbers of a Jacobian as reports show them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jacmagic.labels import Label
from jacmagic.render.report import Fragment, Grid, numeral
from jacmagic.render.text import number
from jacmagic.result.core import JacobianResult

MAX_TERMS_SHOWN = 12  # of a direction in a sentence, about a line


def named(label: Label) -> Fragment:
    """Return a component's name."""
    return Fragment(label.unicode, label.tex)


def doubts(jacobian: JacobianResult) -> list[str]:
    """Return the verdict where other sources contradict torch's numbers; else nothing."""
    agreement = jacobian.agreement
    return [str(agreement)] if agreement.verdict == "disagree" else []


def matrix_grid(
    rows: Sequence[Label], columns: Sequence[Label], values: np.ndarray, digits: int, caption: str
) -> Grid:
    """Return a table of numbers (m, n) between names."""
    lines = [
        [named(label), *(numeral(float(value) + 0.0, digits) for value in line)]
        for label, line in zip(rows, values, strict=True)
    ]
    return Grid([Fragment("", ""), *map(named, columns)], lines, caption)


def oriented(vector: np.ndarray) -> np.ndarray:
    """Return a direction or its opposite, so that its first large component is positive.

    Components are large that are the largest but for rounding.
    """
    sizes = np.abs(vector)
    if not sizes.size:
        return vector
    first = int(np.argmax(sizes >= (1 - 1e-9) * sizes.max()))
    return vector * (np.sign(vector[first]) or 1.0)


def direction(
    vector: np.ndarray, labels: Sequence[Label], digits: int, units: np.ndarray | float = 1.0
) -> str:
    """Return a direction as a sum of components: "0.7071 a − 0.7071 b".

    Components below the rounding of a unit vector, n ε, are left out; they are compared after a
    multiplication by `units`, (n,).
    """
    sizes = np.abs(vector) * units
    visible = np.flatnonzero(sizes > len(vector) * np.finfo(float).eps * sizes.max())
    terms = []
    for k in visible[:MAX_TERMS_SHOWN]:
        size = number(abs(float(vector[k])), digits)
        sign = "−" if vector[k] < 0 else "+"
        factor = "" if size == "1" else f"{size} "
        terms.append(f"{sign} {factor}{labels[k].unicode}")
    text = " ".join(terms).removeprefix("+ ").replace("− ", "−", 1 if terms[0][0] == "−" else 0)
    return f"{text} + …" if len(visible) > MAX_TERMS_SHOWN else text


def title_of(jacobian: JacobianResult) -> str:
    """Return the matrix's name, "J of f" or "H of f"."""
    return f"{jacobian.notation.letter} of {jacobian.title}"
