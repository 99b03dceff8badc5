"""Slips in one operand of an expression: function, exponent, variable, number or sign.

Either the hand-derived expression is changed in one operand until it gives the right values, or
the right one until it gives the hand-derived ones. Every use of a node is changed by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from jacmagic.render.text import number
from jacmagic.result.check.expressions import Expressions, Values, apply, as_typed
from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.check.slips.slip import MAX_GAP, Slip, WrongEntry, constant_name, shown

MAX_OPERATIONS = 150_000  # for one entry and side, each at all points: about half a second
MAX_VARIABLES = 12  # that are tried instead of each use of one

_EXCHANGED: dict[str, tuple[str, ...]] = {
    "sin": ("cos", "tan"), "cos": ("sin",), "tan": ("sin", "cos"), "sinh": ("cosh", "sin"),
    "cosh": ("sinh", "cos"), "tanh": ("tan", "sigmoid"), "exp": ("log",), "log": ("exp",),
    "asin": ("acos", "sin"), "acos": ("asin", "cos"), "atan": ("tan",), "sigmoid": ("tanh",),
    "i0": ("i1",), "i1": ("i0",), "j0": ("j1",), "j1": ("j0",), "erf": ("erfc",), "erfc": ("erf",),
}  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """Another value for an operand.

    Attributes:
        kind: of the slip.
        value: (k,).
        text: what is there instead, with {} for the text of what is there now.
    """

    kind: str
    value: np.ndarray
    text: str


def edit_slip(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return the operand or operation in which two expressions differ, or None."""
    if wrong.alone:
        return None
    with np.errstate(all="ignore"):
        for side, own in ((evidence.in_hand(wrong), True), (evidence.in_form(wrong), False)):
            edit = side and _Search(*side, wrong, own).found()
            if edit:
                return edit
    return None


