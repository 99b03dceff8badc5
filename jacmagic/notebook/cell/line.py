"""The magic's line, aware of brackets and quotes: point, target and options in any order.

    x1=3 --strict x2=[1, 2] -p 6   ─read─▶   point (x1, x2) · options (--strict, -p6)

Knows no values: what stands right of a `=` stays the text of a Python expression.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass

from jacmagic.errors import CellError, caret
from jacmagic.function.syntax.bindings import is_name, normal
from jacmagic.function.syntax.hints import for_syntax
from jacmagic.notebook.cell.tokens import Token, tokens

_ASSIGNMENT = re.compile(r"([^\s=()\[\]{}'\",:;#<>!*+/%&|^~-]+)=(?!=)")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_CALL = re.compile(r"\((.*[^=<>!]=[^=].*)\)")  # %%jacobian(x=3)
_OPTION = re.compile(r"--?[^\W\d_][\w-]*")


@dataclass(frozen=True)
class Assignment:
    """One `name=value` of the point; `column` is where the name starts in the line."""

    name: str
    source: str
    column: int


@dataclass(frozen=True)
class Line:
    """What the user typed after the magic's name, taken apart.

    Attributes:
        text: the line as typed.
        point: the `name=value` pairs, in the order typed.
        target: the expression of `%jacobian TARGET`; `None` for the cell form.
        options: tokens for the option parser, every value attached to its option.
        head: the magic as typed before `text`; error messages draw `head + text`.
    """

    text: str
    point: tuple[Assignment, ...] = ()
    target: str | None = None
    options: tuple[str, ...] = ()
    head: str = "%%jacobian "

    def without_point(self, inputs: Collection[str]) -> tuple[str, str]:
        """The line around its point: the magic with its target, and all but the inputs' values.

        Args:
            inputs: names whose values are left out; `--at` is left out with them.

        Example:
            >>> Line("", options=("-p6", "--of=f"), target="g", head="%jacobian ").without_point([])
            ('%jacobian g', '-p6 --of=f')
        """
        fixed = [f"{one.name}={one.source}" for one in self.point if one.name not in inputs]
        kept = [_quoted(option) for option in self.options if not option.startswith("--at=")]
        return f"{self.head}{self.target or ''}".strip(), " ".join([*fixed, *kept])

    def mark(self, column: int, width: int = 1) -> str:
        """Return the line with carets under `width` characters from `column`, after a newline."""
        return "\n" + caret(self.head + self.text, len(self.head) + column, width)

    def mark_text(self, fragment: str) -> str:
        """Return the line with carets under the last place where `fragment` stands in it."""
        column = self.text.rfind(fragment)
        return "" if column < 0 else self.mark(column, len(fragment))

    def mark_end(self) -> str:
        """Return the line with a caret where something is missing: one blank after its end."""
        return self.mark(len(self.text.rstrip()) + 1)


def read_line(
    text: str,
    *,
    flags: Collection[str],
    valued: Collection[str],
    wants_target: bool,
    magic: str = "jacobian",
) -> Line:
    """Read the magic's line.

    Args:
        text: the line after the magic's name.
        flags: the options without a value, such as `"--strict"`.
        valued: the options with a value, such as `"--of"` or `"-p"`.
        wants_target: whether this is `%jacobian TARGET …` and not `%%jacobian …`.
        magic: the magic's name.

    Returns:
        The point, the target and the options; pairs and options may stand in any order.

    Raises:
        CellError: an option is unknown or lacks its value, a name stands twice, a bracket or
            quote stays open, or a value is no Python expression.

    Example:
        >>> read_line("x=3 -p 6", flags=(), valued=("-p",), wants_target=False).options
        ('-p6',)
    """
    line = Line(text, head=f"{'%' if wants_target else '%%'}{magic} ")
    parts = list(tokens(text, line.mark))
    if parts and parts[-1].text.endswith(";"):  # a trailing `;` silences the display
        parts[-1] = Token(parts[-1].text.rstrip(";"), parts[-1].column)
    point: list[Assignment] = []
    options: list[str] = []
    bare: list[Token] = []
    queue = [token for token in parts if token.text]
    while queue:
        token = queue.pop(0)
        match = _ASSIGNMENT.match(token.text)
        if _OPTION.match(token.text):
            options.append(_option(line, token, queue, flags, valued))
        elif match is not None and is_name(match[1]):
            point.append(_assignment(line, token, match, queue))
        else:
            _refuse_blanks(line, token, queue)
            bare.append(token)
    _refuse_duplicates(line, point)
    target = _target(line, bare, wants_target)
    return Line(text, tuple(point), target, tuple(options), line.head)


def _option(
    line: Line,
    token: Token,
    queue: list[Token],
    flags: Collection[str],
    valued: Collection[str],
) -> str:
    """One option with its value attached, as argparse reads it without doubt."""
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
    if not equals and queue and not _is_option(queue[0].text, flags, valued):
        value = queue.pop(0).text
    value = _unquoted(value)
    if not value:
        raise CellError(
            f"{name} needs a value; write {name} VALUE" + line.mark(token.column, len(name))
        )
    return f"{name}={value}" if name.startswith("--") else f"{name}{value}"


def _is_option(text: str, flags: Collection[str], valued: Collection[str]) -> bool:
    name = text.partition("=")[0]
    return name in flags or name in valued or text.startswith("--")


def _unquoted(value: str) -> str:
    """Return the value without the quotes around the whole of it, as a shell would read it."""
    quoted = len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]
    return value[1:-1] if quoted and value[0] not in value[1:-1] else value


def _quoted(option: str) -> str:
    """Return an option as it is typed: a value with blanks in it in quotes."""
    if not re.search(r"\s", option):
        return option
    name, value = option.split("=", 1) if option.startswith("--") else (option[:2], option[2:])
    quote = "'" if '"' in value else '"'
    return f"{name}{'=' if name.startswith('--') else ' '}{quote}{value}{quote}"


def _unknown(name: str, known: list[str]) -> str:
    import difflib  # only mistakes need it, and loading should be quick

    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "write -h to see them all"
    return f"there is no option {name}; {hint}"


def _assignment(line: Line, token: Token, match: re.Match[str], queue: list[Token]) -> Assignment:
    """`name=value` with a value that is a Python expression."""
    name = normal(match[1])
    source = token.text[match.end() :].removesuffix(",")
    marked = line.mark(token.column, len(token.text))
    if not source:
        value = queue[0].text if queue and not _ASSIGNMENT.match(queue[0].text) else "VALUE"
        raise CellError(
            f"the point needs a value for {name}; write {name}={value} without blanks{marked}"
        )
    if _DECIMAL_COMMA.fullmatch(source):
        raise CellError(
            f"expected one number for {name}; found two, {source}; write "
            f"{name}={source.replace(',', '.')} for a decimal number, or "
            f"{name}=[{source.replace(',', ', ')}] for a vector{marked}"
        )
    try:
        ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what the parser may raise
        hint = for_syntax(source) or "write name=value pairs with a blank between them"
        raise CellError(
            f"the value of {name} is no Python expression: {_shortened(source)}; {hint}"
            + line.mark(token.column + match.end(), len(source))
        ) from None
    return Assignment(name, source, token.column)


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _refuse_blanks(line: Line, token: Token, queue: list[Token]) -> None:
    """`x = 1` and `x =1`: blanks around the sign of a pair."""
    if not is_name(token.text) or not queue or not re.match("=(?!=)", queue[0].text):
        return
    value = queue[0].text[1:] or (queue[1].text if len(queue) > 1 else "VALUE")
    end = queue[0 if queue[0].text[1:] or len(queue) == 1 else 1]
    raise CellError(
        f"the point takes no blanks around =; write {token.text}={value}"
        + line.mark(token.column, end.column + len(end.text) - token.column)
    )


def _refuse_duplicates(line: Line, point: list[Assignment]) -> None:
    seen: set[str] = set()
    for assignment in point:
        if assignment.name in seen:
            raise CellError(
                f"the point names {assignment.name} twice; write it once"
                + line.mark(assignment.column, len(assignment.name))
            )
        seen.add(assignment.name)


def _target(line: Line, bare: list[Token], wants_target: bool) -> str | None:
    """Return the tokens that are neither pairs nor options, as one expression."""
    if not bare:
        return None
    first, last = bare[0], bare[-1]
    text = line.text[first.column : last.column + len(last.text)]
    marked = line.mark(first.column, len(text))
    if called := _CALL.fullmatch(text):
        raise CellError(
            f"the point stands behind the magic without brackets; found {_shortened(text)}; "
            f"write {line.head}{called[1].replace(', ', ' ').replace(',', ' ')}{marked}"
        )
    _refuse_unnamed(line, bare)
    if not wants_target:
        hint = _for_sign(first.text) or (for_syntax(text) if _is_broken(text) else None)
        raise CellError(
            f"expected name=value pairs and options; found {first.text!r}; "
            + (hint or "write values with blanks in brackets, such as x=(1 + 2)")
            + line.mark(first.column, len(first.text))
        )
    if _is_broken(text):
        raise CellError(
            f"expected one target, a function or an expression; found {text!r}; "
            + (for_syntax(text) or "write an expression with blanks in brackets")
            + marked
        )
    return text


def _refuse_unnamed(line: Line, bare: list[Token]) -> None:
    """`0=[1, 2]`: a pair whose left side is no name."""
    for token in bare:
        left, sign, value = token.text.partition("=")
        if sign and value[:1] not in {"", "="} and re.fullmatch(r"[^\W_][\w.]*", left):
            raise CellError(
                f"expected the name of an argument before =; found {left}; "
                f"write for example x={value}" + line.mark(token.column, len(left))
            )


def _for_sign(text: str) -> str | None:
    """`x:1` and `x==1` for a pair."""
    name, sign, value = re.match(r"([^:=]*)(:=?|==|)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
    return f"write {name}={value}" if sign and value and is_name(name) else None


def _is_broken(text: str) -> bool:
    """Whether a text is no Python expression."""
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what the parser may raise
        return True
    return False
