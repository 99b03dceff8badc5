"""The grammar of answers: that of pasted LaTeX, wider for what one types, with nodes as values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from jacmagic.result.check.expressions import Expressions
from jacmagic.result.check.latex.parser import LatexParser
from jacmagic.result.check.latex.tokens import Token
from jacmagic.result.check.symbols import Vocabulary, key
from jacmagic.result.exercise.outputs import Outputs
from jacmagic.result.exercise.term import FUNCTIONS, INVERSES, Term
from jacmagic.result.exercise.tokens import NOUN, answer_tokens

_COMMAND = re.compile(r"\\(?:operatorname\*?|mathrm|text)\{(\w+)\}|\\([a-zA-Z]+)")
FRACTIONS = (r"\frac", r"\dfrac", r"\tfrac")
EULER = ("e", r"\mathrm{e}")
_VALUES = {"pi": math.pi, "π": math.pi, r"\pi": math.pi, **dict.fromkeys(EULER, math.e)}


@dataclass(frozen=True)
class Names:
    """What names in answers mean, and how columns are written.

    Attributes:
        vocabulary: all spellings of the inputs' components and of the function's constants.
        form: the Jacobian's expressions, with symbols and texts of the columns.
        listed: the columns' names, for messages.
        outputs: the function's outputs, whose names count where no other meaning is known.
    """

    vocabulary: Vocabulary
    form: Expressions
    listed: tuple[str, ...]
    outputs: Outputs


class AnswerParser(LatexParser):
    """The grammar of pasted LaTeX and typed mathematics, with nodes as values."""

    noun = NOUN

    def __init__(self, source: str, names: Names, one: Term, loose: str) -> None:
        self.vocabulary, self.listed, self.outputs = names.vocabulary, names.listed, names.outputs
        self.one, self.loose = one, loose
        self.unfinished = False
        self.constants: set[str] = set()
        super().__init__(source, self._meaning)

    def _meaning(self, name: str) -> Term | None:
        """Return what a name of the function stands for."""
        meaning = self.vocabulary.meaning(name)
        if meaning is None:
            return self.outputs.term(name, self.one) if self._is_output(name) else None
        if meaning in self.vocabulary.symbols:
            return replace(self.one, node=self.one.inputs[self.vocabulary.symbols.index(meaning)])
        self.constants.add(key(name))
        return self.one.number(Fraction(int(meaning.p), int(meaning.q)))

    def split(self, source: str) -> list[Token]:
        return answer_tokens(
            source, self._is_variable, lambda name: self.function(name) is not None
        )

    def _is_variable(self, name: str) -> bool:
        return self.vocabulary.meaning(name) is not None or self._is_output(name)

    def _is_output(self, name: str) -> bool:
        if name not in self.outputs or self.vocabulary.meaning(name) is not None:
            return False
        return self.function(name) is None and self.constant(name) is None

    # ── values ────────────────────────────────────────────────────────────────────────────────

    def number(self, text: str) -> Term:
        return self.one.number(Fraction(text))

    def constant(self, text: str) -> Term | None:
        value = _VALUES.get(text)
        return None if value is None else self.one.number(value)

    def function(self, text: str) -> Callable[..., Term] | None:
        name = _name(text)
        if name == "diff":
            return self._derivative
        return FUNCTIONS.get(name, FUNCTIONS.get(name.lower()))

    def inverse(self, text: str, power: Any) -> Callable[..., Term] | None:
        raised = power is not None and power.graph.value(power.node) == -1
        return INVERSES.get(_name(text)) if raised else None

    def absolute(self, value: Term) -> Term:
        return value.apply("abs")

    def square_root(self, value: Term) -> Term:
        return value.apply("sqrt")

    def row(self, values: list[Term]) -> Term:
        raise self.wrong("expected one expression, not a list")

    def environment(self) -> Term:
        raise self.wrong("expected one expression, with sign(x), abs(x) or step(x) for cases")

    # ── grammar ───────────────────────────────────────────────────────────────────────────────

    def product(self) -> Term:
        if self.take("-"):
            return -self.product()
        self.take("+")
        total: Term = super().product()
        return total

    def power(self) -> Term:
        base: Term = self.base()
        while self.take("'"):
            base = self._derivative(base, self.one)
        return base ** self.exponent() if self.take("^") else base

    def exponent(self) -> Term:
        """Return an exponent: x^2^3 is x^(2^3)."""
        value: Term = self.group()
        if self.loose.startswith("^"):
            return self._longer(value)
        return value ** self.exponent() if self.take("^") else value

    def signed(self) -> Term:
        value: Term = super().signed()
        return self._longer(value) if self.loose.startswith("/") else value

    def _longer(self, value: Term) -> Term:
        """Return a denominator or exponent with the factors, or terms, that follow it."""
        while self.take("*") or self.begins():
            value = value * self.power()
        while (sign := self.take(*self.loose[1:])) is not None:
            if sign.text == "/":
                value = value / self.power()
            else:
                value = value + self.product() if sign.text == "+" else value - self.product()
        return value

    def digit(self) -> Term:
        r"""Return a digit, as in \frac12; after ^ and √ an integer is meant."""
        before = self.tokens[self.at - 1]
        if before.text != "^" and self.source[before.column : before.column + 1] != "√":
            digit: Term = super().digit()
            return digit
        self.at += 1
        return self.number(self.tokens[self.at - 1].text)

    def begins(self) -> bool:
        if self.next.kind == self.tokens[self.at - 1].kind == "number":
            raise self.wrong("expected a sign between two numbers")
        kinds = ("derivative", "derivative of", "word")
        return self.next.kind in kinds or super().begins()

    def base(self) -> Term:
        token = self.next
        if token.kind == "derivative":
            self.at += 1
            by = self.resolve(token.text) if token.text else self.one
            if self.next.text not in ("(", "[", "{"):
                return self._derivative(self.run(), by)
            inner, takes_power = self.base(), self.source[token.column] != "D"
            if takes_power and self.take("^"):  # d/dx (x+1)^2 is that of the power
                inner = inner ** self.exponent()
            return self._derivative(inner, by)
        if token.kind == "derivative of":
            return self._derivative_of()
        if token.kind == "differential":
            raise self.wrong(f"expected brackets as in d/d{token.text}(…)")
        value: Term = super().base()
        return value

    def _derivative_of(self) -> Term:
        """Return d(u)/dx."""
        self.at += 1
        inner = self.base()
        self.need("/")
        token = self.next
        if token.kind != "differential":
            raise self.wrong(f"expected d{self.listed[0]} as in d(…)/d{self.listed[0]}")
        self.at += 1
        return self._derivative(inner, self.resolve(token.text))

    def _derivative(self, value: Term, by: Term) -> Term:
        if by.node not in by.inputs:
            message = f"expected a derivative by one of {', '.join(self.listed[:8])}"
            raise self.refuse(self.tokens[self.at - 1].column, message)
        self.unfinished = True
        return value.derivative(by)

    def run(self) -> Term:
        """Return what a function without brackets takes: sin 2x, but not what follows sin x e^x."""
        minus, start = self.take("-"), self.at
        total = self.power()
        number = self.tokens[start].kind == "number"
        if self.tokens[start].text in FRACTIONS:  # cos of it: what follows is another factor
            return -total if minus else total
        while self._goes_on(number and self.at == start + 1):
            total = total * self.power()
        is_last = not any(self.function(token.text) for token in self.tokens[self.at :])
        total = self._longer(total) if is_last and self.loose.startswith("f") else total
        return -total if minus else total

    def _goes_on(self, behind_number: bool) -> bool:
        """Whether a name or number comes next; after a number also a bracket, as in sin 2(x+1)."""
        token = self.next
        if not self.is_name() and self.constant(token.text) is not None:
            return token.text not in EULER
        if token.kind == "command":
            is_factor = behind_number and token.text in (*FRACTIONS, r"\sqrt")
            return self.begins() and (self.is_name() or is_factor)
        if token.kind in ("number", "letter", "word", "accent"):
            return True
        return behind_number and token.text in ("(", "[", "{", "|") and self.begins()

    def name_at(self, at: int) -> tuple[str, int]:
        """Return a name; a prime after it is a derivative where the name has none."""
        name, after = super().name_at(at)
        plain = self.tokens[at].text
        if self.tokens[at + 1].text == "'" and self.resolve(name) is None and self.resolve(plain):
            return plain, at + 1
        return name, after

    def named(self) -> Term:
        token = self.next
        before = self.tokens[self.at - 1].text if self.at else ""
        if token.kind in ("sign", "end of text") and self.function(before) is not None:
            raise self.wrong(f"expected an argument in brackets, as in {before}(…)")
        if token.kind in ("word", "letter", "command") and not (
            self.is_name() or self.constant(token.text) is not None
        ):
            names = ", ".join(self.listed[:8])
            name = token.text[:24]
            message = f"expected the variables {names} or known functions; found {name}"
            raise self.refuse(token.column, message, len(name))
        start = self.at
        value: Term = super().named()
        if self._is_output("".join(token.text for token in self.tokens[start : self.at])):
            self._skip_arguments()
        return value

    def _skip_arguments(self) -> None:
        """Read f(x, y) as f: the arguments are those of the function, in their order."""
        texts = [token.text for token in self.tokens[self.at :]]
        end = texts.index(")") if texts[0] == "(" and ")" in texts else 0
        inner = "".join(texts[1:end]).split(",")
        if end and tuple(map(key, inner)) in self.outputs.arguments:
            self.at += end + 1


def _name(text: str) -> str:
    r"""Return a function's name without \operatorname{…} or a backslash."""
    match = _COMMAND.fullmatch(text)
    return text if match is None else match[1] or match[2]
