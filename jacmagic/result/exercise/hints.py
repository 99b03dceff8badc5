"""Hints: the next step of an entry's derivation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jacmagic.render.report import Report, Reported, Shown
from jacmagic.result.exercise.judge import Judge
from jacmagic.result.exercise.judgement import Judgement
from jacmagic.result.exercise.steps import judge_steps, lines_of


@dataclass(frozen=True, repr=False)
class Hint(Reported):
    """The next step: a rule, and the line that it gives.

    Attributes:
        rule: the rule's name; "" where a mistake comes first.
        formula: what the rule says, as LaTeX.
        text: the line in plain text, or the mistake that comes first.
        tex: the line as LaTeX.
    """

    rule: str
    formula: str
    text: str
    tex: str

    def report(self) -> Report:
        """Return the rule and the line."""
        rule = [Shown(self.rule, self.formula)] if self.formula else []
        line = [Shown(self.text, self.tex)] if self.tex else []
        said = self.rule if not rule else ""
        lines = [part for part in (said, "" if line else self.text) if part]
        return Report("Hint", [*rule, *line], lines=lines)


def hint_for(judge: Judge, i: int, j: int, so_far: str | Sequence[str] = "") -> Hint:
    """Return the next step for an entry, or the mistake in what there is.

    Args:
        judge: of the Jacobian.
        i: the row.
        j: the column.
        so_far: what is typed, an answer or a derivation.
    """
    lines = [line for line in lines_of(so_far) if line.strip()]
    if lines:
        found: Judgement = judge_steps(judge, i, j, lines)
        if not found and found.kind != "unfinished":
            return Hint("", "", found.sentence, "")
        if found:
            return Hint("", "", "it is right; nothing is left to do", "")
    equations = [one for one in judge.result.steps(i, j).equations if one.rule]
    if not equations:
        return Hint("", "", "no rule is needed here", "")
    k = min(len(lines), len(equations) - 1)
    step = equations[k]
    # A derivation of one line is the answer: its rule is hint enough.
    alone = len(equations) == 1
    return Hint(step.rule, step.formula, "" if alone else step.text, "" if alone else step.latex)
