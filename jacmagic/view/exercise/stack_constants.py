"""Named constants in questions for STACK: 2a is not a², though both are 4 for a = 2.

The constants that an answer names stay symbols, or have other numbers where numbers are compared;
those that it does not name are numbers. Maxima computes this, in a tree's feedback variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Rational

from jacmagic.labels import Label
from jacmagic.result.check.symbols import exact
from jacmagic.result.exercise.constants import COINCIDENCE, RELATIVE_STEP

Test = tuple[str, str, str]  # what is compared, with what, and the sentence where it is equal


@dataclass(frozen=True)
class StackConstants:
    """The constants of a function in Maxima.

    Attributes:
        symbols: in the closed form.
        identifiers: in Maxima.
        values: their numbers.
    """

    symbols: Sequence[Any]
    identifiers: Sequence[str]
    values: Sequence[Any]

    @classmethod
    def of(
        cls, constants: Sequence[tuple[Any, Label, float]], identifiers: Sequence[str]
    ) -> StackConstants:
        """Return the constants of an exercise under identifiers."""
        values = [exact(value) for _, _, value in constants]
        return cls([symbol for symbol, _, _ in constants], identifiers, values)

    @property
    def names(self) -> dict[Any, str]:
        """The identifiers by symbol."""
        return dict(zip(self.symbols, self.identifiers, strict=True))

    @property
    def variables(self) -> list[str]:
        """Lines that set the list kv to the constants' numbers, and mv to others."""
        if not self.symbols:
            return []
        moved = [
            value * (1 + k * Rational(RELATIVE_STEP)) for k, value in enumerate(self.values, 1)
        ]
        return [
            f"kv: {_listed(zip(self.identifiers, self.values, strict=True))};",
            f"mv: {_listed(zip(self.identifiers, moved, strict=True))};",
        ]

    def feedback(self, k: int, right: str, *, is_number: bool) -> str:
        """Return lines that set va, uv, sa, ra and vt of question k; "" without constants.

        Args:
            k: the number of the question.
            right: the right answer with the constants by their names; "" for none.
            is_number: whether numbers are compared.
        """
        if not self.symbols:
            return ""
        lines = [f"va{k}: ev(subst(kv, ans{k}), simp);"]
        if right:
            answer, expected = f"ans{k}", f"subst(uv{k}, {right})"
            if is_number:
                answer, expected = f"subst(mv, {answer})", f"subst(mv, {expected})"
            lines += [
                f"uv{k}: sublist(kv, lambda([q], freeof(lhs(q), ans{k})));",
                f"sa{k}: ev({answer}, simp);",
                f"ra{k}: ev({expected}, simp);",
                f"vt{k}: ev(subst(kv, {right}), simp);",
            ]
        return "\n".join(lines)

    def tests(self, k: int, *, is_named: bool) -> list[Test]:
        """Return what the first nodes of a tree compare, the right answer first."""
        if is_named:
            return [(f"sa{k}", f"ra{k}", ""), (f"va{k}", f"vt{k}", COINCIDENCE)]
        return [(self.answer(k), f"ta{k}", "")]

    def answer(self, k: int) -> str:
        """Return the variable that has the answer with numbers for the constants."""
        return f"va{k}" if self.symbols else f"ans{k}"


def _listed(pairs: Iterable[tuple[str, Any]]) -> str:
    """Return equations as a list of Maxima's."""
    return f"[{', '.join(f'{name}={value}' for name, value in pairs)}]"
