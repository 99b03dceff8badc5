"""The magic `%jacobian_check` and its cell form: is a hand-derived Jacobian right?"""

from __future__ import annotations

import argparse
import dataclasses
import re
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import magics_class

from jacmagic.errors import CellError
from jacmagic.notebook.cell import Line, read_line
from jacmagic.notebook.options import CHECK_OPTIONS, InputOptions, check_common, fill
from jacmagic.notebook.resolve_target import target_on_line, value_on_line
from jacmagic.notebook.shell_magics import ShellMagics, magic, parser_of

if TYPE_CHECKING:
    from jacmagic.function.problem import Problem
    from jacmagic.function.target import Target
    from jacmagic.view.comparison import Comparison

_DESCRIPTION = """Compare a hand-derived Jacobian with a function's own, entry by entry.

%jacobian_check HAND F [name=value ...] [options]    compares two things that exist
%%jacobian_check [name=value ...] [options]    runs the cell, whose last function returns the
                                               Jacobian of the function before it
%%jacobian_check F [name=value ...] [options]    compares the LaTeX in the cell

HAND is a function that returns the matrix, a matrix, a SymPy matrix, LaTeX in quotes, a subclass of
torch.autograd.Function, or another function whose Jacobian is compared. Where an entry differs, the
likely slip is named. The comparison is returned, true where no entry differs.

Examples::

    %jacobian_check my_jacobian f x=[1, 2]

    %%jacobian_check x=2 y=3
    def f(x, y): return x**2 * y
    def by_hand(x, y): return [[2*x*y, x**2]]

    %%jacobian_check f x=2 y=3
    \\begin{pmatrix} 2xy & x^2 \\end{pmatrix}
"""
_LATEX = re.compile(r"\s*(?:\\|\$|[A-Za-z_{}\\ ]+=\s*\\)")


@magics_class
class CheckMagics(ShellMagics):
    """The magic `%jacobian_check` and its cell form."""

    @magic(_DESCRIPTION, "jacobian_check [HAND] [F] [name=value ...] [options]", CHECK_OPTIONS)
    def jacobian_check(self, line: str = "", cell: str | None = None) -> Comparison | None:
        """Compare two Jacobians; IPython replaces this by the parser's help."""
        __tracebackhide__ = True
        latex = cell is not None and _LATEX.match(cell) is not None
        return self.answer(
            parser_of(self.jacobian_check),
            partial(
                read_line,
                line,
                wants_target=True,
                magic="jacobian_check",
                wants_hand=not latex,
                is_cell=cell is not None,
            ),
            check_common,
            partial(self._compute, cell),
        )

    def _compute(self, cell: str | None, typed: Line, options: argparse.Namespace) -> Comparison:
        """Find both sides, compare, and store the result."""
        __tracebackhide__ = True
        from jacmagic.notebook.binding import bind

        hand, target = self._sides(typed, options, cell)
        space, inputs = self.notebook.user_ns, fill(InputOptions, options)
        integers: list[Collection[str]] = []

        def make(fixed: Collection[str]) -> Problem:
            integers[:] = [fixed]
            return bind(target, typed, space, inputs, fixed)

        def other(called: Callable[..., Any]) -> Problem:
            return bind(_by_position(target, called), typed, space, inputs, *integers)

        return self.finish(
            target,
            options,
            make,
            lambda problem: _compared(hand, problem, other, target, options),
        )

    def _sides(
        self, typed: Line, options: argparse.Namespace, cell: str | None
    ) -> tuple[Any, Target]:
        """Return what is checked, and the function."""
        __tracebackhide__ = True
        space = self.notebook.user_ns
        if cell is not None and _LATEX.match(cell):
            return cell.strip(), target_on_line(typed, space)
        if cell is not None:
            typed = self._names_in_cell(typed, options, cell)
        if typed.hand is None:
            raise UsageError(
                f"{typed.head}needs a Jacobian and its function; write {typed.head}by_hand f x=1"
            )
        hand = value_on_line(typed.hand, typed, space)
        return hand, _target(hand, typed, space)

    def _names_in_cell(self, typed: Line, options: argparse.Namespace, cell: str) -> Line:
        """Run the cell; return the line with the names of its last two functions."""
        __tracebackhide__ = True
        from jacmagic.notebook.execution import run_cell

        read, _ = run_cell(self.notebook, typed, cell, of=None)
        if typed.hand is not None:
            return typed
        defined = [name for name in (*read.candidates, *read.assigned) if name != options.of]
        names = [name for name in defined if name in self.notebook.user_ns]
        if options.of is not None:
            names.insert(-1, options.of)
        if len(names) < 2:
            raise CellError(
                "expected two functions in the cell, f and its Jacobian below it; "
                f"found {', '.join(names) or 'none'}; write both, or their names on the line"
            )
        return dataclasses.replace(typed, hand=names[-1], target=names[-2])


def _target(hand: Any, typed: Line, space: dict[str, Any]) -> Target:
    """Return the function; the `forward` alone of a `torch.autograd.Function`."""
    __tracebackhide__ = True
    from jacmagic.function.targets import target_of
    from jacmagic.result.check.backward import forward_of, is_autograd_function

    value = hand if typed.target is None else value_on_line(typed.target, typed, space)
    if is_autograd_function(value):
        return target_of(forward_of(value), value.__name__)
    return target_on_line(typed, space)


def _by_position(target: Target, called: Callable[..., Any]) -> Target:
    """Return a target of the same arguments that passes them by position."""
    names = [argument.name for argument in target.arguments]

    def call(values: Any) -> Any:
        rest = [value for name, value in values.items() if name not in names]
        return called(*(values[name] for name in names if name in values), *rest)

    return dataclasses.replace(target, call=call)


def _compared(
    hand: Any,
    problem: Problem,
    other: Callable[[Callable[..., Any]], Problem],
    target: Target,
    options: argparse.Namespace,
) -> Comparison:
    """Compute the Jacobian of a problem and compare."""
    from jacmagic.numeric.options import ComputeOptions
    from jacmagic.result.options import DisplayOptions
    from jacmagic.symbolic.branches import ClosedForms
    from jacmagic.view.comparison import Comparison
    from jacmagic.view.jacobian import Jacobian

    forms = ClosedForms(budget=options.budget)
    view = fill(DisplayOptions, options)
    result = Jacobian.of(problem, ComputeOptions(), forms, view)
    varied = {input_.name for input_ in problem.inputs}
    moves = not varied & target.weights.keys()
    of = "functions" if options.functions else "auto"
    return Comparison.of(hand, result, other, of, moves=moves)
