"""Tab completion of the magic's line: options, their values, input names.

The cell below the line is parsed, not run, so that names complete before it has run.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
MANIFOLDS = tuple(  # `function.manifolds` has them too, but loads torch
    f"{name}:{side}" for name in ("SO3", "SE3", "quat", "quat_xyzw") for side in ("right", "left")
)
SUGGESTIONS: Mapping[str, tuple[str, ...]] = {  # values of options that take others as well
    "--dtype": ("float64", "float32", "float16", "bfloat16"),
    "--device": ("cpu", "cuda", "mps"),
    "--out": MANIFOLDS,
}


def matcher_for(
    namespace: Callable[[], Mapping[str, Any]], parsers: Mapping[str, argparse.ArgumentParser]
) -> Callable[[CompletionContext], SimpleMatcherResult]:
    """Return a matcher for `Completer.custom_matchers`.

    Args:
        namespace: returns the user's namespace at the time of completion.
        parsers: of each magic's options.
    """
    options = {
        magic: {name: action for action in parser._actions for name in action.option_strings}
        for magic, parser in parsers.items()
    }

    @context_matcher(identifier=IDENTIFIER)
    def matcher(context: CompletionContext) -> SimpleMatcherResult:
        above, cell = _split_at_cursor(context)
        magic, *words = above.split() or [""]
        name = magic.removeprefix("%").removeprefix("%")
        if name not in options or magic == name or above == magic:
            return _result([])
        fragment = "" if above[-1].isspace() else words.pop()
        below = cell if magic.startswith("%%") else None
        texts = _TypedLine(words, below, namespace(), options[name], name).completions(fragment)
        if not texts:
            return _result([])
        completions = [SimpleCompletion(text, type="magic") for text in texts]
        return _result(completions, suppress=True, ordered=True, matched_fragment=fragment)

    return matcher


def _split_at_cursor(context: CompletionContext) -> tuple[str, str]:
    """Return the line before the cursor, and the lines below it."""
    lines = context.full_text.split("\n")
    before = lines[context.cursor_line][: context.cursor_position]
    return before, "\n".join(lines[context.cursor_line + 1 :])


def _result(completions: list[SimpleCompletion], **more: Any) -> SimpleMatcherResult:
    return cast(SimpleMatcherResult, {"completions": completions, **more})  # the rest is optional


@dataclass(frozen=True)
class _TypedLine:
    """The words before the cursor, the cell below, and the names that exist."""

    words: list[str]
    cell: str | None
    namespace: Mapping[str, Any]
    options: Mapping[str, argparse.Action]
    magic: str = "jacobian"

    def completions(self, fragment: str) -> list[str]:
        """Return the words that begin with a fragment, and may follow the others."""
        option, equals, value = fragment.partition("=")
        if equals and self._takes_value(option):
            return [f"{option}={text}" for text in self._values(option, value)]
        if self.words and self._takes_value(self.words[-1]):
            return self._values(self.words[-1], fragment)
        if fragment.startswith("-"):
            names = sorted(self.options, key=lambda name: name.lstrip("-").lower())
            return [name for name in names if name.startswith(fragment)]
        if equals:
            return []
        assigned = {normal(word.partition("=")[0]) for word in self.words}
        inputs = [name for name in self._inputs() if name not in assigned]
        return [f"{name}=" for name in inputs if _begins(name, fragment)]

    def _takes_value(self, option: str) -> bool:
        return option in self.options and self.options[option].nargs != 0

    def _values(self, option: str, fragment: str) -> list[str]:
        """Return the values of an option that begin with a fragment."""
        if option == "--wrt":
            head, comma, last = fragment.rpartition(",")
            named, equals, manifold = last.rpartition("=")
            if equals:
                return [
                    f"{head}{comma}{named}={name}"
                    for name in MANIFOLDS
                    if name.startswith(manifold)
                ]
            chosen = [normal(name) for name in head.split(",")]
            names = [name for name in [*self._inputs(), *self._groups()] if name not in chosen]
            return [head + comma + name for name in names if _begins(name, last)]
        if option == "--range":
            return [f"{name}=" for name in self._inputs() if _begins(name, fragment)]
        if option == "--of":
            return [name for name in self._functions() if _begins(name, fragment)]
        values = self.options[option].choices or SUGGESTIONS.get(option, ())
        return [text for text in values if text.startswith(fragment)]

    def _functions(self) -> list[str]:
        try:
            read = read_cell(self.cell or "")
        except (CellError, SyntaxError):  # still being typed
            return []
        return [*dict.fromkeys((*read.candidates, *read.assigned))]

    def _inputs(self) -> list[str]:
        """Return the arguments' names from the cell's text or from an existing target."""
        if self.cell is None:
            return _arguments(self._target())
        try:
            read = read_cell(self.cell, of=self._value_of("--of"))
            if read.function is not None:
                return [*parameters_of(self.cell, read.function)]
        except (CellError, SyntaxError):  # still being typed
            return []
        return [name for name in read.free_names if not callable(self.namespace.get(name))]

    def _groups(self) -> list[str]:
        """Return what `--wrt` of a module takes besides its arguments."""
        weights = getattr(self._target(), "named_parameters", None)
        return [] if weights is None else ["inputs", "parameters", *(name for name, _ in weights())]

    def _target(self) -> Any:
        """Return the value of a name or a chain of attributes, without a call."""
        words = self.words if self.cell is None else []
        for word in words[::-1] if self.magic == "jacobian_check" else words:
            first, *rest = word.split(".")
            if first in self.namespace:
                value = self.namespace[first]
                for name in rest:
                    value = inspect.getattr_static(value, name, None)
                return value
        return None

    def _value_of(self, option: str) -> str | None:
        """Return the value of an option among the words."""
        for word, following in zip(self.words, [*self.words[1:], None], strict=False):
            name, equals, value = word.partition("=")
            if name == option:
                return value if equals else following
        return None


def _begins(name: str, typed: str) -> bool:
    """Whether a name begins with a fragment, in either Unicode form of x̂ and ẋ."""
    return name.startswith((typed, normal(typed)))


def _arguments(target: Any) -> list[str]:
    symbols = getattr(target, "free_symbols", None)
    if symbols is not None:
        return sorted(symbol.name for symbol in symbols)
    try:
        parameters = inspect.signature(getattr(target, "forward", target)).parameters
    except (TypeError, ValueError):  # no target yet, or a builtin
        return []
    return [name for name in parameters if name != "self"]
