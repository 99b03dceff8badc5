r"""A recursive descent parser of LaTeX, whose names are those of a function.

SymPy's own parsers read `x (y + 1)` as a function applied to y + 1 and refuse the output of
`sympy.latex`; here a name that is known is a variable. A function without brackets takes the run of
numbers and names after it, as books write it: `\sin 2 x` is sin(2x), `\sin x \cos y` a product,
`\sin(x) y` too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from jacmagic.result.check.latex.environments import RELATIONS, environment
from jacmagic.result.check.latex.functions import CONSTANTS, FUNCTIONS, INVERSES
from jacmagic.result.check.latex.reader import Reader, Resolve
from jacmagic.result.check.latex.tokens import Token

_CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", "|": "|"}
_DOTS = {r"\cdot", r"\times", r"\ast", "*"}
_LEAD = {"number", "letter", "word", "accent", "command", "operator", "begin"}


def parse_latex(source: str, resolve: Resolve) -> Any:
    r"""Return LaTeX as a SymPy expression or matrix.

    Args:
        source: a formula or a matrix; `J = …` before it is dropped.
        resolve: returns the expression that a name stands for, or None.

    Raises:
        OptionError: it cannot be read, with a caret below the spot.
    """
    return LatexParser(source, resolve).whole()


class LatexParser(Reader):
    """The grammar; a subclass may give other values than SymPy's by the methods below it."""

    # ── values ────────────────────────────────────────────────────────────────────────────────

    def number(self, text: str) -> Any:
        """Return the value of a number as it is typed."""
        return sympy.Rational(text)

    def constant(self, text: str) -> Any:
        """Return the value of a name such as π; None where it is not a constant."""
        return CONSTANTS.get(text)

    def function(self, text: str) -> Callable[..., Any] | None:
        """Return the function that a token names, or None."""
        return FUNCTIONS.get(text)

    def inverse(self, text: str, power: Any) -> Callable[..., Any] | None:
        """Return the inverse function where a function is raised to −1, or None."""
        return INVERSES.get(text) if power == -1 else None

    def absolute(self, value: Any) -> Any:
        """Return the absolute value."""
        return sympy.Abs(value)

    def square_root(self, value: Any) -> Any:
        """Return the square root."""
        return sympy.sqrt(value)

    def row(self, values: list[Any]) -> Any:
        """Return the value of a list in brackets."""
        return sympy.Matrix([values])

    def environment(self) -> Any:
        """Return the matrix or the cases that begin here."""
        return environment(self)

    # ── sums and products ─────────────────────────────────────────────────────────────────────

    def whole(self) -> Any:
        value = self.sum()
        self.take(",", ".")  # of the sentence around a formula
        if self.next.kind != "end of text":
            raise self.wrong("expected an operator or the end")
        return value

    def sum(self) -> Any:
        sign = self.take("+", "-")
        total = self.product()
        total = -total if sign is not None and sign.text == "-" else total
        while (sign := self.take("+", "-")) is not None:
            term = self.product()
            total = total + term if sign.text == "+" else total - term
        return total

    def product(self) -> Any:
        total = self.power()
        while True:
            if self.take(*_DOTS):
                total = total * self.signed()
            elif self.take("/", r"\div"):
                total = total / self.signed()
            elif self.begins():
                total = total * self.power()
            else:
                return total

    def signed(self) -> Any:
        """Return a factor that may have a sign of its own, as in 3 · −2."""
        if self.take("-"):
            return -self.power()
        self.take("+")
        return self.power()

    def begins(self) -> bool:
        """Whether a factor comes next."""
        token = self.next
        if token.text in ("(", "[", "{", r"\{"):
            return True
        if token.text == "|":
            return not self.bars
        stops = {*RELATIONS, r"\wedge", r"\vee", r"\land", r"\lor", r"\right", r"\div"}
        ends_case = token.kind == "word" and token.text.startswith(r"\text{")
        return token.kind in _LEAD and token.text not in stops and not ends_case

    def power(self) -> Any:
        base = self.base()
        while self.take("^"):
            if isinstance(base, sympy.MatrixBase):
                base = self.transposed(base)
            else:
                base = base ** self.group()
        return base

    def transposed(self, matrix: Any) -> Any:
        """Return a matrix with the exponent T."""
        braced = self.take("{")
        if not self.take("T", r"\top", r"\intercal", r"\mathsf{T}", r"\mathrm{T}"):
            raise self.wrong("expected T as the exponent of a matrix")
        if braced:
            self.need("}")
        return matrix.T

    def group(self) -> Any:
        """Return what braces hold, or one token: x^2 and x^{n + 1}."""
        if self.take("{"):
            value = self.sum()
            self.need("}")
            return value
        if self.next.kind == "number":  # x^23 is x² · 3 in LaTeX
            return self.digit()
        return self.signed() if self.next.text == "-" else self.base()

    def digit(self) -> Any:
        token = self.next
        if len(token.text) == 1 or not token.text.isdigit():  # x^2.5 is meant as it looks
            self.at += 1
            return self.number(token.text)
        self.tokens[self.at] = Token("number", token.text[1:], token.column + 1)
        return self.number(token.text[0])

    # ── what a factor begins with ─────────────────────────────────────────────────────────────

    def base(self) -> Any:
        token = self.next
        if token.kind == "number":
            self.at += 1
            return self.number(token.text)
        if token.text in _CLOSING:
            return self.bracketed()
        if token.kind == "begin":
            return self.environment()
        if token.text in (r"\frac", r"\dfrac", r"\tfrac"):
            self.at += 1
            above = self.group()
            return above / self.group()
        if token.text == r"\sqrt":
            return self.root()
        function = self.function(token.text)
        if function is not None and not self.is_name():
            self.at += 1
            return self.applied(function, token)
        return self.named()

    def bracketed(self) -> Any:
        opening = self.next.text
        self.at += 1
        outer_bars, self.bars = self.bars, int(opening == "|")
        values = [self.sum()]
        while opening != "|" and self.take(","):  # [a, b] is a row
            values.append(self.sum())
        value = values[0] if len(values) == 1 else self.row(values)
        self.need(_CLOSING[opening])
        self.bars = outer_bars
        return self.absolute(value) if opening == "|" else value

    def root(self) -> Any:
        self.at += 1
        if not self.take("["):
            return self.square_root(self.group())
        degree = self.sum()
        self.need("]")
        return self.group() ** (self.number("1") / degree)

    def applied(self, function: Callable[..., Any], token: Token) -> Any:
        power = self.group() if self.take("^") else None
        inverse = self.inverse(token.text, power)
        if inverse is not None:
            function, power = inverse, None
        self.skip_base(token)
        try:
            value = function(*self.arguments())
            return value if power is None else value**power
        except TypeError:
            message = f"expected as many arguments as {token.text} takes; found others"
            raise self.refuse(token.column, message, len(token.text)) from None

    def skip_base(self, token: Token) -> None:
        r"""Refuse a subscript such as that of \log_{2}, which only a few functions have."""
        if self.next.text == "_":
            raise self.wrong(f"expected the argument of {token.text} without a subscript")

    def arguments(self) -> list[Any]:
        """Return arguments in brackets, or the run of numbers and names after a function."""
        braced = self.next.text == "{" and self.tokens[self.at + 1].text == "("
        if braced:
            self.at += 1
        if self.next.text in ("(", "[", "{"):
            closing = _CLOSING[self.next.text]
            self.at += 1
            arguments = [self.sum()]
            while self.take(","):
                arguments.append(self.sum())
            self.need(closing)
            if braced:
                self.need("}")
            return arguments
        return [self.run()]

    def run(self) -> Any:
        minus = self.take("-")
        total = self.power()
        while self.next.kind in ("number", "letter", "word", "accent") or (
            self.next.kind == "command" and self.begins() and self.is_name()
        ):
            total = total * self.power()
        return -total if minus else total
