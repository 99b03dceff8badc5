"""A graph written in one language: shared nodes become statements, the rest stands in place.

Brackets stand only where a piece would fall apart without them.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from jacmagic.code.languages import ATOM, LANGUAGES, POWER, PRODUCT, SIGN, Language, Piece
from jacmagic.errors import JacmagicError
from jacmagic.formula import ClosedForm
from jacmagic.graph import ZERO, Graph


def write(language: str, form: ClosedForm, name: str, inputs: Sequence[tuple[str, tuple]]) -> str:
    """Source of a function that computes the Jacobian from the closed form.

    Args:
        language: "python", "torch", "c" or "javascript".
        form: the closed form.
        name: the function's name.
        inputs: name and shape of each input; scalars are plain numbers, tensors are indexed.

    Returns:
        The source, ending in a newline.

    Raises:
        JacmagicError: for an unknown language, or an operation that it has no function for.
    """
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise JacmagicError(f"expected one of {known}; found {language!r}; write to_code('python')")
    words = LANGUAGES[language]
    writer = _Writer(language, form.graph, _components(words, form, inputs))
    entries = [writer.entry(node) for node in writer.prepare(form.entries)]
    n = form.shape[1]
    rows = [entries[start : start + n] for start in range(0, len(entries), n)] if n else []
    return words.frame(_identifier(name), _declared(language, inputs), writer.statements, rows)


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _declared(language: str, inputs: Sequence[tuple[str, tuple]]) -> list[str]:
    if language != "c":
        return [_identifier(name) for name, _ in inputs]
    return [
        f"const double {_identifier(name)}" + "".join(f"[{size}]" for size in shape)
        for name, shape in inputs
    ]


def _components(
    words: Language, form: ClosedForm, inputs: Sequence[tuple[str, tuple]]
) -> dict[int, str]:
    """What each variable node is called inside the function."""
    places = [
        words.component(_identifier(name), index)
        for name, shape in inputs
        for index in itertools.product(*map(range, shape))
    ]
    return dict(zip(form.trace.inputs, places, strict=True))


class _Writer:
    """Writes nodes of a graph in one language."""

    def __init__(self, language: str, graph: Graph, variables: dict[int, str]) -> None:
        self.language, self.words, self.graph = language, LANGUAGES[language], graph
        self.pieces: dict[int, Piece] = {node: (name, ATOM) for node, name in variables.items()}
        self.statements: list[str] = []

    def prepare(self, roots: Sequence[int]) -> Sequence[int]:
        """Write all nodes from the leaves up; shared ones become statements."""
        reached = self.graph.reach(roots)
        uses = Counter(operand for node in reached for operand in self.graph.operands(node))
        uses.update(root for root in roots if root != ZERO)
        for node in reached:
            if node in self.pieces:
                continue
            text, tightness = self._piece(node)
            shared = uses[node] > 1 and self.graph.operands(node)
            if shared and not self.graph.is_condition(node):
                name = f"t{len(self.statements) + 1}"
                self.statements.append(self.words.assign.format(name, text))
                text, tightness = name, ATOM
            self.pieces[node] = text, tightness
        return roots

    def entry(self, node: int) -> str:
        """An entry of the matrix."""
        return self.pieces[node][0]

    def _piece(self, node: int) -> Piece:
        operation = self.graph.operations[node]
        if operation == "number":
            return self._number(self.graph.arguments[node][0])
        parts = [self.pieces[operand] for operand in self.graph.operands(node)]
        if operation in self.words.infix:
            template, tightness, needed = self.words.infix[operation]
            held = [_hold(part, least) for part, least in zip(parts, needed, strict=True)]
            return template.format(*held), tightness
        if operation == "pow":
            template, least = self.words.power
            return template.format(*(_hold(part, least) for part in parts)), POWER
        if operation == "where":
            return self.words.choice.format(*(text for text, _ in parts)), ATOM
        if operation not in self.words.calls:
            raise JacmagicError(
                f"{self.language} has no function for {operation}; write to_code('torch')"
            )
        return self.words.calls[operation].format(*(text for text, _ in parts)), ATOM

    def _number(self, value: int | Fraction | float) -> Piece:
        if isinstance(value, int):
            return self.words.integer(value), ATOM if value >= 0 else SIGN
        if isinstance(value, Fraction) and float(value) != float(f"{float(value):.12g}"):
            above, below = map(self.words.integer, (value.numerator, value.denominator))
            return f"{above}/{below}", PRODUCT
        return repr(float(value)), ATOM if value >= 0 else SIGN


def _hold(piece: Piece, least: int) -> str:
    """A piece, in brackets if it would fall apart in its place."""
    text, tightness = piece
    return text if tightness >= least else f"({text})"
