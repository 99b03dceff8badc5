"""Measure both judges of exercises on right answers and on planted mistakes.

    python tools/exercises.py             # the browser's; rewrites docs/explanation/exercises.md
    python tools/exercises.py --kernel    # the kernel's; prints only
    python tools/exercises.py --every 60  # a sample, for a quick look; prints only

The answers are those of `tools/exercise_answers.py`. The browser's judge is run in Node.js, from
the modules of an exercise's page. A false alarm is a right answer that is not judged right.
Everything that goes wrong is printed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tools")]

from comparison import Subject, Table, subjects  # noqa: E402
from exercise_answers import Answer, right_answers, wrong_answers  # noqa: E402

from jacmagic.errors import OptionError  # noqa: E402
from jacmagic.result.exercise.judge import Judge  # noqa: E402
from jacmagic.view.exercise.traits import function_of  # noqa: E402

PAGE = ROOT / "docs" / "explanation" / "exercises.md"
EVERY = 2  # functions of which one is taken for the page
# What a mistake of the whole matrix is called in one of its entries.
_IN_ONE_ENTRY = {
    "swapped columns": frozenset({"variable", "index"}),
    "swapped rows": frozenset({"index"}),
    "transposed": frozenset({"transposed", "index", "variable"}),
    "not differentiated": frozenset({"function itself"}),
}

Asked = Sequence[tuple[Subject, Answer]]
Results = Iterable[dict[str, Any]]  # verdict, kind, text and milliseconds


@dataclass
class Tally:
    """Counts.

    Attributes:
        right: of right answers in each form; finding: judged right.
        mistakes: of each mistake; findings: judged wrong, with a name, with its own.
        milliseconds: of each judgement.
    """

    right: Table = field(default_factory=Table)
    mistakes: Table = field(default_factory=Table)
    milliseconds: list[float] = field(default_factory=list)


def by_browser(asked: Asked) -> Results:
    """Return the browser's results."""
    node = shutil.which("node")
    assert node, "node is needed: apt-get install nodejs"
    known = {id(subject): subject for subject, _ in asked}
    numbers = {identity: number for number, identity in enumerate(known)}
    answers = [
        {"exercise": numbers[id(of)], "row": one.row, "column": one.column, "lines": [one.text]}
        for of, one in asked
    ]
    exercises = [function_of(subject.jacobian) for subject in known.values()]
    command = [node, str(ROOT / "tools" / "judge.mjs")]
    data = json.dumps({"exercises": exercises, "answers": answers})
    made = subprocess.run(command, input=data, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    results: Results = json.loads(made.stdout)
    return results


def by_kernel(asked: Asked) -> Results:
    """Yield the kernel's results."""
    judges: dict[int, Judge] = {}
    for subject, answer in asked:
        judge = judges.setdefault(id(subject), Judge(subject.jacobian))
        start = time.process_time()
        found = judge.judge(answer.row, answer.column, answer.text)
        yield {
            "verdict": found.verdict,
            "kind": found.kind,
            "text": repr(found),
            "milliseconds": 1e3 * (time.process_time() - start),
        }


def _runs_in_browser(subject: Subject) -> bool:
    try:
        return bool(function_of(subject.jacobian))
    except OptionError:
        return False


def measured(
    judged: Callable[[Asked], Results],
    every: int,
    start: int = 0,
    right: int = 1000,
    wrong: int = 300,
) -> Tally:
    """Return the counts of every n-th function, until there are enough."""
    asked: list[tuple[Subject, Answer]] = []
    counts = [0, 0]
    for seed, subject in enumerate(subjects(every, start)):
        if not _runs_in_browser(subject):
            continue
        found = list(right_answers(subject, seed)) if counts[0] < right else []
        found += wrong_answers(subject, seed) if counts[1] < wrong else []
        asked += [(subject, one) for one in found]
        counts[0] += sum(not one.kinds for one in found)
        counts[1] += sum(bool(one.kinds) for one in found)
        if counts[0] >= right and counts[1] >= wrong:
            break
    tally = Tally()
    for (_, answer), result in zip(asked, judged(asked), strict=True):
        count(tally, answer, result)
    return tally


def count(tally: Tally, answer: Answer, result: dict[str, Any]) -> None:
    """Add one result to the counts, and print what went wrong."""
    tally.milliseconds.append(result["milliseconds"])
    what = f"{answer.where} {answer.row},{answer.column} {answer.name}: {answer.text}"
    if not answer.kinds:
        is_right = result["verdict"] == "right"
        tally.right.count(answer.name, is_right)
        if not is_right:
            print(f"ALARM {what}\n   {result}", flush=True)
        return
    kinds = answer.kinds.union(*(_IN_ONE_ENTRY.get(kind, frozenset()) for kind in answer.kinds))
    own = result["kind"] in kinds
    is_wrong = result["verdict"] != "right"
    tally.mistakes.count(answer.name, is_wrong, bool(result["kind"]), own)
    if not own:
        print(f"{what}\n   {result['verdict']} {result['kind']}: {result['text']}", flush=True)


TEMPLATE = """# How reliable the exercises are

This page is written by `python tools/exercises.py`.
[Make exercises](../how-to/exercises.md) shows how they are used.

## How an answer is judged

The page of an exercise contains the function as a list of operations,
and no derivative that is asked for.
It differentiates the function itself, and evaluates that and the answer at {points} random points
near the exercise's point, in the function's domain and on the branch of the point.
Two values are equal where they differ by no more than the bounds on their rounding errors, which a
running error analysis carries along; a point counts only where these bounds leave six digits.
A mistake is named where a derivative with one rule broken has the answer's values at all points.

## Right answers

Entries of the functions of `tests/corpus` that a person can derive, in other forms,
typed as Python, by hand or as LaTeX.

| form | answers | judged right |
|---|---|---|
{right}
| total | {answers} | {correct} |

## Planted mistakes

They are planted by programs that know nothing of how mistakes are looked for.
"A name" counts any explanation that has the answer's values at all points, "its own" those of the
planted kind.

| mistake | planted | judged wrong | a name | its own |
|---|---|---|---|---|
{mistakes}
| total | {planted} | {wrong} | {named} ({share:.1f} %) | {own} ({own_share:.1f} %) |

A judgement takes {median:.1f} ms in the median and at most {longest:.0f} ms, the search for the
mistake included.
"""


def page(tally: Tally) -> str:
    """Return the page as Markdown."""
    answers, correct = tally.right.sums(2)
    planted, wrong, named, own = tally.mistakes.sums(4)
    times = sorted(tally.milliseconds)
    return TEMPLATE.format(
        points=8,
        right=Table(sorted(tally.right.items())), answers=answers, correct=correct,
        mistakes=Table(sorted(tally.mistakes.items())), planted=planted, wrong=wrong,
        named=named, own=own, share=100 * named / max(planted, 1),
        own_share=100 * own / max(planted, 1),
        median=times[len(times) // 2], longest=times[-1],
    )  # fmt: skip


def main() -> None:
    """Count everything and write the page, or print a sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=EVERY, help="take every n-th function only")
    parser.add_argument("--kernel", action="store_true", help="the judge of the kernel")
    given = parser.parse_args()
    text = page(measured(by_kernel if given.kernel else by_browser, given.every))
    is_page = given.every == EVERY and not given.kernel
    PAGE.write_text(text, encoding="utf-8") if is_page else print(text)


if __name__ == "__main__":
    main()
