"""Calls of the functions of stages: arguments, their C types, and how a table holds them.

An argument is written as in the text of a stage: a buffer from some component on, a table, or an
integer marked by #.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# What a stage's function is called with: tables, buffers from some component on, and integers.
ARGUMENTS = re.compile(
    r"\(\(const \w+ \*\)tables\[\d+\]\)|\((?:[wx]\d+|[Jy]) \+ \d+\)|\b(?:[wx]\d+|[Jy])\b|#\d+"
)


@dataclass(frozen=True)
class Function:
    """A C function that computes stages.

    Attributes:
        number: in the order of the functions.
        text: its declaration and body.
        case: the statement that calls it with the arguments of a call, see `point`.
    """

    number: int
    text: str
    case: str


def c_type(argument: str, written: str) -> str:
    """Return the C type of an argument of a stage's function, by the buffer that is written."""
    if argument.startswith("#"):
        return "const long"
    if is_table(argument):
        return f"{argument[2 : argument.index(' *')]} *restrict"
    return "double *restrict" if _buffer(argument)[0] == written else "const double *restrict"


def encoded(argument: str, starts: dict[str, tuple[int, int]]) -> tuple[int, ...]:
    """Return what the table of calls holds for an argument.

    Args:
        argument: of a call.
        starts: base and offset of each buffer.

    Returns:
        An integer itself, the number of a table, or a base and an offset.
    """
    if argument.startswith("#"):
        return (int(argument[1:].split()[0]),)
    if is_table(argument):
        return (int(argument[argument.index("[") + 1 : -2]),)
    name, component = _buffer(argument)
    base, offset = starts[name]
    return base, offset + component


def _buffer(argument: str) -> tuple[str, int]:
    """Return the buffer to which an argument points, and the component."""
    name, _, offset = argument.strip("()").partition(" + ")
    return name, int(offset or 0)


def case_of(number: int, returns: str, arguments: Iterable[str]) -> str:
    """Return the statement that calls a function with the arguments that `at` holds."""
    at, values = 1, []
    for argument in arguments:
        kind = "INTEGER" if argument.startswith("#") else "BUFFER"
        values.append(f"{'TABLE' if is_table(argument) else kind}({at})")
        at += 2 if values[-1].startswith("BUFFER") else 1
    call = f"stage{number}({', '.join(values)})"
    call = f"if ({call}) return 1" if returns == "int" else call
    return f"case {number}: {call}; at += {at}; break;"


def is_table(argument: str) -> bool:
    """Whether what a stage reads is a table."""
    return argument.startswith("((")
