"""Lines of Python that compute with named floats: said once, folded, and only those needed."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence

MOST_LINES = 4000

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv
}  # fmt: skip


class Unwritten(Exception):
    """The program cannot be written, or should not be."""


class Lines:
    """Lines of Python on named floats."""

    def __init__(self) -> None:
        """Two names are there from the start: of zero and of one."""
        self.names = ["0.0", "1.0"]
        self.hidden: set[int] = set()  # what was multiplied by zero
        self.unsigned = False  # whether a zero was folded away that may have had a sign
        self._said: dict[str, int] = {"0.0": 0, "1.0": 1}
        self._values = {0: 0.0, 1: 1.0}  # of the names that are literals
        self._lines: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = []

    def fresh(self) -> int:
        """A new name."""
        self.names.append(f"a{len(self.names)}")
        return len(self.names) - 1

    def literal(self, value: float) -> int:
        """The name of a constant, which is its text."""
        if not math.isfinite(value):
            raise Unwritten("a constant is not finite")
        text = repr(float(value))
        if text not in self._said:
            self.names.append(text)
            self._said[text] = name = len(self.names) - 1
            self._values[name] = float(text)
        return self._said[text]

    def line(self, targets: Sequence[str], text: str, reads: Iterable[str], form: str = "") -> None:
        """One line that binds some names, by a form of its own or one after the other."""
        text = f"{form or ', '.join(targets)} = {text}"
        self._lines.append((tuple(targets), text, tuple(reads)))
        if len(self._lines) > MOST_LINES:
            raise Unwritten("it is too long")

    def apply(self, sign: str, a: int, b: int) -> int:
        """`a + b`, or another operation; what is said already, or need not be, has a name."""
        if a in self._values and b in self._values:
            return self.literal(_ARITHMETIC[sign](self._values[a], self._values[b]))
        if sign == "+" and 0 in (a, b):
            self.unsigned = True
            return a + b
        if sign == "-" and b == 0:
            return a
        if sign == "*" and 1 in (a, b):
            return b if a == 1 else a
        if sign == "/" and b == 1:
            return a
        if sign == "*" and 0 in (a, b):
            self.hidden.add(a + b)
            self.unsigned = True
            return 0
        return self.said(f"{self.names[a]} {sign} {self.names[b]}", a, b)

    def is_literal(self, name: str) -> bool:
        """Whether a name is the text of a constant."""
        return self._said.get(name) in self._values

    def negative(self, a: int) -> int:
        """`-a`."""
        if a in self._values:
            return self.literal(-self._values[a])
        return self.said(f"-{self.names[a]}", a)

    def said(self, text: str, *reads: int) -> int:
        """The name of an expression."""
        if text not in self._said:
            self._said[text] = name = self.fresh()
            self.line([self.names[name]], text, [self.names[one] for one in reads])
        return self._said[text]

    def needed(self, wanted: Iterable[str]) -> list[str]:
        """The lines that lead to some names, in order."""
        names, kept = set(wanted), []
        for targets, text, reads in reversed(self._lines):
            if not names.isdisjoint(targets):
                kept.append(text)
                names |= set(reads)
        return kept[::-1]
