"""Derivations of single entries, with slots for numbers that move."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from jacmagic.render.mathml import to_mathml
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.steps import Step
from jacmagic.symbolic.trace import Refusal
from jacmagic.view.table import table_of


def entry_of(jacobian: JacobianResult, row: int, column: int) -> dict[str, Any] | None:
    """Return the derivation of one entry of the table, with slots for numbers.

    None without a closed form; no lines, and a note, where writing it out fails or takes too long.
    """
    i, j = jacobian.view.layout.pair(row, column)
    entry = derivation(lambda: jacobian.step_template(i, j), jacobian.forms.budget)
    return entry if entry["lines"] or entry["note"] else None


def derivation(derive: Callable[[], Step | None], budget: float | None) -> dict[str, Any]:
    """Return the lines of a derivation; a note where that takes more seconds than the budget."""
    lines = attempt(lambda: _lines(derive()), budget, "this derivation")
    if isinstance(lines, Refusal):
        return {"lines": [], "note": str(lines)}
    return {"lines": lines, "note": ""}


def _lines(step: Step | None) -> list[Any]:
    """Return depth, MathML, rule and MathML of the rule for each line."""
    return [
        [
            line.depth,
            to_mathml(line.latex, display=False),
            line.rule,
            to_mathml(line.formula, display=False) if line.formula else "",
        ]
        for line in (() if step is None else step.equations)
    ]


def entries_of(jacobian: JacobianResult, max_bytes: int) -> dict[str, Any]:
    """Return derivations of entries by "row,column", in order while they fit."""
    if jacobian.reading is None:
        return {}
    cells = np.argwhere(table_of(jacobian).pattern).tolist()
    return fitting(((f"{i},{j}", entry_of(jacobian, i, j)) for i, j in cells), max_bytes)


def fitting(
    derivations: Iterable[tuple[str, dict[str, Any] | None]], max_bytes: int
) -> dict[str, Any]:
    """Return derivations by their keys, in order while they fit.

    Args:
        derivations: pairs of key and derivation; the first without lines ends the list.
        max_bytes: of all together; the first that does not fit ends the list.
    """
    fitting: dict[str, Any] = {}
    for key, derivation in derivations:
        lines = [] if derivation is None else derivation["lines"]
        max_bytes -= sum(len(part) for line in lines for part in line[1:])
        if max_bytes < 0 or not lines:
            break
        fitting[key] = derivation
    return fitting
