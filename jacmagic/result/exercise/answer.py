"""An answer read onto a graph: typed mathematics or LaTeX in the function's own names.

Nothing is evaluated by Python or SymPy. The grammar is that of pasted LaTeX; its values are nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from jacmagic.errors import OptionError
from jacmagic.result.check.expressions import Expressions
from jacmagic.result.exercise.parser import AnswerParser, Names
from jacmagic.result.exercise.term import Term
from jacmagic.result.exercise.tokens import MAX_LETTERS
from jacmagic.symbolic.graph import BudgetExceeded, Graph

MAX_NODES = 20_000  # of an answer, derivatives that it leaves to be taken included
MAX_NUMERATORS = 8  # that are tried; an answer has few fractions
_ARROW = re.compile(r"<?=>|[⇒⟹→⇔]|\\(?:Rightarrow|implies|to)(?![a-zA-Z])")


@dataclass(frozen=True)
class Answer:
    """An expression that was read.

    Attributes:
        text: as it was typed.
        written: the expression on a graph of its own, its only entry.
        unfinished: whether it leaves a derivative to be taken, as d/dx(x²) does.
        constants: the function's constants that it names, by `check.symbols.key`.
    """

    text: str
    written: Expressions
    unfinished: bool = False
    constants: frozenset[str] = frozenset()

    def values(self, points: np.ndarray) -> np.ndarray:
        """Return its values at points (k, n), as (k,)."""
        return self.written.values(points).of(self.written.entries[0])


def read_answer(text: str, names: Names, column: int, *, loose: str = "") -> Answer:
    """Read an answer.

    Args:
        text: what was typed; of equations the last side.
        names: what names mean.
        column: by which a prime, as in (x²)′, differentiates.
        loose: "/", "^", or "f" for a function without brackets, where what follows is taken to be
            in brackets, with the signs that may be in them: "/+-" reads 1/x+1 as 1/(x+1).

    Raises:
        OptionError: it cannot be read, with a caret below the spot.
    """
    if len(text) > MAX_LETTERS:
        raise OptionError(f"expected at most {MAX_LETTERS:,} letters; found {len(text):,}")
    if not sides_of(text)[-1].strip():
        example = names.listed[column]
        raise OptionError(f"expected an expression; found nothing; write one such as 2*{example}")
    graph = Graph(limit=MAX_NODES)
    inputs = tuple(graph.variable(f"x{k}") for k in range(len(names.listed)))
    one = Term(graph, inputs[column], inputs)
    parser = AnswerParser(sides_of(text)[-1], names, one, loose)
    try:
        value: Term = parser.whole()
    except RecursionError:
        raise OptionError("expected a shorter expression; found one nested too deeply") from None
    except BudgetExceeded:
        raise OptionError("expected a shorter expression; its derivatives are too long") from None
    entries = [value.node]
    written = replace(names.form, graph=graph, inputs=inputs, entries=entries, outputs=())
    return Answer(text, written, parser.unfinished, frozenset(parser.constants))


def with_numerators(text: str) -> list[str]:
    """Return an answer with brackets around all that stands above a fraction's line: (a − b)/c.

    For each / in turn, from the bracket on in which it stands, if there is a sum before it.
    """
    opened, pieces = [0], []
    for k, letter in enumerate(text):
        if letter in "([{":
            opened.append(k + 1)
        elif letter in ")]}" and len(opened) > 1:
            opened.pop()
        elif letter == "/" and re.search(r"\S\s*[-+−]", text[opened[-1] : k]):
            pieces.append(f"{text[: opened[-1]]}({text[opened[-1] : k]}){text[k:]}")
    return pieces[:MAX_NUMERATORS]


def sides_of(line: str) -> list[str]:
    """Split equations at the signs = and ⇒ outside of brackets."""
    depth, start, sides = 0, 0, []
    line = _ARROW.sub(lambda arrow: "=".ljust(len(arrow[0])), line)
    for k, letter in enumerate(line):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "=" and depth <= 0:
            sides.append(line[start:k])
            start = k + 1
    return [*sides, line[start:]]
