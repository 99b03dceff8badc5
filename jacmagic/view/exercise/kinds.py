"""The kinds of exercise, what each leaves blank and how a page asks for it; options of one.

To add a kind: a line of `KINDS`. Its questions are of the kinds that `question` lists, so that
pages, worksheets and graders know how to ask and to judge; a choice brings its own answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jacmagic.errors import OptionError
from jacmagic.result.core import JacobianResult
from jacmagic.view.exercise.question import (
    ENTRY,
    NUMBER,
    STEPS,
    Question,
    entry_question,
    rule_questions,
)

MAX_SEEDS = 1_000  # variants of one exercise, all in one page: about 2 MB, unpacked

_TYPED = re.compile(r"(?P<kind>[a-z]+)(?:=(?P<count>[1-9]\d*))?")
Entry = tuple[int, int]


@dataclass(frozen=True)
class Kind:
    """What is left blank, and how it is asked for.

    Attributes:
        task: what is to be done, one sentence.
        front: which blanks a page draws, a key of `FRONTS` in `static/quiz_view.mjs`.
        questions: from a result and chosen entries to what is asked.
        is_matrix: whether the blanks are entries of the matrix.
        at_points: whether every variant has a point of its own, instead of other entries.
        typing: how answers are typed on a page, if that is not obvious.
    """

    task: str
    front: str
    questions: Callable[[JacobianResult, Sequence[Entry]], list[Question]]
    is_matrix: bool = False
    at_points: bool = False
    typing: str = ""


def _each(kind: str) -> Callable[[JacobianResult, Sequence[Entry]], list[Question]]:
    """Return what makes one question of a kind for each entry."""
    return lambda jacobian, entries: [
        entry_question(jacobian, kind, entry, k) for k, entry in enumerate(entries, 1)
    ]


KINDS: dict[str, Kind] = {
    "entries": Kind(
        "Write the entries that are left blank.",
        "entries",
        _each(ENTRY),
        is_matrix=True,
        typing="Enter checks. Write 2x, x^2, sqrt(x), e^(−x), sin(x)², or LaTeX; names as in the "
        "function.",
    ),
    "numbers": Kind(
        "Write the entries at this point as numbers.",
        "numbers",
        _each(NUMBER),
        is_matrix=True,
        at_points=True,
        typing="Enter checks. Write 12, 3/4, −sqrt(2)/2, 2pi, or a decimal with three digits.",
    ),
    "steps": Kind(
        "Derive these entries line by line.",
        "steps",
        _each(STEPS),
        typing="Enter checks a line. Write derivatives that are left as d/dx(…), D(…) or (…)′.",
    ),
    "rules": Kind("Name the rule that each step begins with.", "choices", rule_questions),
}
_FIRST = next(iter(KINDS))


@dataclass(frozen=True)
class QuizOptions:
    """What is left blank; see `Jacobian.quiz`. Without `entries`, their number decides.

    Raises:
        OptionError: there is no such kind or number.
    """

    kind: str = "entries"
    entries: int | None = None
    seeds: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise OptionError(
                f"expected a kind of exercise: {', '.join(KINDS)}; found {self.kind!r}; "
                f'write kind="{_FIRST}"'
            )
        if self.entries is not None and (type(self.entries) is not int or self.entries < 1):
            raise OptionError(
                f"expected a number of entries, at least 1; found {self.entries!r}; write entries=3"
            )
        if type(self.seeds) is not int or not 1 <= self.seeds <= MAX_SEEDS:
            raise OptionError(
                f"expected a number of variants from 1 to {MAX_SEEDS:,}; found {self.seeds!r}; "
                "write seeds=40"
            )

    @classmethod
    def typed(cls, text: str, seeds: int = 1) -> QuizOptions:
        """Read the value of `--quiz`: one of `KINDS`, or "entries=3".

        Raises:
            OptionError: it is none of these.
        """
        match = _TYPED.fullmatch(text)
        if match is None or match["kind"] not in KINDS:
            near = next((kind for kind in KINDS if kind[0] == text[:1].lower()), _FIRST)
            raise OptionError(
                f"--quiz needs one of {', '.join(KINDS)}, or {_FIRST}=3 for three of them; "
                f"found {text}; write --quiz {near}"
            )
        if not 1 <= seeds <= MAX_SEEDS:
            raise OptionError(
                f"--seeds needs a number of variants from 1 to {MAX_SEEDS:,}; found {seeds}; "
                "write --seeds 40"
            )
        count = None if match["count"] is None else int(match["count"])
        return cls(match["kind"], count, seeds)
