"""A graph as source code: shared nodes become statements, the rest is inlined.

Brackets are written only where precedence requires them.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from jacmagic.errors import OptionError
from jacmagic.symbolic.codegen.language import (
    ATOM,
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
from jacmagic.symbolic.graph import ZERO, Graph, stable_if_affordable

MAX_LETTERS = 300  # of an expression, some three lines; a longer one becomes a statement

Inputs = Sequence[tuple[str, tuple[int, ...]]]  # name and shape of each


def write(
    language: str,
    name: str,
    inputs: Inputs,
    graph: Graph,
    variables: Sequence[int],
    rows: Sequence[Sequence[int]],
) -> str:
    """Write a function that computes a matrix of graph nodes.

    Args:
        language: a key of `LANGUAGES`.
        name: the function's name.
        inputs: name and shape of each input; scalars are plain numbers, tensors are indexed. A
            name that the language has another meaning for gets an underscore or a number behind it.
        graph: the graph.
        variables: the nodes of all inputs' components, in order.
        rows: the nodes of the matrix, row by row.

    Returns:
        The source, ending in a newline.

    Raises:
        OptionError: for an unknown language, or an operation that it has no function for.
    """
    if language not in LANGUAGES:
        names = ", ".join(LANGUAGES)
        raise OptionError(f"expected one of {names}; found {language!r}; write to_code('python')")
    words = LANGUAGES[language]
    scope = Scope(words.reserved, ascii_only=words.ascii_only)
    function, *arguments = scope.names([name, *(argument for argument, _ in inputs)])
    shapes = [shape for _, shape in inputs]
    components = dict(zip(variables, _components(words, arguments, shapes), strict=True))
    writer = _Writer(language, graph, components, scope, arguments)
    entries = iter(
        writer.prepare(stable_if_affordable(graph, [node for row in rows for node in row]))
    )
    texts = [[writer.entry(next(entries)) for _ in row] for row in rows]
    declared = [words.argument(*one) for one in zip(arguments, shapes, strict=True)]
    return words.frame(function, declared, scope.name("J"), writer.statements, texts)


def _components(
    words: Language, arguments: Sequence[str], shapes: Sequence[tuple[int, ...]]
) -> list[str]:
    """Return what each component of the inputs is called inside the function."""
    return [
        words.component(name, index)
        for name, shape in zip(arguments, shapes, strict=True)
        for index in itertools.product(*map(range, shape))
    ]


class _Writer:
    """Writer of a graph's nodes in one language."""

    def __init__(
        self,
        language: str,
        graph: Graph,
        variables: dict[int, str],
        scope: Scope,
        arguments: Sequence[str],
    ) -> None:
        self.language, self.words, self.graph = language, LANGUAGES[language], graph
        self.arguments, self.temporaries = arguments, scope.temporaries()
        self.pieces: dict[int, Piece] = {node: (name, ATOM) for node, name in variables.items()}
        self.statements: list[str] = []

    def prepare(self, roots: Sequence[int]) -> Sequence[int]:
        """Write all nodes from the leaves up; shared and long ones become statements."""
        reached = self.graph.reach(roots)
        uses = Counter(operand for node in reached for operand in self.graph.operands(node))
        uses.update(root for root in roots if root != ZERO)
        for node in reached:
            if node in self.pieces:
                continue
            self.pieces[node] = self._piece(node)
            if uses[node] > 1 or self._is_long(node):
                self._name(node)
        return roots

    def entry(self, node: int) -> str:
        """Return an entry of the matrix."""
        return self.pieces[node][0]

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
        operands = self.graph.operands(node)
        template = self.words.calls.get(operation, "")
        if "{0}" in template:  # an argument written twice is computed once
            for operand in operands:
                self._name(operand)
        parts = self._arguments(operation, operands)
        if operation in self.words.infix:
            template, tightness, needed = self.words.infix[operation]
            bracketed = [hold(part, least) for part, least in zip(parts, needed, strict=True)]
            return template.format(*bracketed), tightness
        if operation == "pow":
            base, exponent = parts
            return self.words.power(base, exponent, self._stays_real(*operands)), POWER
        if operation == "where":
            return self.words.choice.format(*(text for text, _ in parts)), ATOM
        if not template:
            raise OptionError(
                f"{self.language} has no function for {operation}; write to_code('torch')"
            )
        return template.format(*(hold(part, SUM) for part in parts)), ATOM

    def _arguments(self, operation: str, operands: Sequence[int]) -> list[Piece]:
        """Return an operation's operands; numbers as tensors where torch requires them."""
        parts = [self.pieces[operand] for operand in operands]
        are_numbers = [self.graph.value(operand) is not None for operand in operands]
        if not self._wants_tensors(operation, are_numbers):
            return parts
        return [
            (self.words.tensor.format(self.arguments[0], part[0]), ATOM) if is_number else part
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
        return repr(float(value)), ATOM if value >= 0 else SIGN
