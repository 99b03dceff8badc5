"""The magic: from the typed line to the displayed Jacobian. Glue only; torch loads on first use.

    line, cell ─read─▶ Line, Cell ─run─▶ target ─bind─▶ Problem ─compute─▶ Jacobian

User mistakes become one line, exceptions of the user's code keep their traceback from the user's
first frame on, and anything else is our bug and shows itself in full.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    no_var_expand,
    output_can_be_silenced,
)
from IPython.core.magic_arguments import argument, kwds, magic_arguments
from traitlets import Bool, Float, Integer

from jacmagic.errors import JacmagicError
from jacmagic.function.syntax.bindings import normal
from jacmagic.function.tracebacks import add_hint, from_users_frame, show_as_ipython
from jacmagic.notebook.cell import Line, read_line
from jacmagic.notebook.execution import resolve_name, run_cell
from jacmagic.notebook.suppress_display import suppress_display
from jacmagic.view import reruns

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jacmagic.function.problem import Problem
    from jacmagic.function.target import Target
    from jacmagic.result.compiled import CompiledJacobian
    from jacmagic.result.options import DisplayOptions
    from jacmagic.view.jacobian import Jacobian

_DESCRIPTION = """Show the Jacobian of a torch function: numbers, closed form and sliders.

%%jacobian [name=value ...] [options]    runs the cell and takes its last function
%jacobian TARGET [name=value ...] [options]    takes a function, module or SymPy matrix

A value is any Python expression; bare numbers become float64 tensors. Point and options may
stand in any order. The Jacobian is returned: it is Out[n] and _; a trailing ; silences it.

Examples::

    %%jacobian x1=3 x2=4 x3=5
    def f(x1, x2, x3):
        return (x1 + x2, x3*x1, x2**3)

    %%jacobian x=1 y=2
    x**2 * y
    5*x + sin(y)

    %jacobian net input=[1, 2] --wrt parameters
"""

_HESSIAN = """Show the Hessian of a torch function of one number: numbers, closed form and sliders.

%%hessian [name=value ...] [options]    runs the cell and takes its last function
%hessian TARGET [name=value ...] [options]    takes a function, module or SymPy expression

Line and options are those of %%jacobian. What is returned is the Jacobian of the gradient.

Example::

    %%hessian x=1 y=2
    x**2 * y + sin(y)
