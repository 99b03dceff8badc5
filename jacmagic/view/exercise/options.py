"""Options of an exercise: its kind, how many entries, how many variants."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jacmagic.errors import OptionError
from jacmagic.view.exercise.kinds import KINDS

MAX_SEEDS = 1_000  # variants of one exercise, all in one page: about 2 MB, unpacked

_FIRST = next(iter(KINDS))
_TYPED = re.compile(r"(?P<kind>[a-z]+)(?:=(?P<count>[1-9]\d*))?")


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
        found = _TYPED.fullmatch(text)
        if found is None or found["kind"] not in KINDS:
            near = next((one for one in KINDS if one[0] == text[:1].lower()), _FIRST)
            raise OptionError(
                f"--quiz needs one of {', '.join(KINDS)}, or {_FIRST}=3 for three of them; "
                f"found {text}; write --quiz {near}"
            )
        if not 1 <= seeds <= MAX_SEEDS:
            raise OptionError(
                f"--seeds needs a number of variants from 1 to {MAX_SEEDS:,}; found {seeds}; "
                "write --seeds 40"
            )
        count = None if found["count"] is None else int(found["count"])
        return cls(found["kind"], count, seeds)
