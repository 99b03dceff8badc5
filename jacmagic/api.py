"""The functions `jacobian`, `hessian` and `compile`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

import torch

from jacmagic.errors import naming_keywords
from jacmagic.function.argument_names import names_of, whole_numbers
from jacmagic.function.closures import captured
from jacmagic.function.gradient import gradient_of
from jacmagic.function.integer_arguments import keeping_integers
from jacmagic.function.problem import Problem
from jacmagic.function.python_call import problem_of
from jacmagic.function.tangents import names_without_manifolds
from jacmagic.function.tracebacks import showing_users_frames
from jacmagic.function.whole_imports import import_sympy
from jacmagic.numeric.options import ComputeOptions
from jacmagic.result.options import DisplayOptions

if TYPE_CHECKING:
    from jacmagic.result.compiled import CompiledJacobian
    from jacmagic.result.evaluated import Outside
    from jacmagic.sweeps.batch import JacobianBatch
    from jacmagic.symbolic.branches import ClosedForms
    from jacmagic.view.jacobian import Jacobian

_DISPLAY = DisplayOptions()


class JacobianKeywords(TypedDict, total=False):
    """The keywords of `jacobian` but `batch`, for type checkers."""

    create_graph: bool
    strict: bool
    vectorize: bool
    strategy: str
    chunk_size: int | None
    wrt: str | Sequence[str] | Mapping[str, str | None] | None
    names: str | Sequence[str] | None
    out: str | None


@overload
def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    *,
    batch: Literal[False] = ...,
    **keywords: Unpack[JacobianKeywords],
) -> Jacobian: ...
@overload
def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    *,
    batch: Literal[True],
    **keywords: Unpack[JacobianKeywords],
) -> JacobianBatch: ...
@showing_users_frames
@naming_keywords("jacmagic.jacobian")
def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    *,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = True,
    strategy: str = "auto",
    chunk_size: int | None = None,
    wrt: str | Sequence[str] | Mapping[str, str | None] | None = None,
    names: str | Sequence[str] | None = None,
    batch: bool = False,
    out: str | None = None,
) -> Jacobian | JacobianBatch:
    """Return the Jacobian of a function at a point, with its closed form.

    A superset of `torch.autograd.functional.jacobian`, whose result is `.blocks`.

    Args:
        func: takes the tensors of `inputs` and returns a tensor, a number, or any nest of tuples,
            lists, dicts, named tuples and dataclasses of these.
        inputs: a tensor or a tuple with one value for each argument. A value is a tensor of any
            shape, a float, or a list, dict, named tuple, dataclass or nest of these, whose leaves
            are inputs by their keys; `.blocks` nests as they do. Integer tensors are converted to
            float64 where the function allows it; Python's integers, texts, flags, None and
            functions stay as they are.
        create_graph: keep the result differentiable with respect to the inputs.
        strict: raise where an output does not depend on an input.
        vectorize: False computes the rows one by one.
        strategy: "auto", "reverse-mode", "forward-mode" or "sparse".
        chunk_size: rows or columns to compute at a time; bounded by memory by default.
        wrt: names of the inputs to differentiate by; all by default. For a module also
            "inputs", "parameters", or names of its parameters. "SO3:right", "R=SO3:right,t" or
            {"R": "SO3:right", "t": None} differentiate by tangent vectors of rotations, poses and
            unit quaternions; see the page on manifolds.
        names: names for the inputs; the function's parameter names by default.
        batch: the leading dimension of every input counts samples, of which `func` takes one;
            the result is a `JacobianBatch`, whose `.matrix` is (B, m, n).
        out: the manifold of the output, such as "SO3:right"; rows are its tangent vector then.

    Returns:
        The Jacobian; `.matrix` is (m, n), `.formula` its closed form or None.

    Raises:
        FunctionError: a TypeError: nothing varies in the inputs, or outputs have no derivative.
        StrictError: a RuntimeError: in strict mode, an output is independent of an input.
        OptionError: a ValueError: an unknown strategy, or a `chunk_size` below 1.
        SizeError: the Jacobian would not fit into memory.
        PointError: a name in `wrt` is no input, or a value is not on its manifold; with `batch`,
            the inputs differ in their number of samples.

    Example:
        >>> import torch, jacmagic
        >>> J = jacmagic.jacobian(lambda x: x**2, torch.tensor([1.0, 2.0]))
        >>> J.matrix
        tensor([[2., 0.],
                [0., 4.]])
    """
    options = ComputeOptions(strategy, chunk_size, create_graph, strict, vectorize)
    if batch:
        from jacmagic.sweeps.batch import batch_of  # only batches need it

        single = "jacobian for one sample at a time"
        chosen = names_without_manifolds(wrt, out, "with batch=True", single)
        return batch_of(func, inputs, options, wrt=chosen, names=names)
    outside = _outside(func, inputs, wrt)

    def compute(problem: Problem) -> Jacobian:
        return _jacobian(problem, options, outside)

    make = functools.partial(problem_of, func, inputs, wrt, names, out=out)
    return keeping_integers(make, compute)


@showing_users_frames
@naming_keywords("jacmagic.hessian")
def hessian(
    func: Callable[..., Any],
    inputs: Any,
    *,
    wrt: str | Sequence[str] | None = None,
    names: str | Sequence[str] | None = None,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = True,
    strategy: str = "auto",
    chunk_size: int | None = None,
) -> Jacobian:
    """Return the Hessian of a scalar function at a point, with its closed form.

    It is the Jacobian of the gradient, and comes as one: `.matrix` is (n, n) with the entry
    ∂²f/∂xᵢ∂xⱼ in row i, `.value` and `.expressions` are the gradient's, `.steps(i, j)` derives
    entry (i, j) from the i-th entry of the gradient. `.blocks` is the result of
    `torch.autograd.functional.hessian`.

    Args:
        func: takes the tensors of `inputs` and returns one number: a tensor of one element, or a
            nest that holds one.
        inputs: a tensor or a tuple with one value for each argument. A value is a tensor of any
            shape, a float, or a list, dict, named tuple, dataclass or nest of these, whose leaves
            are inputs by their keys; `.blocks` nests as they do. Integer tensors are converted to
            float64 where the function allows it; Python's integers, texts, flags, None and
            functions stay as they are.
        wrt: names of the inputs to differentiate by; all by default. For a module also
            "inputs", "parameters", or names of its parameters.
        names: names for the inputs; the function's parameter names by default.
        create_graph: keep the result differentiable with respect to the inputs.
        strict: raise where the function or its gradient does not depend on an input.
        vectorize: False computes the rows one by one.
        strategy: "auto", "reverse-mode" or "forward-mode" for the gradient's own Jacobian.
        chunk_size: rows or columns to compute at a time; bounded by memory by default.

    Raises:
        FunctionError: the function does not return one number, nothing varies in the inputs, or
            the output has no derivative.
        StrictError: in strict mode, the gradient is independent of an input.
        SizeError: the Hessian would not fit into memory.

    Example:
        >>> import torch, jacmagic
        >>> H = jacmagic.hessian(lambda x: x[0] ** 2 * x[1], torch.tensor([1.0, 2.0]))
        >>> H.matrix
        tensor([[4., 2.],
                [2., 0.]])
    """
    options = ComputeOptions(strategy, chunk_size, create_graph, strict, vectorize)
    outside = _outside(func, inputs, wrt)

    def compute(problem: Problem) -> Jacobian:
        return _jacobian(gradient_of(problem, strict=strict), options, outside)

    return keeping_integers(functools.partial(problem_of, func, inputs, wrt, names), compute)


@showing_users_frames
@naming_keywords("jacmagic.compile")
def compile(
    func: Callable[..., Any],
    *example: Any,
    wrt: str | Sequence[str] | None = None,
    backend: str = "auto",
    dynamic: bool | None = None,
) -> CompiledJacobian:
    """Compile the Jacobian of a function, traced at an example, for other points.

    Shapes, dtypes, devices and the conditions of the branches taken are guards: where one fails,
    the function is traced again. Values captured from outside are constants; `repr` lists them.

    Args:
        func: takes the tensors of `example`; it must not be random nor keep state.
        *example: the inputs at one point: tensors of any shapes, NumPy arrays or numbers. Integer
            tensors that the function needs whole, such as indices, are constants of the result.
        wrt: names of the inputs to differentiate by; all by default. The result still takes all
            inputs, or these alone. For a module also "parameters" or names of parameters; the
            result then takes these.
        backend: "native" (machine code), "graph" (ATen operations), "python" (floats),
            "inductor" (`torch.compile`), or "auto": the quickest of the first three that agrees
            with `jacobian()` at the example and beside it.
        dynamic: False refuses inputs of other shapes, dtypes and devices. By None and True every
            kind of inputs gets a version of its own, compiled when it is met.

    Returns:
        A callable: `g(*x)` is (m, n), sparse CSR where the plan is sparse.

    Raises:
        FunctionError: the function cannot be compiled, or the backend is wrong for it.

    Example:
        >>> import torch, jacmagic
        >>> g = jacmagic.compile(lambda x: x**2, torch.tensor([1.0, 2.0]))
        >>> g(torch.tensor([3.0, 4.0]))
        tensor([[6., 0.],
                [0., 8.]])
    """
    from jacmagic.result.compiled import as_tensor, compiled_of  # loads the code generators

    if len(example) == 1 and isinstance(example[0], tuple):
        example = example[0]
    number = torch.zeros((), dtype=torch.float64)
    inputs = tuple(
        value if isinstance(value, torch.Tensor) else as_tensor(value, number) for value in example
    )
    wrt = names_without_manifolds(wrt, None, "to compile", "J.to_code() for its source")
    arguments = dict(zip(names_of(func, len(inputs), None), inputs, strict=True))
    chosen: list[str] = []

    def make(whole: Collection[str]) -> Problem:
        problem = problem_of(func, inputs, wrt, None, whole)
        chosen[:] = [input_.name for input_ in problem.inputs]
        if wrt is None or not arguments.keys() >= set(chosen):
            return problem
        others = set(whole_numbers(tuple(arguments), inputs)).difference(chosen)
        return problem_of(func, inputs, None, None, others)

    def finish(problem: Problem) -> CompiledJacobian:
        return compiled_of(
            problem, wrt=chosen, backend=backend, dynamic=dynamic, arguments=arguments
        )

    return keeping_integers(make, finish)


def _jacobian(problem: Problem, options: ComputeOptions, outside: Outside) -> Jacobian:
    result, forms = _classes()
    return result.of(problem, options, forms(), _DISPLAY, outside)


@functools.cache
def _classes() -> tuple[type[Jacobian], type[ClosedForms]]:
    """Load SymPy and the displays, which are more than compiling needs."""
    import_sympy()
    from jacmagic.symbolic.branches import ClosedForms
    from jacmagic.view.jacobian import Jacobian

    return Jacobian, ClosedForms


def _outside(func: Callable[..., Any], inputs: Any, wrt: Any) -> Outside:
    """Return a search for the positions of inputs that the function also captures."""
    if wrt is not None:
        return frozenset
    return functools.partial(captured, func, inputs if isinstance(inputs, tuple) else (inputs,))
