"""Tab completion of the magic's line: options, their values, and the names of the inputs.

The cell below the line is read as text, so names complete before anything has run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from jacmagic.errors import CellError
from jacmagic.function.syntax.bindings import normal
from jacmagic.function.syntax.parameters import parameters_of
from jacmagic.notebook.cell import read_cell

IDENTIFIER = "jacmagic"
MAGICS = ("%jacobian", "%%jacobian", "%hessian", "%%hessian")
VALUES: Mapping[str, tuple[str, ...]] = {
    "--mode": ("auto", "forward", "reverse", "rows", "sparse"),
    "--layout": ("numerator", "denominator"),
    "--dtype": ("float64", "float32", "float16", "bfloat16"),
    "--device": ("cpu", "cuda", "mps"),
}


def matcher_for(
    namespace: Callable[[], Mapping[str, Any]], flags: Iterable[str], valued: Iterable[str]
) -> Callable[[CompletionContext], SimpleMatcherResult]:
    """Return a matcher for `Completer.custom_matchers`.

    Args:
        namespace: gives the user's namespace at the time of completion.
        flags: the options without a value.
        valued: the options with one.
    """
    options = sorted({*flags, *valued}, key=lambda name: name.lstrip("-").lower())

    @context_matcher(identifier=IDENTIFIER)
    def matcher(context: CompletionContext) -> SimpleMatcherResult:
        lines = context.full_text.split("\n")
        before = lines[context.cursor_line][: context.cursor_position]
        words = before.split()
        if not words or words[0] not in MAGICS or before == words[0]:
            return _result([])
        fragment = "" if before[-1].isspace() else words[-1]
        done = words[1:] if not fragment else words[1:-1]
        cell = "\n".join(lines[context.cursor_line + 1 :]) if words[0].startswith("%%") else None
        found = _complete(fragment, done, cell, namespace, options, frozenset(valued))
        completions = [SimpleCompletion(text, type="magic") for text in found]
        if not completions:
            return _result([])
        return _result(completions, suppress=True, ordered=True, matched_fragment=fragment)

    return matcher


def _result(completions: list[SimpleCompletion], **more: Any) -> SimpleMatcherResult:
    return cast(SimpleMatcherResult, {"completions": completions, **more})  # the rest is optional


def _complete(
    fragment: str,
    done: list[str],
    cell: str | None,
    namespace: Callable[[], Mapping[str, Any]],
    options: list[str],
    valued: frozenset[str],
) -> list[str]:
    """Everything that may stand where `fragment` stands."""
    option, equals, value = fragment.partition("=")
    if equals and option in valued:
        names = _values(option, value, done, cell, namespace)
        return [f"{option}={text}" for text in names]
    if done and done[-1] in valued:
        return _values(done[-1], fragment, done, cell, namespace)
    if fragment.startswith("-"):
        return [name for name in options if name.startswith(fragment)]
    if equals:
        return []
    given = {normal(word.partition("=")[0]) for word in done}
    names = [name for name in _inputs(done, cell, namespace) if name not in given]
    return [f"{name}=" for name in names if _begins(name, fragment)]


def _begins(name: str, typed: str) -> bool:
    """Whether a name begins with what was typed, as Python reads names: x̂ and ẋ have two forms."""
    return name.startswith((typed, normal(typed)))


def _values(
    option: str,
    fragment: str,
    done: list[str],
    cell: str | None,
    namespace: Callable[[], Mapping[str, Any]],
) -> list[str]:
    """Values of one option that begin with `fragment`."""
    if option == "--wrt":
        head, comma, last = fragment.rpartition(",")
        names = [*_inputs(done, cell, namespace), *_groups(done, cell, namespace)]
        chosen = [normal(name) for name in head.split(",")]
        return [head + comma + n for n in names if _begins(n, last) and n not in chosen]
    if option == "--range":
        return [f"{n}=" for n in _inputs(done, cell, namespace) if _begins(n, fragment)]
    if option == "--of":
        return [name for name in _functions(cell) if _begins(name, fragment)]
    return [text for text in VALUES.get(option, ()) if text.startswith(fragment)]


def _functions(cell: str | None) -> list[str]:
    try:
        read = read_cell(cell or "")
    except (CellError, SyntaxError):  # still being typed
        return []
    return [*dict.fromkeys((*read.candidates, *read.assigned))]


def _inputs(
    done: list[str], cell: str | None, namespace: Callable[[], Mapping[str, Any]]
) -> list[str]:
    """Names of the arguments: by the text of the cell, or of the target that exists."""
    if cell is None:
        target = _target(done, namespace())
        return _arguments(target)
    of = _after("--of", done)
    try:
        read = read_cell(cell, of=of)
        if read.function is not None:
            return [*parameters_of(cell, read.function)]
    except (CellError, SyntaxError):  # still being typed
        return []
    return [name for name in read.free_names if not callable(namespace().get(name))]


def _groups(
    done: list[str], cell: str | None, namespace: Callable[[], Mapping[str, Any]]
) -> list[str]:
    """Return what `--wrt` of a module takes besides its arguments."""
    target = _target(done, namespace()) if cell is None else None
    weights = getattr(target, "named_parameters", None)
    return [] if weights is None else ["inputs", "parameters", *(name for name, _ in weights())]


def _target(done: list[str], namespace: Mapping[str, Any]) -> Any:
    """The value of a target that is a plain name or a chain of attributes; nothing is called."""
    for word in done:
        first, *rest = word.split(".")
        if first in namespace:
            value = namespace[first]
            for name in rest:
                value = inspect.getattr_static(value, name, None)
            return value
    return None


def _arguments(target: Any) -> list[str]:
    symbols = getattr(target, "free_symbols", None)
    if symbols is not None:
        return sorted(symbol.name for symbol in symbols)
    try:
        parameters = inspect.signature(getattr(target, "forward", target)).parameters
    except (TypeError, ValueError):  # no target yet, or a builtin
        return []
    return [name for name in parameters if name != "self"]


def _after(option: str, done: list[str]) -> str | None:
    """Return the value given to an option in the words already typed."""
    for position, word in enumerate(done):
        if word == option and position + 1 < len(done):
            return done[position + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
