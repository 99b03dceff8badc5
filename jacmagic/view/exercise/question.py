"""One question of an exercise, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from jacmagic.render.mathml import to_mathml
from jacmagic.result.core import JacobianResult

ENTRY, NUMBER, STEPS, CHOICE = "entry", "number", "steps", "choice"  # the kinds of question


@dataclass(frozen=True)
class Question:
    r"""What one blank asks for.

    Attributes:
        id: unique within the exercise, and the same whenever it is made again: "entry-1-0".
        kind: "entry", the derivative as a formula; "number", its value at the point; "steps", its
            derivation line by line; "choice", one of some names, such as the rule that a step
            of its derivation applies.
        row: i, counted from 0: of the function's output, whatever the layout.
        column: j, counted from 0: of the input's component.
        number: of the blank on a worksheet, counted from 1.
        text: what is asked for, such as "∂f₂/∂x₁"; of a step "∂/∂x (x**2*y)".
        tex: the same as LaTeX, such as "\frac{\partial f_{2}}{\partial x_{1}}".
        choices: the names to choose from.
        answer: of a choice, the right one; "" for the other kinds, which are judged by computing.
            It is never written into a page.
        asked: of a choice, what is chosen: "rule".
        item: of a choice, what it is about: "step".
        advice: of a choice, what is said of a wrong one.
    """

    id: str
    kind: str
    row: int
    column: int
    number: int
    text: str
    tex: str
    choices: tuple[str, ...] = ()
    answer: str = field(default="", repr=False)
    asked: str = ""
    item: str = ""
    advice: str = ""

    @property
    def mathml(self) -> str:
        """What is asked for as MathML."""
        return to_mathml(self.tex, display=False)


def entry_question(
    jacobian: JacobianResult, kind: str, entry: tuple[int, int], number: int
) -> Question:
    """Return the question for an entry, or for its derivation."""
    i, j = entry
    row, column, notation = jacobian.rows[i], jacobian.columns[j], jacobian.notation
    return Question(
        f"{kind}-{i}-{j}",
        kind,
        i,
        j,
        number,
        notation.unicode(jacobian.title, row.unicode, column.unicode),
        notation.tex(jacobian.title, row.tex, column.tex),
    )
