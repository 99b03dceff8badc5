"""One question of an exercise, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from jacmagic.render.mathml import to_mathml

ENTRY, NUMBER, STEPS, RULE = "entry", "number", "steps", "rule"  # the kinds of question


@dataclass(frozen=True)
class Question:
    r"""What one blank asks for.

    Attributes:
        id: unique within the exercise, and the same whenever it is made again: "entry-1-0".
        kind: "entry", the derivative as a formula; "number", its value at the point; "steps", its
            derivation line by line; "rule", the rule that one step of its derivation applies.
        row: i, counted from 0: of the function's output, whatever the layout.
        column: j, counted from 0: of the input's component.
        number: of the blank on a worksheet, counted from 1.
        text: what is asked for, such as "∂f₂/∂x₁"; of a rule "∂/∂x (x**2*y)".
        tex: the same as LaTeX, such as "\frac{\partial f_{2}}{\partial x_{1}}".
        choices: of a rule, the names to choose from.
        answer: of a rule, the right one; "" for the other kinds, which are judged by computing. It
            is never written into a page.
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

    @property
    def mathml(self) -> str:
        """What is asked for as MathML."""
        return to_mathml(self.tex, display=False)
