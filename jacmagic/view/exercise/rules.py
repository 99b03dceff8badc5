"""Questions for the rule of each step of an entry's derivation."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.steps import Step
from jacmagic.symbolic.steps.writing import PlainPen, TexPen
from jacmagic.view.exercise.question import CHOICE, Question

TRIVIAL = {"constant", "variable"}  # steps that a derivation has no line for
MAX_STEPS = 8  # of one entry that are asked for
MAX_LENGTH = 240  # LaTeX characters of an expression whose rule is asked for
CHOICES = 6  # rules to choose from

_ADVICE = "Which operation is carried out last in this expression?"
# What a derivation may be taken for, the usual rules of a first course.
_USUAL = (
    "sum", "constant factor", "product", "quotient", "reciprocal", "power", "square root",
    "exponential", "logarithm", "sine", "cosine", "chain rule, power", "chain rule, sine",
    "chain rule, exponential",
)  # fmt: skip


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
    found = list(_steps(begin, set()))[:MAX_STEPS]
    rules = {one.rule for one in found}
    questions = []
    for k, one in enumerate(found):
        identity = f"rule-{i}-{j}-{k}"
        questions.append(
            Question(
                identity,
                CHOICE,
                i,
                j,
                first + k,
                PlainPen(one.texts, one.symbol).derivative(one.before),
                TexPen(one.names, one.symbol).derivative(one.before),
                _choices(one.rule, rules, identity),
                one.rule,
                "rule",
                "step",
                _ADVICE,
            )
        )
    return questions


def _steps(step: Step, asked: set[object]) -> Iterator[Step]:
    """Yield the steps that apply a rule worth asking for, each expression once."""
    if step.rule in TRIVIAL or step.before in asked:
        return
    asked.add(step.before)
    if len(TexPen(step.names, step.symbol).derivative(step.before)) <= MAX_LENGTH:
        yield step
    for child in step.children:
        yield from _steps(child, asked)


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
    picked = [*others, *draw.sample(more, len(more))][: CHOICES - 1]
    return tuple(sorted([right, *picked]))
