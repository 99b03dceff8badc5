"""What all magics share: the parsed line, errors as one line, the stored result."""

from __future__ import annotations

import argparse
import functools
import tokenize
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.displayhook import DisplayHook
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, no_var_expand
from IPython.core.magic_arguments import kwds, magic_arguments

from jacmagic.errors import JacmagicError
from jacmagic.function.syntax.bindings import normal
from jacmagic.function.tracebacks import add_hint, from_users_frame, show_as_ipython
from jacmagic.notebook.cell import Line, explained
from jacmagic.notebook.options import option_names
from jacmagic.notebook.suppress_display import suppress_display

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jacmagic.function.target import Target

Method = Callable[..., Any]


def magic(description: str, usage: str, options: Sequence[Callable[[Method], Method]]) -> Any:
    """Decorate a method as a line and cell magic whose parser takes these options."""

    def decorate(method: Method) -> Any:
        for option in reversed(options):
            method = option(method)
        method = magic_arguments()(kwds(description=description, usage=usage)(method))

        @functools.wraps(method)
        def run(self: Magics, line: str, cell: str | None = None) -> Any:
            __tracebackhide__ = True
            result = method(self, line, cell)
            return None if _ends_with_semicolon(line if cell is None else cell) else result

        return no_var_expand(line_cell_magic(run))

    return decorate


def _ends_with_semicolon(text: str) -> bool:
    """Whether a line or a cell ends with a ; that is no comment.

    IPython's `output_can_be_silenced` raises an error for what is no Python, such as LaTeX.
    """
    try:
        return bool(DisplayHook.semicolon_at_end_of_expression(text))
    except (tokenize.TokenError, SyntaxError):
        return False


def parser_of(method: Method) -> argparse.ArgumentParser:
    """Return the parser that `magic_arguments` has made for a magic."""
    parser: argparse.ArgumentParser = vars(method)["parser"]
    return parser


class ShellMagics(Magics):
    """Magics of a shell, with the settings of `JacobianMagics`."""

    @property
    def notebook(self) -> InteractiveShell:
        """The shell, which exists whenever a magic runs."""
        assert self.shell is not None
        return self.shell

    def answer(
        self,
        parser: argparse.ArgumentParser,
        read: Callable[..., Line],
        check: Callable[[argparse.Namespace], None],
        compute: Callable[[Line, argparse.Namespace], Any],
    ) -> Any:
        """Parse the line and compute; user mistakes become one line.

        Args:
            parser: of the options.
            read: reads the line, given the names of options without and with a value.
            check: refuses values and combinations of options.
            compute: returns the result.
        """
        __tracebackhide__ = True
        try:
            typed, options = self._parse(parser, read, check)
            if options.help:
                print(parser.format_help())
                return None
            return compute(typed, options)
        except JacmagicError as error:
            raise UsageError(str(error)) from error
        except SyntaxError as error:
            raise show_as_ipython(self.notebook, error)  # noqa: B904 the same exception
        except Exception as error:
            add_hint(error)
            raise

    def _parse(
        self,
        parser: argparse.ArgumentParser,
        read: Callable[..., Line],
        check: Callable[[argparse.Namespace], None],
    ) -> tuple[Line, argparse.Namespace]:
        """Return the line and its options, where settings supply what is not typed."""
        flags, valued = option_names(parser)
        typed = read(flags=flags, valued=valued)
        try:
            options = parser.parse_args(list(typed.options))
            check(options)
        except UsageError as error:
            raise UsageError(explained(str(error), typed, flags)) from None
        settings = self.notebook.magics_manager.registry.get("JacobianMagics", self)
        options.of = options.of and normal(options.of)
        options.digits = settings.precision if options.digits is None else options.digits
        options.budget = settings.budget if options.budget is None else options.budget
        return typed, options

    def finish(
        self,
        target: Target,
        options: argparse.Namespace,
        make: Callable[..., Any],
        compute: Callable[..., Any],
    ) -> Any:
        """Compute and store a result; what the user's function raises is shown in its frames.

        Args:
            target: the function.
            options: those that say where the result goes.
            make: returns the problem, where some arguments stay integers.
            compute: returns the result of the problem.
        """
        __tracebackhide__ = True
        from jacmagic.function.integer_arguments import keeping_integers

        try:
            result = keeping_integers(make, compute)
        except JacmagicError:
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 the user's function may raise
            raise from_users_frame(error, target.title)  # noqa: B904 the same exception
        if options.variable:
            self.notebook.user_ns[normal(options.variable)] = result
        if options.quiet:
            suppress_display(self.notebook, result)
        return result
