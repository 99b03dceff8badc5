"""The functions `compare` and `assert_jacobian`."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypedDict, Unpack

from torch import nn

from jacmagic.errors import FunctionError
from jacmagic.function.argument_names import names_of
from jacmagic.function.problem import Problem
from jacmagic.function.python_call import problem_of, unpacked
from jacmagic.function.source import uncompiled
from jacmagic.function.tracebacks import showing_users_frames
from jacmagic.numeric.options import ComputeOptions
from jacmagic.result.check.backward import forward_of, is_autograd_function
from jacmagic.result.check.read import Make
from jacmagic.result.options import DisplayOptions
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.view.comparison import Comparison
from jacmagic.view.jacobian import Jacobian

Names = str | Sequence[str] | None


class CompareKeywords(TypedDict, total=False):
    """The keywords of `compare`, for type checkers."""

    wrt: Names
    names: Names
    of: str


@showing_users_frames
def compare(
    hand: Any,
    f: Callable[..., Any] | None,
    x: Any,
    *,
    wrt: Names = None,
    names: Names = None,
    of: str = "auto",
) -> Comparison:
    r"""Compare a hand-derived Jacobian with that of a function, entry by entry.

    Entries are equal where SymPy proves it, or at 64 random points around x and x itself, within
    rounding. Where one differs, the likely slip is named: a single mistake that turns the right
    entry into the given one at all of these points.

    Args:
        hand: what is checked: a function that returns the matrix, (m, n) as an array, nested list,
            SymPy matrix or blocks as torch returns them, and takes the arguments of `f`, or all of
            them as one vector; a matrix of numbers, which is compared at x alone; a SymPy matrix or
            LaTeX, in the names of the inputs; a subclass of `torch.autograd.Function`, whose
            `backward` is compared with the derivative of its `forward`; another function or module
            of the same arguments, whose Jacobian is compared.
        f: the function. For a `torch.autograd.Function` it may be None or the class itself.
        x: a tensor or a tuple with one value for each argument, as for `jacobian`.
        wrt: names of the inputs to differentiate by; all by default. For a module also
            "inputs", "parameters", or names of its parameters.
        names: names for the inputs; the function's parameter names by default.
        of: "jacobian" if `hand` is the matrix or returns it, "functions" if it is a function
            whose own Jacobian is compared; by default the shape of what it returns decides.

    Returns:
        The comparison, true where no entry differs; `.entries`, `.wrong` and `.causes` list them.

    Raises:
        FunctionError: `hand` has another shape than (m, n).
        PointError: a formula has a name that is not an input.
        OptionError: LaTeX cannot be read, `of` has no such value, or `hand` may be a Jacobian or a
            function.

    Example:
        >>> import torch, jacmagic
        >>> f = lambda x: torch.sin(x) * x
        >>> check = jacmagic.compare(lambda x: torch.cos(x), f, torch.tensor(2.0))
        >>> bool(check), check.causes
        (False, {'x·sin(x) is differentiated as the product of the derivatives': 1})
    """
    function = _function_of(hand, f)
    result, make, moves = _prepared(function, x, wrt, names)
    return Comparison.of(hand, result, make, of, moves=moves)


def assert_jacobian(
    hand: Any, f: Callable[..., Any] | None, x: Any, **keywords: Unpack[CompareKeywords]
) -> None:
    """Raise an AssertionError with the table of `compare` if an entry differs; for tests.

    Args:
        hand: the Jacobian that is checked; all arguments are those of `compare`.
        f: the function.
        x: the point.
        **keywords: wrt, names, of.

    Raises:
        AssertionError: an entry differs, or is in doubt.
    """
    __tracebackhide__ = True
    comparison = compare(hand, f, x, **keywords)
    if not comparison.ok or comparison.doubtful:
        raise AssertionError(f"\n{comparison!r}")


def _function_of(hand: Any, f: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return the function; the `forward` alone of a `torch.autograd.Function`."""
    owner = getattr(f, "__self__", None)  # of MyFunction.apply
    for candidate in (f, owner, hand if f is None else None):
        if candidate is not None and is_autograd_function(candidate):
            return forward_of(candidate)
    if f is None or not callable(f):
        raise FunctionError(
            f"expected a function to compare with; found {type(f).__name__}; "
            "write compare(hand, f, x)"
        )
    return f


def _prepared(
    f: Callable[..., Any], x: Any, wrt: Names, names: Names
) -> tuple[Jacobian, Make, bool]:
    """Return the Jacobian, what makes problems of other functions, and whether they move."""
    func = uncompiled(f)
    problem = problem_of(func, x, wrt, names)
    result = Jacobian.of(problem, ComputeOptions(), ClosedForms(), DisplayOptions())
    arguments_of_call = unpacked(func, x)
    arguments = arguments_of_call if type(arguments_of_call) is tuple else (arguments_of_call,)
    argument_names = names_of(func, len(arguments), names)
    moved = [input_.name for input_ in problem.inputs]
    if isinstance(func, nn.Module) and {*moved} & {name for name, _ in func.named_parameters()}:
        return result, _unmoved(problem, arguments), False

    def make(called: Callable[..., Any]) -> Problem:
        """Return the problem of a function of the same arguments."""
        return problem_of(
            _of_arguments(called), x, None if wrt == "inputs" else wrt, argument_names
        )

    return result, make, True


def _of_arguments(called: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose signature takes anything."""

    def run(*arguments: Any) -> Any:
        return called(*arguments)

    parameters = [inspect.Parameter("arguments", inspect.Parameter.VAR_POSITIONAL)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect
    return run


def _unmoved(problem: Problem, arguments: tuple[Any, ...]) -> Make:
    """Return what makes problems of functions that read the parameters from the module."""

    def make(called: Callable[..., Any]) -> Problem:
        return dataclasses.replace(problem, function=lambda *parameters: called(*arguments))

    return make
