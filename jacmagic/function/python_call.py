"""The problem of a Python call: of tensors, of nests of them, of a module.

`jacobian(f, x)`, `jacobian(f, (x, "relu", 3))`, `jacobian(f, {"w": w, "b": b})`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from jacmagic.errors import FunctionError, PointError
from jacmagic.function.argument_names import names_of, split_names
from jacmagic.function.interop import lifted
from jacmagic.function.modules import caller_of, tied_names, tied_notes, training_notes
from jacmagic.function.nests import Nest, nest_of
from jacmagic.function.pickling import Remake
from jacmagic.function.problem import Problem, altered
from jacmagic.function.pytree import children
from jacmagic.function.repeated_call import remember, repeated
from jacmagic.function.source import filename_of, required_of, source_of, title_of, uncompiled
from jacmagic.function.tangents import problem_on
from jacmagic.function.targets import users_callable
from jacmagic.function.tensor_call import problem_from_call
from jacmagic.function.values import Kind, as_tensor, kept, kind_of, named, whole_note

_EXPECTED = "The inputs given to jacobian must be either a Tensor or a tuple of Tensors"


def problem_of(
    func: Callable[..., Any],
    inputs: Any,
    wrt: Any = None,
    names: Any = None,
    fixed: Collection[str] = (),
    out: Any = None,
) -> Problem:
    """Return the problem of a Python call; a module's may be about its parameters.

    Inputs and the output may be on manifolds, see `tangents`.

    Args:
        func: takes the inputs by position.
        inputs: a tensor, a tuple with one value for each argument, or one argument that is a list,
            dict, named tuple, dataclass or nest of tensors.
        wrt: names of inputs, of leaves of nests, or of a module's parameters; with manifolds.
        names: names of the arguments; those of the signature by default.
        fixed: names of inputs that stay integers.
        out: the manifold of the output, or None.

    Raises:
        TypeError: nothing in `inputs` can vary.
        PointError: `names` or `wrt` do not fit the inputs.
    """
    if not callable(func):
        raise FunctionError(
            f"expected a function to differentiate; found {type(func).__name__}; "
            "write jacobian(f, x), not jacobian(f(x), x)"
        )
    remake = Remake(problem_of, (func, inputs, wrt, names, tuple(fixed), out), {})
    plain = wrt is None and names is None and out is None and not fixed
    if plain and (problem := repeated(func, inputs, remake)) is not None:
        return problem
    func = uncompiled(func)
    parts = unpacked(func, inputs)
    problem = problem_on(
        wrt, out, lambda chosen: _ambient_problem(func, parts, chosen, names, fixed)
    )
    if plain:
        remember(func, inputs, problem)
    return altered(problem, remake=remake)


def _ambient_problem(
    func: Callable[..., Any], inputs: Any, wrt: Any, names: Any, fixed: Collection[str]
) -> Problem:
    """Return the problem of a callable, by the kind of its inputs; on no manifold."""
    tensors = inputs if type(inputs) is tuple else (inputs,)
    if isinstance(func, nn.Module) and wrt == "inputs":
        wrt = None
    by_weights = isinstance(func, nn.Module) and wrt is not None
    if fixed or by_weights or not all(isinstance(tensor, Tensor) for tensor in tensors):
        return _of_nests(func, inputs, wrt, names, fixed)
    return problem_from_call(func, inputs, wrt=wrt, names=names)


def unpacked(func: Callable[..., Any], inputs: Any) -> Any:
    """Return a tuple with a value per argument, or one value that is not a tuple.

    A named tuple is made a plain one where the function takes its fields and not the whole.

    Raises:
        TypeError: one value is given to a function of several, or one that cannot vary.
    """
    if type(inputs) is tuple or isinstance(inputs, Tensor):
        return inputs
    count = required_of(func)
    if isinstance(inputs, tuple) and count != 1:
        return tuple(inputs)
    if children(inputs) is None:
        raise FunctionError(f"{_EXPECTED} but {_description(inputs)}{_instead(inputs)}")
    if count > 1:
        raise FunctionError(
            f"{_EXPECTED} but {_description(inputs)} {title_of(func)} takes {count} arguments: "
            "write a tuple with one value for each"
        )
    return inputs


def _of_nests(
    func: Callable[..., Any], inputs: Any, wrt: Any, names: Any, fixed: Collection[str]
) -> Problem:
    """Return the problem of a call with nests, parameters, or inputs that stay whole."""
    arguments = inputs if type(inputs) is tuple else (inputs,)
    names_in_order = names_of(func, len(arguments), names)
    by_name = dict(zip(names_in_order, arguments, strict=True))
    nest = nest_of({n: users_callable(v) if callable(v) else v for n, v in by_name.items()})
    module = func if isinstance(func, nn.Module) else None
    weights = {} if module is None or wrt is None else dict(module.named_parameters())
    wrt_names = None if wrt is None else split_names(wrt)
    chosen = _chosen(nest, module, weights, wrt_names, fixed)
    if not chosen:
        raise FunctionError(f"{_EXPECTED} but {_description(inputs)}")
    notes: list[str] = []
    varied = {
        name: weights[name].clone() if name in weights else _tensor(nest, name, notes)
        for name in chosen
    }
    if module is not None:
        tied = tied_notes(module, [name for name in chosen if name in weights])
        notes = [*training_notes(module, type(module).__name__), *notes, *tied]
    notes += [whole_note(name, nest.leaves[name].value) for name in fixed]
    fixed_ones = {n: kept(leaf.value) for n, leaf in nest.leaves.items() if n not in varied}
    run = _runner(func, nest, {**fixed_ones, **varied})
    lone = isinstance(wrt, str) and chosen == [wrt]
    bare = (isinstance(wrt, str) and "," not in wrt) or type(inputs) is not tuple
    single = lone if weights else bare
    is_flat = bool(weights) or not any(nest.leaves[name].path for name in chosen)
    return Problem(
        function=lambda *values: run(dict(zip(varied, values, strict=True))),
        inputs=nest.inputs(varied, functools.partial(source_of, func)),
        title=title_of(func),
        single=single and len(chosen) == 1,
        parameters={name: named(value) for name, value in fixed_ones.items()},
        notes=tuple(notes),
        filename=filename_of(func),
        call=run,
        arrange=None if is_flat or lone else nest.arranged(chosen, single=single),
        integers=tuple(n for n in chosen if n not in (wrt_names or ()) and _is_integer(nest, n)),
    )


def _runner(
    func: Callable[..., Any], nest: Nest, usual: Mapping[str, Any]
) -> Callable[[Mapping[str, Tensor]], Any]:
    """Return the function of leaves and weights by name, the others as usual."""
    if isinstance(func, nn.Module):
        exchanged = caller_of(func)

        def run(changes: Mapping[str, Tensor]) -> Any:
            values = {**usual, **changes}
            weights = {name: value for name, value in values.items() if name not in nest.leaves}
            return exchanged(weights, tuple(nest.filled(values).values()), {})

        return run
    raised = lifted(func)
    return lambda changes: raised(*nest.filled({**usual, **changes}).values())


def _chosen(
    nest: Nest,
    module: nn.Module | None,
    weights: Mapping[str, Tensor],
    chosen: Sequence[str] | None,
    fixed: Collection[str],
) -> list[str]:
    """Names of the leaves and weights to differentiate by."""
    usual = [name for name in nest.leaves if name not in fixed and _varies(nest, name)]
    if chosen is None:
        return usual
    tied = {} if module is None else tied_names(module)
    groups = {} if module is None else {"inputs": usual, "parameters": list(weights)}
    picked: dict[str, None] = {}
    for name in chosen:
        counted = tied.get(name, name)
        leaves = [leaf for leaf in nest.meant(name) if leaf == name or leaf in usual]
        leaves = leaves or [counted] * (counted in weights) or groups.get(name, [])
        if not leaves:
            described = f"no {name} in {type(module).__name__}" if name in groups else repr(name)
            listed = ", ".join([*nest.leaves, *groups, *weights][:12])
            raise PointError(
                f"expected names of inputs in wrt; found {described}; there are {listed}; "
                f"write wrt={usual[:1]}"
            )
        picked |= dict.fromkeys(leaves)
    order = [*nest.leaves, *weights]
    return sorted(picked.keys() - set(fixed), key=order.index)


def _varies(nest: Nest, name: str) -> bool:
    """Whether a leaf varies by itself: tensors, arrays and floats, not integers."""
    value = nest.leaves[name].value
    return isinstance(value, Tensor) or kind_of(value) is Kind.REAL


def _is_integer(nest: Nest, name: str) -> bool:
    return name in nest.leaves and kind_of(nest.leaves[name].value) is Kind.WHOLE


def _tensor(nest: Nest, name: str, notes: list[str]) -> Tensor:
    value = nest.leaves[name].value
    if kind_of(value) is Kind.FIXED and not isinstance(value, bool):
        raise PointError(
            f"expected a real number or a tensor for {name}; found {type(value).__name__}, which "
            "has no derivative; leave it out of wrt"
        )
    return as_tensor(value, name, notes)


def _instead(value: Any) -> str:
    """Return what to write for one value that is not a tensor."""
    if isinstance(value, float | int):
        return f" Write a tuple: ({value!r},)"
    return " Write torch.as_tensor(…) around it" if hasattr(value, "__array__") else ""


def _description(inputs: Any) -> str:
    """Describe the values found instead of tensors, in torch's words."""
    if type(inputs) is not tuple:
        return f"the given inputs has type {type(inputs)}."
    position = next((i for i, input_ in enumerate(inputs) if not isinstance(input_, Tensor)), 0)
    kind = f"has type {type(inputs[position])}" if inputs else "is missing"
    return f"the value at index {position} {kind}."
