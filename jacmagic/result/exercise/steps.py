"""Derivations line by line: each line is equal to the entry, and the last one is finished."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jacmagic.errors import JacmagicError
from jacmagic.render.report import Fragment, Report, ReportDisplay
from jacmagic.result.exercise.answer import read_answer, sides_of
from jacmagic.result.exercise.judge import UNFINISHED, Judge
from jacmagic.result.exercise.judgement import RIGHT, UNREADABLE, WRONG, Judgement
from jacmagic.result.exercise.tokens import MAX_LETTERS

MAX_LINES = 100  # of a typed derivation; each is judged like an answer
_ALIGNED = re.compile(r"\\(?:begin|end)\{(?:aligned|align\*?|gathered|split)\}|&|\$")
_BREAK = re.compile(r"\n|\\\\(?:\[[^\]]*\])?")
_OPERATORS = re.compile(r"[-+*^−·²³(]")


def judge_steps(judge: Judge, i: int, j: int, lines: str | Sequence[str]) -> Judgement:
    """Judge the derivation of the entry ∂fᵢ/∂xⱼ, counted from 0: its lines, or one text.

    A line is an expression equal to the entry, or a chain of equations; derivatives may be left to
    be taken, as d/dx(…).

    Returns:
        Right, or what is wrong in the first line that is.

    Raises:
        OptionError: there is no such entry.
    """
    typed = lines if isinstance(lines, str) else "\n".join(map(str, lines))
    if len(typed) > MAX_LINES * MAX_LETTERS:
        message = f"expected at most {MAX_LINES * MAX_LETTERS:,} letters; found {len(typed):,}"
        return Judgement(UNREADABLE, typed[:200], message=message)
    written = [(k, line) for k, line in enumerate(lines_of(lines), 1) if line.strip()]
    if not written or len(written) > MAX_LINES:
        message = f"expected 1 to {MAX_LINES} lines; found {len(written)}"
        return Judgement(UNREADABLE, typed[:200], message=message)
    unfinished = False
    for number, line in written:
        for side in _sides(judge, j, line):
            answer = judge.read(i, j, side)
            if isinstance(answer, Judgement):
                return replace(answer, answer=line[:200], line=number)
            judgement = judge.judged(i, j, answer)
            unfinished = answer.unfinished
            if not judgement:
                return Judgement(WRONG, line, judgement.kind, judgement.message, number)
    if unfinished:
        message = "a derivative is left to be taken"
        return Judgement(WRONG, written[-1][1], UNFINISHED, message, written[-1][0])
    return Judgement(RIGHT, typed)


def lines_of(lines: str | Sequence[str]) -> list[str]:
    """Return the lines of a derivation, those of aligned LaTeX too."""
    if not isinstance(lines, str):
        return [str(line) for line in lines]
    return _BREAK.split(_ALIGNED.sub("", lines))


def _sides(judge: Judge, j: int, line: str) -> Iterator[str]:
    """Yield the sides of a line; a name of the entry before the first = is none."""
    first, *rest = sides_of(line)
    if rest and (not first.strip() or _is_label(judge, j, first)):
        yield from rest
    else:
        yield from (first, *rest)


def _is_label(judge: Judge, j: int, side: str) -> bool:
    """Whether a side such as ∂f₁/∂x names the entry: it is not an expression and has no operators.

    An output alone, as in f₁ = 2x, is meant so too.
    """
    if side.strip() in judge.names.outputs:
        return True
    try:
        read_answer(side, judge.names, j)
    except JacmagicError:
        return _OPERATORS.search(side) is None or "'" in side
    return False


@dataclass(frozen=True, repr=False)
class Hint(ReportDisplay):
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
        rule = [Fragment(self.rule, self.formula)] if self.formula else []
        line = [Fragment(self.text, self.tex)] if self.tex else []
        stated_rule = self.rule if not rule else ""
        lines = [part for part in (stated_rule, "" if line else self.text) if part]
        return Report("Hint", [*rule, *line], lines=lines)


def hint_for(judge: Judge, i: int, j: int, so_far: str | Sequence[str] = "") -> Hint:
    """Return the next step for an entry, or the mistake in the answer or derivation so far."""
    lines = [line for line in lines_of(so_far) if line.strip()]
    if lines:
        judgement: Judgement = judge_steps(judge, i, j, lines)
        if not judgement and judgement.kind != "unfinished":
            return Hint("", "", judgement.sentence, "")
        if judgement:
            return Hint("", "", "it is right; nothing is left to do", "")
    equations = [equation for equation in judge.result.steps(i, j).equations if equation.rule]
    if not equations:
        return Hint("", "", "no rule is needed here", "")
    k = min(len(lines), len(equations) - 1)
    step = equations[k]
    # A derivation of one line is the answer: its rule is hint enough.
    alone = len(equations) == 1
    return Hint(step.rule, step.formula, "" if alone else step.text, "" if alone else step.latex)
