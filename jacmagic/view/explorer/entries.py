"""Derivations of single entries, with slots for numbers that move."""

from __future__ import annotations

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
    lines = attempt(
        lambda: lines_of(jacobian.step_template(i, j)), jacobian.forms.budget, "this derivation"
    )
    if isinstance(lines, Refusal):
        return {"lines": [], "note": str(lines)}
    return {"lines": lines, "note": ""} if lines else None


def lines_of(step: Step | None) -> list[Any]:
    """Return the lines of a derivation: depth, MathML, rule and MathML of the rule."""
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
    """Return derivations of entries by "row,column", in order while they fit.

    Args:
        jacobian: the Jacobian.
        max_bytes: of all together; the first that does not fit ends the list.
    """
    derivations: dict[str, Any] = {}
    if jacobian.reading is None:
        return derivations
    for row, column in np.argwhere(table_of(jacobian).pattern).tolist():
        derivation = entry_of(jacobian, row, column)
        if derivation is None or not derivation["lines"]:
            break
        max_bytes -= sum(len(part) for line in derivation["lines"] for part in line[1:])
        if max_bytes < 0:
            break
        derivations[f"{row},{column}"] = derivation
    return derivations