class _Search:
    """The search for one edit of one entry's expression.

    Attributes:
        own: whether the expression is the hand-derived one, which the edit corrects.
    """

    def __init__(
        self, side: Expressions, values: Values, root: int, wrong: WrongEntry, own: bool
    ) -> None:
        self.side, self.values, self.wrong, self.own = side, values, wrong, own
        self.graph = side.graph
        self.order = self.graph.reach([root])
        self.target = wrong.truth if own else wrong.hand
        self.end = values.count + MAX_OPERATIONS

    def found(self) -> Slip | None:
        """Return the first edit that gives the target at all points."""
        root = self.order[-1]
        for edit in self._edits(root):
            if self._matches(edit.value):
                return self._slip(edit, root)
        for user in reversed(self.order):
            for position, operand in enumerate(self.graph.operands(user)):
                if self.values.count > self.end:
                    return None
                slip = self._at(user, position, operand)
                if slip is not None:
                    return slip
            for edit in self._other_operations(user):
                if self._matches(self.values.edited(self.order, user, edit.value)):
                    return self._slip(edit, user)
        return None

    def _at(self, user: int, position: int, operand: int) -> Slip | None:
        """Return an edit of one operand of one operation."""
        for edit in (*self._edits(operand, user, position), *self._scaled(user, position, operand)):
            if self._matches(self._with(user, position, edit.value)):
                return self._slip(edit, operand)
        return None

    def _with(self, user: int, position: int, value: np.ndarray) -> np.ndarray:
        """Return the entry with another value of one operand."""
        parts = [self.values.of(operand) for operand in self.graph.operands(user)]
        parts[position] = value
        changed = self.values.applied(user, parts)
        return changed if user == self.order[-1] else self.values.edited(self.order, user, changed)

    def _matches(self, value: np.ndarray) -> bool:
        return bool(np.isfinite(value).all()) and self.wrong.equal(value, self.target)

    # ── other values ──────────────────────────────────────────────────────────────────────────

    def _edits(self, node: int, user: int | None = None, position: int = 0) -> Iterator[Edit]:
        """Yield other values for one use of a node."""
        graph, of = self.graph, self.values.of
        operation, operands = graph.operations[node], graph.operands(node)
        value = of(node)
        if operation == "number":
            yield from self._numbers(node, user, position)
            return
        if operation == "variable":
            yield from self._variables(node)
        for other in _EXCHANGED.get(operation, ()):
            yield Edit(
                "wrong function",
                apply(other, of(operands[0])),
                f"{other}({self._text(operands[0])})",
            )
        yield Edit("sign", -value, "−{}")
        yield Edit("power", value**2, "({})²")
        if operation == "pow" and graph.value(operands[1]) == 2:
            yield Edit("power", of(operands[0]), self._text(operands[0]))
        elif len(operands) == 1 and operation != "neg":
            yield Edit("wrong function", of(operands[0]), self._text(operands[0]))
        yield Edit("power", 1 / value, "1/({})")
        yield Edit("power", np.sqrt(value), "√({})")

    def _numbers(self, node: int, user: int | None, position: int) -> Iterator[Edit]:
        """Yield other numbers: exponents by ones and halves, others by solving."""
        own = self.values.of(node)
        value = float(own[0])
        exponent = user is not None and self.graph.operations[user] == "pow" and position == 1
        if exponent:
            for other in (value + 1, value - 1, -value, 2 * value, value / 2, value + 2, value - 2):
                yield Edit("power", np.full_like(own, other), number(other))
            return
        yield Edit("sign", -own, "−{}")

    def _scaled(self, user: int, position: int, operand: int) -> Iterator[Edit]:
        """Yield the operand times the constant that a linear effect asks for."""
        value = self.values.of(operand)
        now = self.values.of(self.order[-1])
        doubled = self._with(user, position, 2 * value)
        effect = doubled - now
        at = int(np.abs(effect).argmax())
        if not np.isfinite(effect).all() or effect[at] == 0:
            return
        factor = 1 + float((self.target[at] - now[at]) / effect[at])
        if self.graph.operations[operand] == "number":
            other = factor * float(value[0])
            if constant_name(other) is not None:
                yield Edit("factor", factor * value, as_typed(shown(other)))
        elif constant_name(factor) is not None and abs(factor) != 1:
            yield Edit("factor", factor * value, f"{shown(factor)}·{{}}")
        elif abs(factor) < MAX_GAP:
            yield Edit("extra term" if self.own else "missing term", 0 * value, "0")

    def _variables(self, node: int) -> Iterator[Edit]:
        others = [input_ for input_ in self.side.inputs if input_ != node][:MAX_VARIABLES]
        for other in others:
            yield Edit("variable", self.values.of(other), self._text(other))

    def _other_operations(self, node: int) -> Iterator[Edit]:
        """Yield other operations on the same operands, and operands alone."""
        operation, operands = self.graph.operations[node], self.graph.operands(node)
        if len(operands) != 2 or operation not in ("add", "sub", "mul", "div", "pow"):
            return
        a, b = (self.values.of(operand) for operand in operands)
        left, right = map(self._text, operands)
        term = operation in ("add", "sub")
        missing = ("term" if term else "factor", *(("extra",) if self.own else ("missing",)))
        kind = f"{missing[1]} {missing[0]}"
        if operation == "add":
            yield Edit("sign", a - b, f"{left} − {right}")
        elif operation == "sub":
            yield Edit("sign", a + b, f"{left} + {right}")
        elif operation == "mul":
            yield Edit("wrong operation", a / b, f"{left}/{right}")
            yield Edit("wrong operation", a + b, f"{left} + {right}")
        elif operation == "div":
            yield Edit("quotient rule", b / a, f"{right}/{left}")
            yield Edit("denominator", a / b**2, f"{left}/({right})²")
            yield Edit("wrong operation", a * b, f"{left}·{right}")
        yield Edit(kind if operation != "div" else "denominator", a, left)
        if operation in ("add", "sub", "mul"):
            yield Edit(kind, -b if operation == "sub" else b, right)

    # ── text ──────────────────────────────────────────────────────────────────────────────────

    def _text(self, node: int) -> str:
        return self.side.text(node) or "…"

    def _slip(self, edit: Edit, node: int) -> Slip:
        now = self._text(node)
        other = edit.text.replace("{}", now)
        hand, right = (now, other) if self.own else (other, now)
        return Slip(edit.kind, f"{hand} where {right} is right")
