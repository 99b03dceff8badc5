"""A failing program made smaller while it fails in the same way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from compare import failure_of
from programs import Program


def minimised(program: Program, failure: str) -> tuple[Program, str]:
    """Return the smallest program found, and how it fails."""
    kind = _kind(failure)
    changed = True
    while changed:
        changed = False
        for smaller in _smaller(program):
            found = failure_of(smaller)
            if found is not None and _kind(found) == kind:
                program, failure, changed = smaller, found, True
                break
    return program, failure


def _kind(failure: str) -> str:
    """Return the kind of a failure, and for a crash the exception's name."""
    parts = failure.split(":")
    return ":".join(parts[: 2 if parts[0] == "crash" else 1])


def _smaller(program: Program) -> Iterator[Program]:
    lines = program.lines
    for k in reversed(range(len(lines))):
        name = re.match(r"v\d+", lines[k])
        rest = (*lines[:k], *lines[k + 1 :])
        if name is None:
            continue
        word = rf"\b{name[0]}\b"
        used = [line for line in (*rest, program.result) if re.search(word, line)]
        if not used:
            yield replace(program, lines=rest)
            continue
        for other in ["x", *(f"v{j}" for j in range(k))]:
            yield replace(
                program,
                lines=tuple(re.sub(word, other, line) for line in rest),
                result=re.sub(word, other, program.result),
            )
    for k, number in enumerate(program.point):
        for simple in (0.0, 1.0, round(number, 1)):
            if abs(simple) < abs(number) or len(repr(simple)) < len(repr(number)):
                point = (*program.point[:k], simple, *program.point[k + 1 :])
                yield replace(program, point=point)
