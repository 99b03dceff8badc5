"""Why an entry is nan, infinite or zero: the operation and line at which that begins."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jacmagic.labels import entry_of
from jacmagic.render.report import Report, Reported
from jacmagic.render.text import number
from jacmagic.result.analysis.arrays import array_of
from jacmagic.result.analysis.origins import Origin, backward_origin, forward_origin
from jacmagic.result.analysis.remedies import BACKWARD, DISCARDED, FORWARD
from jacmagic.result.core import JacobianResult
from jacmagic.result.verdict.agreement import Disagreement
from jacmagic.symbolic.formula.singularities import origin_of_nonfinite
from jacmagic.symbolic.formula.typeset import plain

MAX_LETTERS = 72  # of an entry's formula in a sentence


@dataclass(frozen=True, eq=False, repr=False)
class Why(Reported):
    """An explanation of one entry.

    Attributes:
        entry: its name, such as "∂f₁/∂x₂".
        value: torch's number.
        kind: "forward" (the function itself is not finite), "backward" (its derivative is not),
            "cut" (torch's graph is cut), "zero" or "finite".
        operation: the operation at which it begins, or "".
        line: the line of the user's code, or None.
        reason: sentences.
        advice: what to write instead, or "".
    """

    entry: str
    value: float
    kind: str
    operation: str
    line: int | None
    reason: tuple[str, ...]
    advice: str = ""

    def report(self) -> Report:
        """Return the reason and the advice."""
        shown = number(self.value, 6).replace("-", "−").replace("inf", "∞")
        advice = [f"write {self.advice}"] * bool(self.advice)
        return Report(f"{self.entry} = {shown}", lines=[*self.reason, *advice])


def why(jacobian: JacobianResult, i: int, j: int) -> Why:
    """Explain entry (i, j).

    Raises:
        PointError: there is no such entry.
    """
    i, j = entry_of(i, j, jacobian.shape)
    value = float(array_of(jacobian)[i, j])
    if not np.isfinite(jacobian.flat_value[i]):
        return _forward(jacobian, i, j, value)
    if not math.isfinite(value):
        return _backward(jacobian, i, j, value)
    return _finite(jacobian, i, j, value)


def _forward(jacobian: JacobianResult, i: int, j: int, value: float) -> Why:
    """Explain an entry of an output that is not finite itself."""
    problem = jacobian.problem
    if problem.potential is not None:  # the gradient is not finite: its own backward pass is why
        if (origin := backward_origin(problem.potential, 0, i)) is not None:
            return _from_backward(jacobian, i, j, value, origin)
        problem = problem.potential
    name = f"{jacobian.rows[i].unicode} itself is {jacobian.flat_value[i]:g}"
    origin = forward_origin(problem, 0 if problem is not jacobian.problem else i)
    if origin is None:
        reason = (name, *_traced(jacobian, i, j))
        return Why(jacobian._entry(i, j), value, "forward", "", None, reason)
    what, advice = FORWARD.get(origin.operation, ("its value is not finite", ""))
    given = ", ".join(number(one, 6) for one in origin.operands)
    called = f"{origin.operation}({given})" if given else origin.operation
    began = f"it begins{_at(origin.line)}: {called} is {number(origin.result)}: {what}"
    entry, reason = jacobian._entry(i, j), (name, began)
    return Why(entry, value, "forward", origin.operation, origin.line, reason, advice)


def _backward(jacobian: JacobianResult, i: int, j: int, value: float) -> Why:
    """Explain an entry whose derivative is not finite where the function is."""
    origin = backward_origin(jacobian.problem, i, j)
    if origin is not None:
        return _from_backward(jacobian, i, j, value, origin)
    reason = _traced(jacobian, i, j) or ("several operations on the way are not finite",)
    return Why(jacobian._entry(i, j), value, "backward", "", None, reason)


def _from_backward(jacobian: JacobianResult, i: int, j: int, value: float, origin: Origin) -> Why:
    what, advice = BACKWARD.get(origin.operation, ("its slope is not finite there", ""))
    reason = [f"it begins in the backward pass of {origin.operation}{_at(origin.line)}: {what}"]
    if origin.discarded:
        reason.append(DISCARDED)
    reason += [one.cause for one in _disagreements(jacobian, i, j) if "kink" not in one.cause]
    return Why(
        jacobian._entry(i, j),
        value,
        "backward",
        origin.operation,
        origin.line,
        tuple(dict.fromkeys(reason)),
        advice,
    )


def _finite(jacobian: JacobianResult, i: int, j: int, value: float) -> Why:
    """Explain a finite entry: a zero, a cut graph, or a number that is right."""
    name = jacobian._entry(i, j)
    for one in _disagreements(jacobian, i, j):
        return Why(name, value, "cut", "", None, (one.numbers, one.cause))
    if value == 0 and not bool(jacobian.pattern.to_dense()[i, j]):
        output, variable = jacobian.rows[i].unicode, jacobian.columns[j].unicode
        reason = (f"no operation leads from {variable} to {output}: it is zero whatever the point",)
        return Why(name, value, "zero", "", None, reason)
    formula = _formula(jacobian, i, j)
    if value == 0:
        kinks = [one for one in jacobian.agreement.warnings if one.startswith("kink")]
        return Why(name, value, "zero", "", None, (f"zero at this point only{formula}", *kinks))
    return Why(name, value, "finite", "", None, (f"a finite number{formula}",))


def _disagreements(jacobian: JacobianResult, i: int, j: int) -> list[Disagreement]:
    return [one for one in jacobian.agreement.disagreements if (one.row, one.column) == (i, j)]


def _formula(jacobian: JacobianResult, i: int, j: int) -> str:
    """Return ": the entry is …" where there is a closed form."""
    reading = jacobian.reading
    if reading is None or reading.form.sizes[jacobian.shape[0] :][i * jacobian.shape[1] + j] > 99:
        return ""
    text = plain(reading.entry(i, j), reading.texts)
    return f": the entry is {text}" if len(text) <= MAX_LETTERS else ""


def _traced(jacobian: JacobianResult, i: int, j: int) -> tuple[str, ...]:
    """Return where the closed form stops being finite, if there is one."""
    form = jacobian._form
    if form is None:
        return ()
    origin = origin_of_nonfinite(form, i, j, jacobian.problem.flat_point)
    return () if origin is None else (f"in the closed form it begins with {origin}",)


def _at(line: int | None) -> str:
    return "" if line is None else f" in line {line}"
