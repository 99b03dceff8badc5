r"""A recursive descent parser of LaTeX, whose names are those of a function.

SymPy's own parsers read `x (y + 1)` as a function applied to y + 1 and refuse the output of
`sympy.latex`; here a name that is known is a variable. A function without brackets takes the run of
numbers and names behind it, as books write it: `\sin 2 x` is sin(2x), `\sin x \cos y` a product,
`\sin(x) y` too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from jacmagic.result.check.latex.functions import CONSTANTS, FUNCTIONS, INVERSES
from jacmagic.result.check.latex.tokens import Token, refusal, tokens

Resolve = Callable[[str], Any]  # a name as written → a SymPy expression, or None

_CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", "|": "|"}
_DOTS = {r"\cdot", r"\times", r"\ast", "*"}
_MATRICES = {"matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "smallmatrix", "array"}
_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": sympy.Lt, ">": sympy.Gt, r"\leq": sympy.Le, r"\le": sympy.Le, r"\geq": sympy.Ge,
    r"\ge": sympy.Ge, r"\neq": sympy.Ne, r"\ne": sympy.Ne, "=": sympy.Eq,
}  # fmt: skip
_LEAD = {"number", "letter", "word", "accent", "command", "operator", "begin"}


def parse_latex(source: str, resolve: Resolve) -> Any:
    r"""Return LaTeX as a SymPy expression or matrix.

    Args:
        source: a formula or a matrix; `J = …` before it is dropped.
        resolve: returns the expression that a name stands for, or None.

    Raises:
        OptionError: it cannot be read, with a caret below the place.
    """
    return _Parser(source, resolve).whole()


class _Parser:
    def __init__(self, source: str, resolve: Resolve) -> None:
        self.source, self.resolve = source, resolve
        self.tokens, self.at = tokens(source), 0
        self.bars = 0
        self._drop_left_side()

    def _drop_left_side(self) -> None:
        """Begin behind the last `=` that stands outside of brackets and environments."""
        depth = 0
        for k, token in enumerate(self.tokens):
            opens = token.kind == "begin" or token.text in ("(", "[", "{")
            closes = token.kind == "end" or token.text in (")", "]", "}")
            depth += opens - closes
            if token.text == "=" and not depth:
                self.at = k + 1

    # ── tokens ────────────────────────────────────────────────────────────────────────────────

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> Token | None:
        if self.next.text in texts and self.next.kind != "end of text":
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def need(self, text: str) -> None:
        if not self.take(text):
            raise self.wrong(f"expected {text}")

    def wrong(self, expected: str) -> Exception:
        token = self.next
        found = token.text or "the end"
        return refusal(self.source, token.column, f"{expected}; found {found}", len(token.text))

    # ── sums and products ─────────────────────────────────────────────────────────────────────

    def whole(self) -> Any:
        value = self.sum()
        if self.next.kind != "end of text" and not self.take(",", "."):
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
        stops = {*_RELATIONS, r"\wedge", r"\vee", r"\land", r"\lor", r"\right", r"\div"}
        ends_case = token.kind == "word" and token.text.startswith(r"\text{")
        return token.kind in _LEAD and token.text not in stops and not ends_case

    def power(self) -> Any:
        base = self.base()
        while self.take("^"):
            if self.take("T", r"\top", r"\intercal", r"\mathsf{T}", r"\mathrm{T}"):
                base = base.T
                continue
            base = base ** self.group()
        return base

    def group(self) -> Any:
        """Return what braces hold, or one token: x^2 and x^{n + 1}."""
        if self.take("{"):
            if self.take("T", r"\top"):
                raise self.wrong("expected ^T without braces")
            value = self.sum()
            self.need("}")
            return value
        if self.next.kind == "number":  # x^23 is x² · 3 in LaTeX
            return self.digit()
        return self.signed() if self.next.text == "-" else self.base()

    def digit(self) -> Any:
        token = self.next
        if len(token.text) == 1:
            self.at += 1
            return sympy.Integer(token.text)
        self.tokens[self.at] = Token("number", token.text[1:], token.column + 1)
        return sympy.Integer(token.text[0])

    # ── what a factor begins with ─────────────────────────────────────────────────────────────

    def base(self) -> Any:
        token = self.next
        if token.kind == "number":
            self.at += 1
            return sympy.Rational(token.text)
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
        function = FUNCTIONS.get(token.text)
        if function is not None and not self.is_name():
            self.at += 1
            return self.applied(function, token)
        return self.named()

    def bracketed(self) -> Any:
        opening = self.next.text
        self.at += 1
        self.bars += opening == "|"
        kept, self.bars = self.bars, int(opening == "|")
        value = self.sum()
        self.need(_CLOSING[opening])
        self.bars = kept - (opening == "|")
        return sympy.Abs(value) if opening == "|" else value

    def root(self) -> Any:
        self.at += 1
        if not self.take("["):
            return sympy.sqrt(self.group())
        degree = self.sum()
        self.need("]")
        return self.group() ** (1 / degree)

    def applied(self, function: Callable[..., Any], token: Token) -> Any:
        power: Any = 1
        if self.take("^"):
            power = self.group()
        if power == -1 and token.text in INVERSES:
            function, power = INVERSES[token.text], 1
        self.skip_base(token)
        try:
            return function(*self.arguments()) ** power
        except TypeError:
            raise refusal(
                self.source, token.column, f"expected as many arguments as {token.text} takes; "
                "found others", len(token.text),
            ) from None  # fmt: skip

    def skip_base(self, token: Token) -> None:
        r"""Refuse a subscript such as that of \log_{2}, which only a few functions have."""
        if self.next.text == "_":
            raise self.wrong(f"expected the argument of {token.text} without a subscript")

    def arguments(self) -> list[Any]:
        """Return arguments in brackets, or the run of numbers and names behind a function."""
        braced = self.next.text == "{" and self.tokens[self.at + 1].text == "("
        if braced:
            self.at += 1
        if self.next.text in ("(", "[", "{"):
            closing = _CLOSING[self.next.text]
            self.at += 1
            found = [self.sum()]
            while self.take(","):
                found.append(self.sum())
            self.need(closing)
            if braced:
                self.need("}")
            return found
        return [self.run()]

    def run(self) -> Any:
        minus = self.take("-")
        total = self.power()
        while self.next.kind in ("number", "letter", "word", "accent") or (
            self.next.kind == "command" and self.begins() and self.is_name()
        ):
            total = total * self.power()
        return -total if minus else total

    # ── names ─────────────────────────────────────────────────────────────────────────────────

    def is_name(self) -> bool:
        """Whether a known name comes next, whatever else its letters mean."""
        return self.longest() is not None

    def named(self) -> Any:
        found = self.longest()
        if found is not None:
            value, self.at = found
            return value
        token = self.next
        if token.text in CONSTANTS:
            self.at += 1
            return CONSTANTS[token.text]
        if token.kind in ("letter", "word", "accent", "command"):
            name, _ = self.name_at(self.at)
            raise refusal(
                self.source, token.column, f"expected a variable of the function; found {name}",
                len(name),
            )  # fmt: skip
        raise self.wrong("expected a number, a variable or a bracket")

    def longest(self) -> tuple[Any, int] | None:
        """Return what the longest known name here stands for, and where it ends."""
        best = None
        at, text = self.at, ""
        while self.tokens[at].kind in ("letter", "word", "accent", "command"):
            name, after = self.name_at(at)
            text += name
            value = self.resolve(text)
            if value is not None:
                best = value, after
            if self.tokens[at].kind != "letter":
                break
            at = after
        return best

    def name_at(self, at: int) -> tuple[str, int]:
        """Return a letter or word with accent, primes and subscript, as written."""
        start, token = at, self.tokens[at]
        at += 1
        if token.kind == "accent":
            at = self._behind(at)
        while self.tokens[at].text == "'":
            at += 1
        if self.tokens[at].text == "_":
            at = self._behind(at + 1)
        return "".join(one.text for one in self.tokens[start:at]), at

    def _behind(self, at: int) -> int:
        """Return the index behind a group in braces, or behind one token."""
        if self.tokens[at].text != "{":
            return min(at + 1, len(self.tokens) - 1)
        depth = 0
        while self.tokens[at].kind != "end of text":
            depth += (self.tokens[at].text == "{") - (self.tokens[at].text == "}")
            at += 1
            if not depth:
                break
        return min(at, len(self.tokens) - 1)

    # ── environments ──────────────────────────────────────────────────────────────────────────

    def environment(self) -> Any:
        token = self.next
        name = token.text[len(r"\begin{") :].split("}")[0].rstrip("*")
        self.at += 1
        if name == "cases":
            return self.cases()
        if name not in _MATRICES:
            self.at -= 1
            raise self.wrong("expected a matrix or cases")
        rows = [[self.sum()]]
        while self.next.kind != "end":
            if self.next.kind == "row":
                self.at += 1
                if self.next.kind != "end":  # the last line may end in \\
                    rows.append([self.sum()])
            else:
                self.need("&")
                rows[-1].append(self.sum())
        self.at += 1
        if len({len(row) for row in rows}) != 1:
            counts = ", ".join(str(len(row)) for row in rows)
            message = f"expected rows of one length; found {counts} entries"
            raise refusal(self.source, token.column, message, len(token.text))
        return sympy.Matrix(rows)

    def cases(self) -> Any:
        pieces = []
        while self.next.kind != "end":
            value = self.sum()
            self.need("&")
            pieces.append((value, self.condition()))
            if self.next.kind == "row":
                self.at += 1
        self.at += 1
        return sympy.Piecewise(*pieces)

    def condition(self) -> Any:
        word = self.next.text if self.next.kind == "word" else ""
        self.at += bool(word)
        if any(other in word for other in ("otherwise", "else")):
            return sympy.true
        held = self.relation()
        while (sign := self.take(r"\wedge", r"\land", r"\vee", r"\lor")) is not None:
            both = sign.text in (r"\wedge", r"\land")
            held = (sympy.And if both else sympy.Or)(held, self.relation())
        return held

    def relation(self) -> Any:
        left = self.sum()
        if self.next.text not in _RELATIONS:
            raise self.wrong("expected a relation")
        compare = _RELATIONS[self.next.text]
        self.at += 1
        return compare(left, self.sum())
