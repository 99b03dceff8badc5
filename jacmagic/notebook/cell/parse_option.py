"""Parse one option of the magic's line, with its value."""

from __future__ import annotations

from collections.abc import Collection

from jacmagic.errors import CellError
from jacmagic.notebook.cell.line import Line
from jacmagic.notebook.cell.tokens import Token

# Names of keywords and fields in Python → the option of the line.
_AS_IN_PYTHON = {
    "--digits": "-p/--precision", "--strategy": "--mode", "--chunk-size": "--chunk",
    "--live": "--still", "--point": "--at", "--names": "--numbers", "--formula": "--no-formula",
    "--hessian": "%hessian", "--check": "%jacobian_check",
}  # fmt: skip
_USUAL = {"--quiz": "entries"}  # options whose value may be left out, and the value they then have
_MIN_LETTERS = 4  # of a kind of exercise, so that x=3 is a value of the point


def parse_option(
    line: Line,
    token: Token,
    queue: list[Token],
    flags: Collection[str],
    valued: Collection[str],
) -> str:
    """Return one option with its value attached, unambiguous for argparse.

    Args:
        line: the whole line, for messages.
        token: begins with the option.
        queue: the tokens that follow; the option's value is taken from it.
        flags: the options without a value.
        valued: the options with a value.

    Raises:
        CellError: the option is unknown, lacks its value, or has one that it does not take.
    """
    name, equals, value = token.text.partition("=")
    if name in flags:
        if equals:
            raise CellError(
                f"{name} takes no value; write {name} alone"
                + line.mark(token.column, len(token.text))
            )
        return name
    short = name[:2]
    if name not in valued and short in valued and not name.startswith("--"):
        name, value, equals = short, token.text[2:], "="  # -p6
    if name not in valued:
        raise CellError(_unknown(name, [*flags, *valued]) + line.mark(token.column, len(name)))
    is_alone = equals or not queue or _is_option(queue[0].text, flags, valued)
    if not is_alone and (name not in _USUAL or _is_exercise(queue[0].text)):
        value = queue.pop(0).text
    value = _unquoted(value or _USUAL.get(name, ""))
    if not value:
        raise CellError(
            f"{name} needs a value; write {name} VALUE" + line.mark(token.column, len(name))
        )
    return f"{name}={value}" if name.startswith("--") else f"{name}{value}"


def _is_option(text: str, flags: Collection[str], valued: Collection[str]) -> bool:
    name = text.partition("=")[0]
    return name in flags or name in valued or text.startswith("--")


def _is_exercise(text: str) -> bool:
    """Whether a text is a value of `--quiz`, such as steps or entries=3, and no name=value."""
    kind, equals, _ = text.partition("=")
    if not equals:
        return True
    from jacmagic.view.exercise.kinds import KINDS  # loads torch, as an exercise does

    return len(kind) >= _MIN_LETTERS and any(name.startswith(kind[:_MIN_LETTERS]) for name in KINDS)


def _unquoted(value: str) -> str:
    """Remove quotes around the whole value, as a shell does."""
    quoted = len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]
    return value[1:-1] if quoted and value[0] not in value[1:-1] else value


def _unknown(name: str, options: list[str]) -> str:
    import difflib  # 20 ms that only a mistake needs

    near = difflib.get_close_matches(name, [*_AS_IN_PYTHON, *options], n=1)
    meant = _AS_IN_PYTHON.get(near[0], near[0]) if near else None
    hint = "write -h to see them all" if meant is None else f"did you mean {meant}?"
    return f"there is no option {name}; {hint}"
