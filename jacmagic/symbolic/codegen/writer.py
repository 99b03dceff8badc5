"""A graph as source code: shared nodes become statements, the rest is inlined.

Brackets are written only where precedence requires them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from jacmagic.errors import OptionError
from jacmagic.symbolic.codegen.language import (
    ATOM,
    INFIX,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Language,
    Piece,
    hold,
)
from jacmagic.symbolic.codegen.languages import LANGUAGES
from jacmagic.symbolic.codegen.scope import Scope
from jacmagic.symbolic.economy import Program
from jacmagic.symbolic.graph import ZERO

MAX_LETTERS = 300  # of an expression, some three lines; a longer one becomes a statement


def language(name: str, dtype: str = "float64") -> Language:
    """Return the table of a language in a precision.

    Raises:
        OptionError: there is no such language, or it has no such precision.
    """
    if name not in LANGUAGES:
        near = str(name).lower()
        near = near if near in LANGUAGES else "python"
        names = ", ".join(LANGUAGES)
        raise OptionError(f"expected one of {names}; found {name!r}; write to_code({near!r})")
    words = LANGUAGES[name]
    if dtype not in words.precisions:
        precisions = " or ".join(words.precisions)
        raise OptionError(f"expected {precisions} in {name}; found {dtype!r}; leave dtype out")
    return words.single if dtype == "float32" and words.single is not None else words


class Writer:
    """Writer of a graph's nodes in one language."""

    def __init__(
        self,
        name: str,
        words: Language,
        program: Program,
        variables: dict[int, str],
        scope: Scope,
    ) -> None:
        self.language, self.words, self.graph = name, words, program.graph
        self.roots, self.scope = program.roots, scope
        self.temporaries = scope.temporaries()
        self.pieces: dict[int, Piece] = {node: (text, ATOM) for node, text in variables.items()}
        self.statements: list[str] = []
        self.constants: list[tuple[str, str]] = []

    def write(self) -> list[str]:
        """Write all nodes from the leaves up, shared ones as statements; return the roots."""
        roots, reached = self.roots, self.graph.reach(self.roots)
        uses = Counter(operand for node in reached for operand in self.graph.operands(node))
        uses.update(root for root in roots if root != ZERO)
        for node in reached:
            if node in self.pieces:
                continue
            self.pieces[node] = self._piece(node)
            if uses[node] > 1 or self._is_long(node):
                self._name(node)
        return [self.pieces[root][0] for root in roots]

    def _is_long(self, node: int) -> bool:
        return len(self.pieces[node][0]) > MAX_LETTERS

    def _name(self, node: int) -> None:
        """Assign a node to a temporary; a short condition is inlined."""
        text, _ = self.pieces[node]
        if text.isidentifier() or not self.graph.operands(node):
            return
        if self.graph.is_condition(node) and not self._is_long(node):
            return
        name = next(self.temporaries)
        self.statements.append(self.words.assign.format(name, text))
        self.pieces[node] = name, ATOM

    def _piece(self, node: int) -> Piece:
        operation = self.graph.operations[node]
        if operation == "number":
            return self._number(self.graph.arguments[node][0])
        if operation == "constant":
            return self._constant(*self.graph.arguments[node])
        operands = self.graph.operands(node)
        template = self.words.calls.get(operation, "")
        if "{0}" in template:  # an argument written twice is computed once
            for operand in operands:
                self._name(operand)
        parts = self._arguments(operation, operands)
        if operation in INFIX:
            template, tightness, needed = INFIX[operation]
            bracketed = [hold(part, least) for part, least in zip(parts, needed, strict=True)]
            return template.format(*bracketed), tightness
        if operation == "pow":
            return self._power(*operands)
        if operation == "where":
            return self._choice(operands, parts)
        if not template:
            raise OptionError(
                f"{self.language} has no function for {operation}; write to_code('torch')"
            )
        return template.format(*(hold(part, SUM) for part in parts)), ATOM

    def _power(self, base: int, exponent: int) -> Piece:
        times = self.graph.value(exponent)
        if self.words.by_products and times in (2, 3):
            self._name(base)
            factor = hold(self.pieces[base], SIGN)
            return "*".join([factor] * int(times)), PRODUCT
        text = self.words.power(
            self.pieces[base], self.pieces[exponent], self._stays_real(base, exponent)
        )
        return text, POWER

    def _choice(self, operands: Sequence[int], parts: Sequence[Piece]) -> Piece:
        condition, *others = (text for text, _ in parts)
        if self.words.truth and not self.graph.is_condition(operands[0]):
            condition = self.words.truth.format(condition)
        return self.words.choice.format(condition, *others), ATOM

    def _constant(self, name: str, value: float) -> Piece:
        """Declare a constant by its name."""
        identifier = self.scope.name(name)
        self.constants.append((identifier, self._number(float(value))[0]))
        return identifier, ATOM

    def _arguments(self, operation: str, operands: Sequence[int]) -> list[Piece]:
        """Return an operation's operands; numbers as tensors where torch requires them."""
        parts = [self.pieces[operand] for operand in operands]
        are_numbers = [self.graph.value(operand) is not None for operand in operands]
        if not self._wants_tensors(operation, are_numbers):
            return parts
        return [
            (self.words.tensor.format(part[0]), ATOM) if is_number else part
            for part, is_number in zip(parts, are_numbers, strict=True)
        ]

    def _wants_tensors(self, operation: str, are_numbers: Sequence[bool]) -> bool:
        """Whether torch requires tensors: `where` of two numbers would be float32."""
        if operation == "where":
            return bool(self.words.tensor) and all(are_numbers[1:])
        if operation == "clamp":
            return bool(self.words.tensor) and not all(are_numbers[1:])
        return operation in self.words.tensors

    def _stays_real(self, base: int, exponent: int) -> bool:
        """Whether a power is real wherever it is finite: 2**x, x**3, not x**0.3."""
        number, power = self.graph.value(base), self.graph.value(exponent)
        return isinstance(power, int) or (number is not None and number > 0)

    def _number(self, value: int | Fraction | float) -> Piece:
        if isinstance(value, int) and abs(value) < 2**53:
            return self.words.integer(value), ATOM if value >= 0 else SIGN
        if isinstance(value, Fraction) and float(value) != float(f"{float(value):.12g}"):
            above, below = map(self.words.integer, (value.numerator, value.denominator))
            return f"{above}/{below}", PRODUCT
        if not math.isfinite(value):
            word = self.words.infinity if abs(value) == math.inf else self.words.nan
            return (word, ATOM) if value != -math.inf else (f"-{word}", SIGN)
        return self.words.real(repr(float(value))), ATOM if value >= 0 else SIGN
