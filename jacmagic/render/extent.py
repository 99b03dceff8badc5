"""The width of LaTeX, estimated in letters, and its height in lines of text."""

from __future__ import annotations

import re

_FRACTION = re.compile(r"\\frac\s*{([^{}]*)}\s*{([^{}]*)}")
_FRAMES = (  # of matrices with lines, and what they are without
    (re.compile(r"\\left\[ \\begin{array}{[c|]*}"), r"\\begin{bmatrix}"),
    (re.compile(r"\\end{array} \\right\]"), r"\\end{bmatrix}"),
    (re.compile(r"\\hline "), ""),
)
_GROUP = re.compile(r"(\\[a-zA-Z]+|[^}\s]){([^{}]*)}")
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
FUNCTION_NAMES = frozenset(
    "sin cos tan cot sec csc ln exp arcsin arccos arctan sinh cosh tanh max min det".split()
)
_SILENT = {"left", "right", "begin", "end", "mathrm", "mathbf", "text", "operatorname", "quad"}
ROW_LINES, FRACTION_LINES = 1.6, 2.6  # of a matrix, with the space below it


def extent(source: str) -> int:
    """Estimate the width of LaTeX in letters."""
    before = None
    for pattern, plain in _FRAMES:
        source = pattern.sub(plain, source)
    while before != source:
        before = source
        source = _FRACTION.sub(lambda match: max(match.groups(), key=extent), source)
        source = _GROUP.sub(_unwrapped, source)
    source = _COMMAND.sub(lambda match: _letters(match[1]), source)
    return len(re.sub(r"[\s{}_^\\]", "", source))


def height(source: str) -> float:
    """Estimate the height of LaTeX in lines of text, that of a matrix by its rows."""
    rows = re.split(r"\\\\(?:\[\w+\])?", source)
    return sum(FRACTION_LINES if r"\frac" in row else ROW_LINES for row in rows)


def _unwrapped(match: re.Match[str]) -> str:
    return match[0] if match[1] == r"\frac" else f"{match[1]} {match[2]}"


def _letters(command: str) -> str:
    if command in FUNCTION_NAMES:
        return command
    return "" if command in _SILENT else "x"
