"""Derivations of all entries, up to a total length."""

from __future__ import annotations

import functools

from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.steps import Step
from jacmagic.symbolic.trace import Refusal

MAX_DERIVATION_CHARACTERS = 40_000  # of all derivations in one display: about twenty pages


def derivations(jacobian: JacobianResult) -> tuple[list[Step], list[str]]:
    """Return the derivations of a display, and a line about those left out.

    Entries that are zero whatever the point have none.
    """
    if not jacobian.view.steps or jacobian.large or jacobian.refusal is not None:
        return [], []
    entries = [(int(i), int(j)) for i, j in jacobian.pattern.nonzero().tolist()]
    steps: list[Step] = []
    length = 0
    for i, j in entries:
        step = attempt(functools.partial(_written_out, jacobian, i, j), jacobian.forms.budget)
        length += 0 if isinstance(step, Refusal) else len(step.latex)
        if isinstance(step, Refusal) or length > MAX_DERIVATION_CHARACTERS:
            break
        steps.append(step)
    missing = len(entries) - len(steps)
    if not missing:
        return steps, []
    return steps, [f"{missing} of {len(entries)} derivations are left out; see J.steps(i, j)"]


def _written_out(jacobian: JacobianResult, i: int, j: int) -> Step:
    """Return an entry's derivation, whose lines are computed within the time limit."""
    step = jacobian.steps(i, j)
    _ = step.equations
    return step
