"""Remarks beside a verdict: kinks, entries not finite, inputs read from outside."""

from __future__ import annotations

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.result.verdict.causes import sentence
from jacmagic.result.verdict.evidence import Evidence
from jacmagic.symbolic.formula.singularities import origin_of_nonfinite
from jacmagic.symbolic.trace import Leak

MAX_REMARKS = 3  # entries named one by one: more of them do not help a reader


def remarks_on(evidence: Evidence, outside: set[int]) -> tuple[str, ...]:
    """Return the remarks on one Jacobian.

    Args:
        evidence: what the sources give.
        outside: positions of inputs that the function reads from outside itself.
    """
    return (
        *_gradient_remarks(evidence),
        *_text_remarks(evidence),
        *_outside_remarks(evidence.problem, evidence.truth, outside),
        *(f"kink at this point: {edge}" for edge in dict.fromkeys(map(str, evidence.edges))),
        *_nonfinite_remarks(evidence),
    )


def _gradient_remarks(evidence: Evidence) -> list[str]:
    """Up to three entries of a Hessian's gradient in which torch is alone."""
    gradient = evidence.gradient
    return [
        f"the gradient is wrong already: {one.numbers}. {one.cause}".strip()
        for one in (() if gradient is None else gradient.disagreements[:MAX_REMARKS])
        if one.alone != "the closed form"
    ]


def _text_remarks(evidence: Evidence) -> list[str]:
    """Return a remark where a number is read from the text of another: a constant to torch."""
    refusal = evidence.refusal
    if refusal is None or refusal.operation != "float(text)":
        return []
    return [sentence(Leak(refusal.operation, refusal.line, frozenset()))]


def _outside_remarks(problem: Problem, truth: np.ndarray, outside: set[int]) -> list[str]:
    """Return remarks on inputs whose block is zero as they are read from elsewhere."""
    return [
        f"{problem.title} reads {name} from outside instead of through its argument, "
        "so these zeros are not its derivative: use the argument, or "
        "torch.func.functional_call(model, params, x) for a module"
        for position, (name, part) in enumerate(problem.slices.items())
        if position in outside and (block := truth[:, part]).size and not block.any()
    ]


def _nonfinite_remarks(evidence: Evidence) -> list[str]:
    """Return remarks on up to three nan or infinite entries, with their origin."""
    remarks = []
    for i, j in np.argwhere(~np.isfinite(evidence.truth))[:MAX_REMARKS]:
        entry, form = (int(i), int(j)), evidence.form
        origin = None if form is None else origin_of_nonfinite(form, *entry, evidence.point)
        because = f": {origin}" if origin else ""
        remarks.append(f"{evidence.name(*entry)} is {evidence.truth[entry]}{because}")
    return remarks
