"""Measure the judge of exercises on right answers and on planted mistakes.

    python tools/exercises.py             # 1,000 right answers, 300 mistakes
    python tools/exercises.py --every 60  # a sample, for a quick look

The answers are those of `tools/exercise_answers.py`. A false alarm is a right answer that is not
judged right. Everything that goes wrong is printed.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tools")]

from comparison import subjects  # noqa: E402
from exercise_answers import (  # noqa: E402
    STYLES,
    Answer,
    is_typed,
    right_answers,
    wrong_answers,
)

from jacmagic.result.exercise.judge import Judge  # noqa: E402

RIGHT, MISTAKES = 1_000, 300


@dataclass
class Counts:
    """What was judged.

    Attributes:
        right: right answers, judged right, and not readable.
        mistakes: of each mistake, planted, judged wrong, with any name, and with its own.
        seconds: for each judgement.
    """

    right: list[int] = field(default_factory=lambda: [0, 0, 0])
    mistakes: dict[str, list[int]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def judged(self, judge: Judge, i: int, j: int, text: str) -> Any:
        """Judge one answer and keep the time."""
        start = time.perf_counter()
        found = judge.judge(i, j, text)
        self.seconds.append(time.perf_counter() - start)
        return found

    @property
    def planted(self) -> list[int]:
        """The sums over all mistakes."""
        return [sum(row[k] for row in self.mistakes.values()) for k in range(4)]


def count(counts: Counts, judge: Judge, answer: Answer) -> None:
    """Judge one answer, add it to the counts, and print what went wrong."""
    found = counts.judged(judge, answer.row, answer.column, answer.text)
    where = f"{answer.where} {answer.row},{answer.column} {answer.name}"
    if not answer.kinds:
        counts.right[0] += 1
        counts.right[1] += bool(found)
        counts.right[2] += found.verdict == "not readable"
        if not found:
            print(f"ALARM {where}: {answer.text}\n{found!r}", flush=True)
        return
    row = counts.mistakes.setdefault(answer.name, [0, 0, 0, 0])
    row[0] += 1
    row[1] += found.verdict == "wrong"
    row[2] += bool(found.kind)
    row[3] += found.kind in answer.kinds
    if found.kind not in answer.kinds:
        print(f"{where}: {found.kind} {found!r}", flush=True)


def measured(every: int, start: int = 0, each: int = 6) -> Counts:
    """Return the counts of every n-th function, from the one at `start` on."""
    counts = Counts()
    for seed, subject in enumerate(subjects(every, start)):
        if not any(is_typed(subject.right.matrix[at]) for at in subject.right.entries()):
            continue
        judge = Judge(subject.jacobian)
        right, wrong = counts.right[0] < RIGHT, counts.planted[0] < MISTAKES
        for answer in right_answers(subject, seed, STYLES) if right else ():
            count(counts, judge, answer)
        for answer in wrong_answers(subject, seed, each, STYLES) if wrong else ():
            count(counts, judge, answer)
        if not right and not wrong:
            break
    return counts


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=3, help="take every n-th function only")
    given = parser.parse_args()
    counts = measured(given.every)
    for name, row in counts.mistakes.items():
        print(f"{name:40} {row}")
    total, right, unreadable = counts.right
    print(f"right answers: {total}, judged right {right}, not readable {unreadable}")
    planted_, wrong, any_name, own = counts.planted
    print(f"mistakes: {planted_}, wrong {wrong}, with a name {any_name}, with their own {own}")
    seconds = sorted(counts.seconds)
    print(f"median {1e3 * seconds[len(seconds) // 2]:.1f} ms, longest {1e3 * seconds[-1]:.0f} ms")


if __name__ == "__main__":
    main()
