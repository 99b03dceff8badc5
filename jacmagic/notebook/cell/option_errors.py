"""Messages of the option parser: one sentence, with carets under the wrong part."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from jacmagic.notebook.cell.line import Line

_ARGUMENT = re.compile(r"argument ([-\w/]+): (.*)", re.DOTALL)
_CHOICE = re.compile(r"invalid choice: '?(.*?)'? \(choose from (.*)\)", re.DOTALL)
_KIND = re.compile(r"invalid (int|float) value: '(.*)'", re.DOTALL)
_EXAMPLES = {"int": ("an integer", "4"), "float": ("a number", "2.5")}


def explained(message: str, line: Line, flags: Collection[str]) -> str:
    """Return a parser's message as what was expected, found and to write, with carets.

    Args:
        message: one of argparse's, or of `options.check`, which begins with the option.
        line: the whole line.
        flags: the options without a value.
    """
    argument = _ARGUMENT.fullmatch(message)
    if argument is None:
        named = re.findall(r"(?<!\S)--?[a-z][\w-]*", message)[:1]
        return message + _mark(line, named, flags)
    names = argument[1].split("/")
    return _sentence(names[-1], argument[2]) + _mark(line, names, flags)


def _sentence(name: str, problem: str) -> str:
    choice, kind = _CHOICE.fullmatch(problem), _KIND.fullmatch(problem)
    if choice is not None:
        allowed = re.findall(r"[\w-]+", choice[2])
        near = (difflib.get_close_matches(choice[1], allowed, n=1) or allowed)[0]
        return f"{name} needs one of {', '.join(allowed)}; found {choice[1]}; write {name} {near}"
    if kind is not None:
        expected, example = _EXAMPLES[kind[1]]
        return f"{name} needs {expected}; found {kind[2]}; write {name} {example}"
    return f"{name}: {problem}"


def _mark(line: Line, names: list[str], flags: Collection[str]) -> str:
    """Return the line with carets under an option's value, or under an option without one."""
    for name in names:
        gap = r"[= ]*" if len(name) == 2 else r"(?:=| +|$)"
        match = re.search(rf"(?<!\S){re.escape(name)}{gap}(\S*)", line.text)
        if match is not None:
            if name in flags:
                return line.mark(match.start(), len(name))
            return line.mark(match.start(1), len(match[1]))
    return ""
