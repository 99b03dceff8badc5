"""The text around a table: title and point above it, warnings and remarks below."""

from __future__ import annotations

from jacmagic.render.text import displayed, number
from jacmagic.result.analysis.arrays import array_of
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.branches import NOT_WANTED
from jacmagic.symbolic.sides import sentences
from jacmagic.symbolic.trace import Refusal

MAX_COMPONENTS = 12  # of a point in a caption, about a line
MAX_PARAMETER_CHARACTERS = 40  # characters of a constant below the table


def caption(jacobian: JacobianResult) -> str:
    """Return what is shown and where: "Jacobian of f at x₁ = 3, x₂ = 4"."""
    tangent = jacobian.problem.tangent
    by = "" if tangent is None else f"by {tangent.law} "
    return f"{jacobian.notation.noun} of {jacobian.title} {by}{whereabouts(jacobian)}".strip()


def whereabouts(jacobian: JacobianResult) -> str:
    """Return the point, and the layout where it is not the usual one."""
    where = f"at {point(jacobian)}" if jacobian.problem.size else ""
    return f"{where}{jacobian.view.layout.remark}"


def point(jacobian: JacobianResult) -> str:
    """Return the point as "x₁ = 3, x₂ = 4", cut after twelve components."""
    (labels, numbers), digits = jacobian.problem.point_shown, jacobian.view.digits
    typed = jacobian.view.typed_at(numbers)
    shown = [
        f"{label.unicode} = {typed[k].text if k in typed else number(value, digits)}"
        for k, (label, value) in enumerate(zip(labels[:MAX_COMPONENTS], numbers, strict=False))
    ]
    return ", ".join(shown) + (", …" if len(labels) > MAX_COMPONENTS else "")


def warnings(jacobian: JacobianResult) -> list[str]:
    """Return the warnings: a failed cell, disagreements, kinks, values that are not finite."""
    agreement = jacobian.agreement
    failed = filter(None, [jacobian.problem.failure])
    disagreed = [str(agreement)] if agreement.verdict == "disagree" else []
    return [*failed, *disagreed, *agreement.further, *agreement.warnings, *_one_sided(jacobian)]


def _one_sided(jacobian: JacobianResult) -> list[str]:
    """Return the entries from the left and from the right at a kink."""
    both = jacobian.one_sided
    if both is None:
        return []
    digits = jacobian.view.digits
    return sentences(
        both,
        array_of(jacobian),
        name=jacobian._entry,
        number=lambda value: displayed(value, digits),
    )


def remarks(jacobian: JacobianResult) -> list[str]:
    """Return the lines below the table: agreement, constants, cost and notes."""
    lines = [str(jacobian.agreement)] if jacobian.agreement.verdict != "disagree" else []
    if jacobian.refusal not in (None, NOT_WANTED):
        lines.append(_missing_formula(jacobian))
    if parameters := _parameters(jacobian):
        lines.append(f"constants: {parameters}")
    return [*lines, jacobian.cost, *jacobian.notes]


def _missing_formula(jacobian: JacobianResult) -> str:
    """Return why no formula is shown; one that is only too long to read still has its numbers."""
    refusal, form = jacobian.refusal, jacobian.closed_form
    if refusal is None or form is None:
        return str(refusal)
    if jacobian.reads_as_chain:
        return f"the closed form, {form.length:,} symbols if written out, is shown as a chain"
    return not_written(refusal)


def not_written(refusal: Refusal) -> str:
    """Return why a closed form that gives numbers is not written out."""
    return f"the formula is not written out: {refusal.operation} {refusal.reason}"


def _parameters(jacobian: JacobianResult) -> str:
    """Return the constant arguments that are not already beside the formula."""
    reading, shown = jacobian.reading, []
    beside = set() if reading is None else {label.name for label, _ in reading.used_constants}
    for name, value in jacobian.problem.parameters.items():
        if name in beside:
            continue
        text = " ".join(str(value).split())
        if len(text) > MAX_PARAMETER_CHARACTERS:
            from jacmagic.result.compiled.constants import short  # loads all of compile

            text = short(value)
        shown.append(f"{name} = {text}")
    return ", ".join(shown)
