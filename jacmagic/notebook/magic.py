"""The magics: from the typed line to the displayed Jacobian.

    line, cell ─parse─▶ Line, Cell ─run─▶ target ─bind─▶ Problem ─compute─▶ Jacobian

User mistakes become one line, exceptions of the user's code keep their traceback from the user's
first frame on, and anything else is a bug of jacmagic and shows its whole traceback.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from IPython.core.magic import magics_class
from traitlets import Bool, Float, Integer

from jacmagic.errors import PointError
from jacmagic.notebook.cell import Line, read_line
from jacmagic.notebook.options import OPTIONS, InputOptions, check, fill
from jacmagic.notebook.resolve_target import target_in_cell, target_on_line
from jacmagic.notebook.shell_magics import ShellMagics, magic, parser_of
from jacmagic.view import reruns

if TYPE_CHECKING:
    from jacmagic.function.problem import Problem
    from jacmagic.result.compiled import CompiledJacobian
    from jacmagic.view.exact import ExactJacobian
    from jacmagic.view.exercise import Exercise
    from jacmagic.view.jacobian import Jacobian

    Fragment = Jacobian | ExactJacobian | CompiledJacobian | Exercise

_DESCRIPTION = """Show the Jacobian of a torch function: numbers, closed form and sliders.

%%jacobian [name=value ...] [options]    runs the cell and takes its last function
%jacobian TARGET [name=value ...] [options]    takes a function, module or SymPy matrix

A value is any Python expression; bare numbers become float64 tensors. Point and options may
be in any order. The Jacobian is returned, as Out[n] and _; a trailing ; suppresses it.

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


@magics_class
class JacobianMagics(ShellMagics):
    """The magics `%jacobian` and `%hessian`, their cell forms, and their settings."""

    precision = Integer(4, min=1, max=17, help="Significant digits shown.").tag(config=True)
    budget = Float(2.0, min=0.0, help="Seconds for the closed form.").tag(config=True)
    live = Bool(True, help="Show sliders where widgets run.").tag(config=True)

    @magic(_DESCRIPTION, "jacobian [TARGET] [name=value ...] [options]", OPTIONS)
    def jacobian(self, line: str = "", cell: str | None = None) -> Fragment | None:
        """Show a Jacobian; IPython replaces this by the parser's help."""
        __tracebackhide__ = True
        return self._run("jacobian", line, cell)

    @magic(_HESSIAN, "hessian [TARGET] [name=value ...] [options]", OPTIONS)
    def hessian(self, line: str = "", cell: str | None = None) -> Fragment | None:
        """Show a Hessian; IPython replaces this by the parser's help."""
        __tracebackhide__ = True
        return self._run("hessian", line, cell)

    def _run(self, magic: str, text: str, cell: str | None) -> Fragment | None:
        """Parse the line and compute; a failure leaves the cell's last result on screen."""
        __tracebackhide__ = True
        try:
            return self.answer(
                parser_of(getattr(self, magic)),
                partial(read_line, text, wants_target=cell is None, magic=magic),
                check,
                partial(self._compute, magic, cell),
            )
        except BaseException as error:
            reruns.show_last(error)
            raise

    def _compute(
        self, magic: str, cell: str | None, typed: Line, options: argparse.Namespace
    ) -> Fragment:
        """Bind the inputs, compute, and store the result."""
        __tracebackhide__ = True
        from jacmagic.notebook.binding import bind

        space = self.notebook.user_ns
        if cell is None:
            target = target_on_line(typed, space)
        else:
            target = target_in_cell(self.notebook, typed, cell, of=options.of)
        inputs = fill(InputOptions, options)
        result = self.finish(
            target,
            options,
            lambda fixed: bind(target, typed, space, inputs, fixed),
            lambda problem: self._jacobian_of(problem, magic, typed, options),
        )
        reruns.replace()
        return result

    def _jacobian_of(
        self, problem: Problem, magic: str, typed: Line, options: argparse.Namespace
    ) -> Fragment:
        """Compute or compile the Jacobian, or the Hessian, of a problem."""
        from jacmagic.function.gradient import gradient_of
        from jacmagic.function.whole_imports import import_sympy
        from jacmagic.notebook.ranges import limits_of
        from jacmagic.notebook.typed_point import typed_numbers
        from jacmagic.numeric.options import ComputeOptions
        from jacmagic.result.options import DisplayOptions
        from jacmagic.symbolic.branches import ClosedForms

        if magic == "hessian":
            problem = gradient_of(problem, strict=options.strict)
        ranges = limits_of(options.range, problem, self.notebook.user_ns, typed)
        if options.compile:
            from jacmagic.result.compiled import compiled_of  # loads the code generators

            return compiled_of(problem, strategy=options.strategy)
        import_sympy()
        from jacmagic.view.jacobian import Jacobian  # the displays, which import SymPy

        command = typed.without_point([input_.name for input_ in problem.inputs])
        forms = ClosedForms(wanted=options.formula, budget=options.budget)
        exact = typed_numbers(problem, typed, options.at, self.notebook.user_ns)
        live = self.live and options.live
        view = fill(DisplayOptions, options, ranges=ranges, command=command, typed=exact, live=live)
        result = Jacobian.of(problem, fill(ComputeOptions, options), forms, view)
        if options.exact:
            return self._exactly(result, typed)
        shown = result if options.quiz is None else exercise_of(result, options)
        if options.save is not None:
            shown.save_html(options.save)
        return shown

    def _exactly(self, result: Jacobian, typed: Line) -> ExactJacobian:
        """Return the closed form at the values on the line, as they are written there."""
        from jacmagic.symbolic.exact_values import read_exactly

        inputs, values = result.point, {}
        for assignment in typed.point:
            if assignment.name in inputs:
                try:
                    values[assignment.name] = read_exactly(assignment.source, self.notebook.user_ns)
                except PointError as error:
                    column = assignment.column + len(assignment.name) + 1
                    raise PointError(
                        f"{error}{typed.mark(column, len(assignment.source))}"
                    ) from None
        return result.exact(values)


def exercise_of(result: Jacobian, options: argparse.Namespace) -> Exercise:
    """Return the exercise that the line asks for."""
    from jacmagic.view.exercise import QuizOptions, quiz_of

    return quiz_of(result, QuizOptions.typed(options.quiz, options.seeds))