"""


def _options_of(other: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a magic the options of another one."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        options: list[Any] = vars(other)["decorators"]
        vars(function)["decorators"] = [one for one in options if not isinstance(one, kwds)]
        vars(function)["has_arguments"] = True
        return function

    return decorate


@magics_class
class JacobianMagics(Magics):
    """`%jacobian`, `%hessian` and their cell forms; `%config JacobianMagics` lists settings."""

    precision = Integer(4, min=1, max=17, help="Significant digits shown.").tag(config=True)
    budget = Float(2.0, min=0.0, help="Seconds for the closed form.").tag(config=True)
    live = Bool(True, help="Show sliders where widgets run.").tag(config=True)

    def __init__(self, shell: InteractiveShell | None = None, **settings: Any) -> None:
        """Register with a shell."""
        super().__init__(shell, **settings)

    @no_var_expand
    @output_can_be_silenced
    @line_cell_magic
    @magic_arguments()
    @kwds(description=_DESCRIPTION, usage="jacobian [TARGET] [name=value ...] [options]")
    @argument("--of", metavar="NAME", help="which function of the cell")
    @argument(
        "--wrt",
        metavar="NAMES",
        help="inputs to differentiate with respect to, by commas; "
        "for a module: inputs, parameters, or names of parameters",
    )
    @argument("--at", metavar="EXPR", help="the point as one dict, tuple or single value")
    @argument(
        "--range",
        metavar="NAME=LO:HI",
        action="append",
        default=[],
        help="a slider's range, or LO:HI:STEP; repeatable; x[0]=… for one component",
    )
    @argument(
        "--mode",
        choices=("auto", "forward", "reverse", "rows", "sparse"),
        default="auto",
        help="how torch computes it",
    )
    @argument("--chunk", type=int, metavar="N", help="rows or columns at a time")
    @argument(
        "--strict", action="store_true", help="error when an output does not depend on an input"
    )
    @argument("--create-graph", action="store_true", help="keep the result differentiable")
    @argument("--dtype", metavar="D", help="cast the inputs, such as float32")
    @argument("--device", metavar="D", help="move the inputs, such as cuda")
    @argument(
        "--layout",
        choices=("numerator", "denominator"),
        default="numerator",
        help="the Jacobian or its transpose",
    )
    @argument("--steps", action="store_true", help="print the derivation of every entry")
    @argument(
        "--numbers", action="store_true", help="show named constants of the code by their numbers"
    )
    @argument("--no-formula", action="store_true", help="skip the closed form")
    @argument("--budget", type=float, metavar="SECONDS", help="seconds for the closed form")
    @argument(
        "--compile",
        action="store_true",
        help="give the compiled Jacobian, a function of the inputs, instead of a result",
    )
    @argument("--still", action="store_true", help="no widget: LaTeX, HTML and text only")
    @argument("-p", "--precision", type=int, metavar="N", help="significant digits shown")
    @argument("-v", "--variable", metavar="NAME", help="store the result in this name")
    @argument("-q", "--quiet", action="store_true", help="show nothing; the value is returned")
    @argument("-h", "--help", action="store_true", help="show this help")
    def jacobian(
        self, line: str = "", cell: str | None = None
    ) -> Jacobian | CompiledJacobian | None:
        """Replaced by the parser's help."""
        __tracebackhide__ = True
        return self._show("jacobian", line, cell)

    @no_var_expand
    @output_can_be_silenced
    @line_cell_magic
    @magic_arguments()
    @kwds(description=_HESSIAN, usage="hessian [TARGET] [name=value ...] [options]")
    @_options_of(jacobian)
    def hessian(
        self, line: str = "", cell: str | None = None
    ) -> Jacobian | CompiledJacobian | None:
        """Replaced by the parser's help."""
        __tracebackhide__ = True
        return self._show("hessian", line, cell)

    def _show(self, magic: str, line: str, cell: str | None) -> Jacobian | CompiledJacobian | None:
        """Read the line and answer it; user mistakes become one line."""
        __tracebackhide__ = True
        try:
            read = self._read(magic, line, wants_target=cell is None)
            if read is None:
                return None
            typed, options = read
            return self._answer(magic, typed, options, cell)
        except JacmagicError as error:
            raise UsageError(str(error)) from error
        except SyntaxError as error:
            raise show_as_ipython(self.notebook, error)  # noqa: B904 the same exception
        except Exception as error:
            add_hint(error)
            raise

    @property
    def notebook(self) -> InteractiveShell:
        """The shell, which is there whenever the magic runs."""
        assert self.shell is not None
        return self.shell

    def _read(
        self, magic: str, text: str, *, wants_target: bool
    ) -> tuple[Line, argparse.Namespace] | None:
        """Return the line and its options; `None` after showing the help."""
        parser = parser_of(magic)
        flags, valued = option_names(parser)
        typed = read_line(text, flags=flags, valued=valued, wants_target=wants_target, magic=magic)
        options = parser.parse_args(list(typed.options))
        options.of = options.of and normal(options.of)
        if options.help:
            print(parser.format_help())
            return None
        _check(options)
        return typed, options

    def _answer(
        self, magic: str, typed: Line, options: argparse.Namespace, cell: str | None
    ) -> Jacobian | CompiledJacobian:
        """Run, bind, compute and store."""
        __tracebackhide__ = True
        from jacmagic.api import compute
        from jacmagic.function.gradient import gradient_of
        from jacmagic.function.integer_arguments import keeping_counts
        from jacmagic.notebook.binding import InputOptions, bind
        from jacmagic.notebook.ranges import limits_of
        from jacmagic.result.compiled import compiled_of

        space = self.notebook.user_ns
        target = self._of_line(typed) if cell is None else self._of_cell(typed, options, cell)
        wishes = InputOptions(options.at, options.wrt, options.dtype, options.device)

        def answer(problem: Problem) -> Jacobian | CompiledJacobian:
            if magic == "hessian":
                problem = gradient_of(problem, strict=options.strict)
            ranges = limits_of(options.range, problem, space, typed)
            if options.compile:
                return compiled_of(problem, strategy=options.mode)
            command = typed.without_point([one.name for one in problem.inputs])
            view = self._view(options, ranges, command)
            return compute(problem, view=view, **_how(self, options))

        try:
            result = keeping_counts(lambda fixed: bind(target, typed, space, wishes, fixed), answer)
        except JacmagicError:
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 the user's function may raise
            raise from_users_frame(error, target.title)  # noqa: B904 the same exception
        reruns.replace()
        if options.variable:
            space[normal(options.variable)] = result
        if options.quiet:
            suppress_display(self.notebook, result)
        return result

    def _of_line(self, typed: Line) -> Target:
        """Return the target of `%jacobian TARGET`, evaluated in the user's namespace."""
        __tracebackhide__ = True
        from jacmagic.function.targets import target_of
        from jacmagic.function.values import evaluate

        if typed.target is None:
            raise UsageError(
                f"{typed.head}needs a target: a function, a module or a SymPy matrix; "
                f"write {typed.head}f x=1, or %{typed.head}above a cell"
            )
        try:
            value = evaluate(typed.target, self.notebook.user_ns)
        except Exception as error:  # the user's expression may raise anything
            called = re.fullmatch(r"([\w.]+)\(.*\)", typed.target)
            instead = "write the name of a function that exists"
            instead = f"write {typed.head}{called[1]} x=…" if called else instead
            raise UsageError(
                f"the target {typed.target} does not evaluate: {type(error).__name__}: {error}; "
                f"{instead}" + typed.mark_text(typed.target)
            ) from error
        return target_of(value, typed.target)

    def _of_cell(self, typed: Line, options: argparse.Namespace, cell: str) -> Target:
        """Return the function of the cell, after running it in the user's namespace."""
        __tracebackhide__ = True
        read, filename = run_cell(self.notebook, typed, cell, of=options.of)
        from jacmagic.function.targets import target_of
        from jacmagic.notebook.expressions_target import expressions_target

        space = self.notebook.user_ns
        if read.expressions:
            named = frozenset(assignment.name for assignment in typed.point)
            return expressions_target(read, space, named, filename)
        name = resolve_name(read, space, of=options.of)
        return target_of(space[name], name)

    def _view(
        self, options: argparse.Namespace, ranges: Mapping[str, Any], command: tuple[str, str]
    ) -> DisplayOptions:
        from jacmagic.result.options import DisplayOptions

        return DisplayOptions(
            digits=self.precision if options.precision is None else options.precision,
            layout=options.layout,
            live=self.live and not options.still,
            ranges=ranges,
            steps=options.steps,
            names=not options.numbers,
            command=command,
        )


