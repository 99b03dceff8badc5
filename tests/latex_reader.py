r"""Evaluate LaTeX formulas, independently of the code that writes them.

It reads as a person does, and refuses what a person could read in two ways: a factor behind a
function without brackets (`\sin{c} d`), words or numbers side by side without a sign between them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

import mpmath


class AmbiguousError(Exception):
    """A formula that can be read in two ways."""


def read(source: str, values: Mapping[str, float]) -> float:
    """Return the value of a formula.

    Args:
        source: LaTeX without delimiters.
        values: the number of each variable, by its LaTeX.

    Raises:
        AmbiguousError: the formula can be read in two ways.
        ValueError: it cannot be read at all.
    """
    reader = _Reader(source, values)
    value = reader.sum()
    reader.space()
    if reader.rest:
        raise ValueError(f"cannot read {reader.rest[:40]!r} in {source!r}")
    return value


def _total(function: Callable[..., float]) -> Callable[..., float]:
    def apply(*arguments: float) -> float:
        try:
            return float(function(*arguments))
        except (ValueError, ZeroDivisionError, OverflowError, TypeError):
            return math.nan

    return apply


def _power(a: float, b: float) -> float:
    return a**b


FUNCTIONS: dict[str, Callable[..., float]] = {
    r"\sin": math.sin,
    r"\cos": math.cos,
    r"\tan": math.tan,
    r"\cot": lambda x: 1 / math.tan(x),
    r"\sec": lambda x: 1 / math.cos(x),
    r"\csc": lambda x: 1 / math.sin(x),
    r"\arcsin": math.asin,
    r"\arccos": math.acos,
    r"\arctan": math.atan,
    r"\sinh": math.sinh,
    r"\cosh": math.cosh,
    r"\tanh": math.tanh,
    r"\ln": math.log,
    r"\exp": math.exp,
    r"\max": max,
    r"\min": min,
    r"\Gamma": math.gamma,
    r"\sigma": lambda x: 1 / (1 + math.exp(-x)),
    r"\zeta": mpmath.zeta,
    r"\psi": mpmath.digamma,
    r"\operatorname{sigmoid}": lambda x: 1 / (1 + math.exp(-x)),
    r"\operatorname{gamma}": math.gamma,
    r"\operatorname{arsinh}": math.asinh,
    r"\operatorname{arcosh}": math.acosh,
    r"\operatorname{artanh}": math.atanh,
    r"\operatorname{erf}": math.erf,
    r"\operatorname{erfc}": math.erfc,
    r"\operatorname{erfinv}": mpmath.erfinv,
    r"\operatorname{sign}": lambda x: (x > 0) - (x < 0),
    r"\operatorname{atan2}": math.atan2,
    r"\operatorname{digamma}": mpmath.digamma,
    r"\operatorname{polygamma}": mpmath.psi,
}
_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    r"\leq": lambda a, b: a <= b,
    r"\geq": lambda a, b: a >= b,
    r"\neq": lambda a, b: a != b,
    "=": lambda a, b: a == b,
}
_ORDERED = re.compile(r"([IJYK])_{(-?\d)}(?=\s*\\left\()")
_PSI = re.compile(r"\\psi\^{\\left\((\d+)\\right\)}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"\\(?:mathrm|text){\w\w")


class _Reader:
    def __init__(self, source: str, values: Mapping[str, float]) -> None:
        self.rest, self.values = source, values
        self.names = sorted(values, key=len, reverse=True)

    # ── tokens ────────────────────────────────────────────────────────────────────────────────

    def space(self) -> None:
        self.rest = re.sub(r"^(?:\s|\\[,:;]|~)+", "", self.rest)

    def at(self, token: str) -> bool:
        """Whether a token comes next; a command ends where its letters end."""
        self.space()
        if not self.rest.startswith(token):
            return False
        follows = self.rest[len(token) : len(token) + 1]
        return not (token[0] == "\\" and token[-1].isalpha() and follows.isalpha())

    def take(self, token: str) -> bool:
        if not self.at(token):
            return False
        self.rest = self.rest[len(token) :]
        return True

    def need(self, token: str) -> None:
        if not self.take(token):
            raise ValueError(f"expected {token!r}; found {self.rest[:40]!r}")

    # ── sums, products, powers ────────────────────────────────────────────────────────────────

    def sum(self) -> float:
        sign = -1 if self.take("-") else 1
        self.take("+")
        total = sign * self.product()
        while True:
            if self.take("+"):
                total += self.product()
            elif self.take("-"):
                total -= self.product()
            else:
                return total

    def product(self) -> float:
        total, opened, word = 1.0, False, False
        first = True
        while True:
            dotted = self.take(r"\cdot")
            if not first and not dotted and not self._begins():
                return total
            if not first and not dotted:
                self._side_by_side(opened, word)
            word = bool(self.at("\\") and _WORD.match(self.rest))
            value, opened = self.power()
            total, first = total * value, False

    def _begins(self) -> bool:
        """Whether a factor comes next."""
        self.space()
        ends = (
            "+",
            "-",
            "&",
            r"\\",
            r"\right",
            r"\end",
            "}",
            ",",
            "]",
            r"\wedge",
            r"\vee",
            r"\text{for}",
        )
        return (
            bool(self.rest)
            and not any(map(self.at, [*ends, *_RELATIONS]))
            and not (self.rest.startswith("\\\\"))
        )

    def _side_by_side(self, opened: bool, word: bool) -> None:
        """Raise for what may not follow a factor without a sign between them."""
        self.space()
        if opened and not any(map(self.at, FUNCTIONS)):
            raise AmbiguousError(f"a factor behind a function without brackets: {self.rest[:40]!r}")
        if _NUMBER.match(self.rest) or word or _WORD.match(self.rest):
            raise AmbiguousError(f"a number or a word beside a factor: {self.rest[:40]!r}")

    def power(self) -> tuple[float, bool]:
        """Return a factor, and whether it ends in a function's argument without brackets."""
        value, opened = self.base()
        if self.take("^"):
            if opened:
                raise AmbiguousError("a power of a function or of its argument")
            value = _total(_power)(value, self.group())
        return value, opened

    def group(self) -> float:
        """Return the content of braces, or one sign."""
        if not self.take("{"):
            found, self.rest = self.rest[0], self.rest[1:]
            return float(found)
        value = self.sum()
        self.need("}")
        return value

    # ── what a factor begins with ─────────────────────────────────────────────────────────────

    def base(self) -> tuple[float, bool]:
        self.space()
        applied = self._applied()
        if applied is not None:
            return applied
        for name in self.names:
            if self.at(name) and not self.rest[len(name) :].startswith("_"):
                self.take(name)
                return self.values[name], False
        if found := _NUMBER.match(self.rest):
            self.rest = self.rest[found.end() :]
            return float(found[0]), False
        return self._built(), False

    def _built(self) -> float:
        for opening, closing, function in (
            (r"\left(", r"\right)", lambda x: x),
            (r"\left|", r"\right|", abs),
            (r"\left\lfloor", r"\right\rfloor", math.floor),
            (r"\left\lceil", r"\right\rceil", math.ceil),
            ("{", "}", lambda x: x),
        ):
            if self.take(opening):
                value = self.sum()
                self.need(closing)
                return float(_total(function)(value))
        if self.take(r"\frac"):
            above, below = self.group(), self.group()
            return _total(lambda a, b: a / b)(above, below)
        if self.take(r"\sqrt"):
            root = 2.0
            if self.take("["):
                root = self.sum()
                self.need("]")
            return _total(_power)(self.group(), 1 / root)
        if self.take(r"\begin{cases}"):
            return self._cases()
        for name, value in ((r"\pi", math.pi), (r"\operatorname{pi}", math.pi), ("e", math.e),
                            (r"\mathrm{e}", math.e), (r"\infty", math.inf),
                            (r"\text{NaN}", math.nan)):  # fmt: skip
            if self.take(name):
                return value
        raise ValueError(f"cannot read {self.rest[:40]!r}")

    def _applied(self) -> tuple[float, bool] | None:
        """Return a function of one or more arguments."""
        if found := _ORDERED.match(self.rest):
            self.rest = self.rest[found.end() :]
            kind = getattr(mpmath, f"bessel{found[1].lower()}")
            return _total(lambda x: kind(int(found[2]), x).real)(*self._arguments()), False
        if found := _PSI.match(self.rest):
            self.rest = self.rest[found.end() :]
            return _total(lambda x: mpmath.psi(int(found[1]), x))(*self._arguments()), False
        for name, function in FUNCTIONS.items():
            if self.at(name) and name not in self.values and self._is_applied(name):
                self.take(name)
                power = self.group() if self.take("^") else 1.0
                self.space()
                closed = re.match(r"{?\s*\\left\(", self.rest) is not None
                arguments = self._arguments() if closed else [self._bare()]
                value = _total(function)(*arguments)
                return (value if power == 1 else _total(_power)(value, power)), not closed
        return None

    def _is_applied(self, name: str) -> bool:
        after = self.rest[len(name) :]
        return name not in (r"\sigma", r"\zeta", r"\Gamma") or bool(
            re.match(r"(?:\^{[^{}]*})?\s*{?\s*\\left\(", after)
        )

    def _arguments(self) -> list[float]:
        braced = self.take("{")
        self.need(r"\left(")
        found = [self.sum()]
        while self.take(","):
            found.append(self.sum())
        self.need(r"\right)")
        if braced:
            self.need("}")
        return found

    def _bare(self) -> float:
        """Read an argument without brackets: one variable, number or fraction."""
        braced = self.take("{")
        value, opened = self.base()
        if opened or self.at("^"):
            raise AmbiguousError(f"an argument without brackets goes on: {self.rest[:40]!r}")
        if braced:
            self.need("}")
        return value

    # ── cases ─────────────────────────────────────────────────────────────────────────────────

    def _cases(self) -> float:
        chosen: float | None = None
        while not self.take(r"\end{cases}"):
            value = self.sum()
            self.need("&")
            holds = True if self.take(r"\text{otherwise}") else self._condition()
            if holds and chosen is None:
                chosen = value
            self.space()
            if self.rest.startswith("\\\\"):
                self.rest = self.rest[2:]
        return math.nan if chosen is None else chosen

    def _condition(self) -> bool:
        self.take(r"\text{for}")
        return self._any()

    def _any(self) -> bool:
        found = [self._all()]
        while self.take(r"\vee"):
            found.append(self._all())
        return any(found)

    def _all(self) -> bool:
        found = [self._relation()]
        while self.take(r"\wedge"):
            found.append(self._relation())
        return all(found)

    def _relation(self) -> bool:
        if self.take(r"\neg"):
            return not self._relation()
        before = self.rest
        if self.take(r"\left("):  # brackets around a condition, or around a sum that begins one
            try:
                holds = self._any()
                self.need(r"\right)")
            except ValueError:
                self.rest = before
            else:
                return holds
        left, holds, compared = self.sum(), True, False
        while sign := next(filter(self.at, _RELATIONS), None):
            self.take(sign)
            right = self.sum()
            holds, left, compared = holds and _RELATIONS[sign](left, right), right, True
        if not compared:
            raise ValueError(f"expected a relation; found {self.rest[:40]!r}")
        return holds
