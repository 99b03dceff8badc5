"""Why an entry is nan, infinite or zero: the operation and line at which that begins."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jacmagic.labels import entry_of
from jacmagic.render.page import PAGE_LETTERS
from jacmagic.render.report import Report, ReportDisplay
from jacmagic.render.text import displayed, number
from jacmagic.result.analysis.arrays import array_of
from jacmagic.result.analysis.origins import Origin, backward_origin, forward_origin
from jacmagic.result.core import JacobianResult
from jacmagic.result.verdict.agreement import Disagreement
from jacmagic.symbolic.formula.singularities import origin_of_nonfinite
from jacmagic.symbolic.formula.typeset import plain

# Operation → what is not finite of it, what to write. u is the operand, v the second one.
FORWARD: dict[str, tuple[str, str]] = {
    "log": ("the logarithm needs a positive number", "torch.log(u.clamp_min(1e-12))"),
    "log2": ("the logarithm needs a positive number", "torch.log2(u.clamp_min(1e-12))"),
    "log10": ("the logarithm needs a positive number", "torch.log10(u.clamp_min(1e-12))"),
    "log1p": ("log1p needs a number above −1", "torch.log1p(u.clamp_min(-1 + 1e-12))"),
    "sqrt": ("the square root needs a number of at least 0", "torch.sqrt(u.clamp_min(0))"),
    "rsqrt": ("1/√u needs a positive number", "torch.rsqrt(u.clamp_min(1e-12))"),
    "div": ("division by zero", "u / torch.where(v == 0, 1.0, v), and choose the value there"),
    "reciprocal": ("division by zero", "1 / torch.where(u == 0, 1.0, u)"),
    "pow": ("the power is not defined or too large", "a positive base, or a smaller exponent"),
    "exp": (
        "exp is too large beyond 709 (88 in float32)",
        "torch.exp(u - u.max()), or the logarithm",
    ),
    "acos": ("acos needs a number from −1 to 1", "torch.acos(u.clamp(-1, 1))"),
    "asin": ("asin needs a number from −1 to 1", "torch.asin(u.clamp(-1, 1))"),
    "acosh": ("acosh needs a number of at least 1", "torch.acosh(u.clamp_min(1))"),
    "atanh": ("atanh needs a number between −1 and 1", "torch.atanh(u.clamp(-1 + 1e-7, 1 - 1e-7))"),
    "linalg_inv_ex": ("the matrix is singular", "torch.linalg.pinv, or add a multiple of eye(n)"),
    "mul": ("the product is too large", "a sum of logarithms, or a smaller scale"),
}

_WHERE = "torch.where(u > 0, torch.{0}(torch.where(u > 0, u, 1.0)), 0.0)"
_CLAMP = "torch.{0}(u.clamp(-1 + 1e-7, 1 - 1e-7))"

BACKWARD: dict[str, tuple[str, str]] = {
    "sqrt": ("the slope 1/(2√u) of sqrt is infinite at u = 0", _WHERE.format("sqrt")),
    "rsqrt": ("the slope of 1/√u is infinite at u = 0", _WHERE.format("rsqrt")),
    "log": ("the slope 1/u of log is infinite at u = 0", _WHERE.format("log")),
    "log2": ("the slope of log2 is infinite at u = 0", _WHERE.format("log2")),
    "log10": ("the slope of log10 is infinite at u = 0", _WHERE.format("log10")),
    "pow": (
        "the slope of a power below 1 is infinite at 0",
        "torch.where(u > 0, torch.where(u > 0, u, 1.0) ** p, 0.0)",
    ),
    "div": (
        "the slopes 1/v and −u/v² of u/v are infinite at v = 0",
        "torch.where(v == 0, 0.0, u / torch.where(v == 0, 1.0, v)) with the value meant there",
    ),
    "reciprocal": (
        "the slope −1/u² of 1/u is infinite at u = 0",
        "1 / torch.where(u == 0, 1.0, u)",
    ),
    "acos": ("the slope of acos is infinite at −1 and 1", _CLAMP.format("acos")),
    "asin": ("the slope of asin is infinite at −1 and 1", _CLAMP.format("asin")),
    "acosh": ("the slope of acosh is infinite at 1", "torch.acosh(u.clamp_min(1 + 1e-7))"),
    "atanh": ("the slope of atanh is infinite at −1 and 1", _CLAMP.format("atanh")),
    "atan2": (
        "atan2 has no slope at (0, 0)",
        "torch.atan2(y, torch.where((x == 0) & (y == 0), 1.0, x))",
    ),
    "xlogy": (
        "the slope log v of u·log v is infinite at v = 0",
        "torch.special.entr(u) for −u·log u",
    ),
    "exp": ("the slope of exp is too large", "torch.exp(u - u.max()), or the logarithm"),
}

DISCARDED = (
    "the gradient that arrives is 0, as torch.where or a factor 0 discards this branch, and "
    "0·∞ is nan"
)


_Explanation = tuple[str, str, int | None, tuple[str, ...], str]  # the last fields of a `Why`


@dataclass(frozen=True, eq=False, repr=False)
class Why(ReportDisplay):
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
        shown = displayed(self.value, 6)
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
        explanation = _forward(jacobian, i, j)
    elif not math.isfinite(value):
        explanation = _backward(jacobian, i, j)
    else:
        explanation = _finite(jacobian, i, j, value)
    return Why(jacobian._entry(i, j), value, *explanation)


def _forward(jacobian: JacobianResult, i: int, j: int) -> _Explanation:
    """Explain an entry of an output that is not finite itself."""
    problem = jacobian.problem
    if problem.potential is not None:  # the gradient is not finite: its own backward pass is why
        if (origin := backward_origin(problem.potential, 0, i)) is not None:
            return _from_backward(jacobian, i, j, origin)
        problem = problem.potential
    name = f"{jacobian.rows[i].unicode} itself is {jacobian.flat_value[i]:g}"
    origin = forward_origin(problem, 0 if problem is not jacobian.problem else i)
    if origin is None:
        return "forward", "", None, (name, *_traced(jacobian, i, j)), ""
    description, advice = FORWARD.get(origin.operation, ("its value is not finite", ""))
    operands = ", ".join(number(operand, 6) for operand in origin.operands)
    called = f"{origin.operation}({operands})" if operands else origin.operation
    began = f"it begins{_at(origin.line)}: {called} is {number(origin.result)}: {description}"
    return "forward", origin.operation, origin.line, (name, began), advice


def _backward(jacobian: JacobianResult, i: int, j: int) -> _Explanation:
    """Explain an entry whose derivative is not finite where the function is."""
    origin = backward_origin(jacobian.problem, i, j)
    if origin is not None:
        return _from_backward(jacobian, i, j, origin)
    reason = _traced(jacobian, i, j) or ("several operations on the way are not finite",)
    return "backward", "", None, reason, ""


def _from_backward(jacobian: JacobianResult, i: int, j: int, origin: Origin) -> _Explanation:
    description, advice = BACKWARD.get(origin.operation, ("its slope is not finite there", ""))
    reason = [
        f"it begins in the backward pass of {origin.operation}{_at(origin.line)}: {description}",
        *([DISCARDED] if origin.discarded else []),
        *(
            disagreement.cause
            for disagreement in _disagreements(jacobian, i, j)
            if "kink" not in disagreement.cause
        ),
    ]
    return "backward", origin.operation, origin.line, tuple(dict.fromkeys(reason)), advice


def _finite(jacobian: JacobianResult, i: int, j: int, value: float) -> _Explanation:
    """Explain a finite entry: a zero, a cut graph, or a number that is right."""
    for disagreement in _disagreements(jacobian, i, j):
        return "cut", "", None, (disagreement.numbers, disagreement.cause), ""
    if value == 0 and not bool(jacobian.pattern.to_dense()[i, j]):
        output, variable = jacobian.rows[i].unicode, jacobian.columns[j].unicode
        reason = (f"no operation leads from {variable} to {output}: it is zero whatever the point",)
        return "zero", "", None, reason, ""
    formula = _formula(jacobian, i, j)
    if value == 0:
        kinks = [warning for warning in jacobian.agreement.warnings if warning.startswith("kink")]
        return "zero", "", None, (f"zero at this point, not at all{formula}", *kinks), ""
    return "finite", "", None, (f"a finite number{formula}",), ""


def _disagreements(jacobian: JacobianResult, i: int, j: int) -> list[Disagreement]:
    return [
        disagreement
        for disagreement in jacobian.agreement.disagreements
        if (disagreement.row, disagreement.column) == (i, j)
    ]


def _formula(jacobian: JacobianResult, i: int, j: int) -> str:
    """Return ": the entry is …" where there is a closed form."""
    reading = jacobian.reading
    if reading is None or reading.form.sizes[jacobian.shape[0] :][i * jacobian.shape[1] + j] > 99:
        return ""
    text = plain(reading.entry(i, j), reading.texts)
    return f": the entry is {text}" if len(text) <= PAGE_LETTERS else ""


def _traced(jacobian: JacobianResult, i: int, j: int) -> tuple[str, ...]:
    """Return where the closed form stops being finite, if there is one."""
    form = jacobian.closed_form
    if form is None:
        return ()
    origin = origin_of_nonfinite(form, i, j, jacobian.problem.flat_point)
    return () if origin is None else (f"in the closed form it begins with {origin}",)


def _at(line: int | None) -> str:
    return "" if line is None else f" in line {line}"