def parser_of(magic: str = "jacobian") -> argparse.ArgumentParser:
    """Return the parser that `magic_arguments` has left on a magic."""
    parser: argparse.ArgumentParser = vars(getattr(JacobianMagics, magic))["parser"]
    return parser


def option_names(parser: argparse.ArgumentParser) -> tuple[list[str], list[str]]:
    """Return the options without and with a value."""
    actions = parser._actions
    flags = [name for one in actions if one.nargs == 0 for name in one.option_strings]
    valued = [name for one in actions if one.nargs != 0 for name in one.option_strings]
    return flags, valued


def _check(options: argparse.Namespace) -> None:
    """Refuse numbers and names that mean nothing."""
    if options.chunk is not None and options.chunk < 1:
        raise UsageError(f"--chunk needs a number of at least 1; found {options.chunk}")
    if options.precision is not None and not 1 <= options.precision <= 17:
        raise UsageError(f"-p needs a number from 1 to 17; found {options.precision}; write -p 4")
    if options.budget is not None and not options.budget >= 0:
        raise UsageError(f"--budget needs seconds, not negative; found {options.budget:g}")
    if options.create_graph and options.mode == "forward":
        raise UsageError(
            "torch keeps no graph in forward mode; write --create-graph --mode reverse"
        )
    if options.mode == "sparse" and (options.strict or options.create_graph):
        asked = "--strict" if options.strict else "--create-graph"
        raise UsageError(f"{asked} needs every gradient; write {asked} --mode reverse")
    if options.variable is not None and not options.variable.isidentifier():
        raise UsageError(f"-v needs a name; found {options.variable!r}; write -v J")


def _how(magics: JacobianMagics, options: argparse.Namespace) -> dict[str, Any]:
    """Return the options that decide how the Jacobian is computed."""
    return {
        "strategy": options.mode,
        "chunk_size": options.chunk,
        "create_graph": options.create_graph,
        "strict": options.strict,
        "formula": not options.no_formula,
        "budget": magics.budget if options.budget is None else options.budget,
    }
