"""One question of an exercise, as plain data; those for the rule of each step of a derivation."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jacmagic.render.mathml import to_mathml
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.steps import Step
from jacmagic.symbolic.steps.writing import PlainPen, TexPen

TRIVIAL = {"constant", "variable"}  # steps that a derivation has no line for
MAX_STEPS = 8  # of one entry that are asked for
MAX_EXPRESSION_CHARACTERS = 240  # LaTeX characters of an expression whose rule is asked for
RULES_OFFERED = 6  # rules to choose from

_ADVICE = "Which operation is carried out last in this expression?"
# What a derivation may be taken for, the usual rules of a first course.
_USUAL = (
    "sum", "constant factor", "product", "quotient", "reciprocal", "power", "square root",
    "exponential", "logarithm", "sine", "cosine", "chain rule, power", "chain rule, sine",
    "chain rule, exponential",
)  # fmt: skip
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


def rule_questions(jacobian: JacobianResult, entries: Sequence[tuple[int, int]]) -> list[Question]:
    """Return one question for each step of the derivations of some entries."""
    questions: list[Question] = []
    for i, j in entries:
        questions += _of_entry(jacobian, i, j, len(questions) + 1)
    return questions


def _of_entry(jacobian: JacobianResult, i: int, j: int, first: int) -> list[Question]:
    """Return the questions for one entry, numbered from `first` on."""
    step = jacobian.steps(i, j)
    begin = step.children[0] if step.applied is None and step.children else step
    steps = list(_steps(begin, set()))[:MAX_STEPS]
    rules = {step.rule for step in steps}
    questions = []
    for k, asked_step in enumerate(steps):
        identity = f"rule-{i}-{j}-{k}"
        questions.append(
            Question(
                identity,
                CHOICE,
                i,
                j,
                first + k,
                PlainPen(asked_step.texts, asked_step.symbol).derivative(asked_step.before),
                TexPen(asked_step.names, asked_step.symbol).derivative(asked_step.before),
                _choices(asked_step.rule, rules, identity),
                asked_step.rule,
                "rule",
                "step",
                _ADVICE,
            )
        )
    return questions


def _steps(step: Step, seen: set[object]) -> Iterator[Step]:
    """Yield the steps that apply a rule worth asking for, each expression once."""
    if step.rule in TRIVIAL or step.before in seen:
        return
    seen.add(step.before)
    if len(TexPen(step.names, step.symbol).derivative(step.before)) <= MAX_EXPRESSION_CHARACTERS:
        yield step
    for child in step.children:
        yield from _steps(child, seen)


def _choices(right: str, rules: set[str], identity: str) -> tuple[str, ...]:
    """Return the right rule among others, in alphabetical order.

    The others are first those of the same derivation, then usual ones that sound like the right
    one: with and without the chain rule.
    """
    draw = random.Random(f"jacmagic {identity} {right}")
    near = right.removeprefix("chain rule, ") if "chain" in right else f"chain rule, {right}"
    others = [rule for rule in sorted(rules) if rule != right]
    others += [rule for rule in (near,) if rule in _USUAL and rule not in others]
    more = [rule for rule in _USUAL if rule != right and rule not in others]
    picked = [*others, *draw.sample(more, len(more))][: RULES_OFFERED - 1]
    return tuple(sorted([right, *picked]))
