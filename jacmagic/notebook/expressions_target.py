"""Compile a cell of bare expressions into a function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

from jacmagic.function.interop import lifted
from jacmagic.function.target import EMPTY, Argument, Target
from jacmagic.function.targets import is_sympy
from jacmagic.function.values import FALLBACK
from jacmagic.notebook.cell import Cell, function_of_expressions


def expressions_target(
    cell: Cell, namespace: Mapping[str, Any], named: frozenset[str], filename: str
) -> Target:
    """Return the function equivalent to an expression cell.

    Args:
        cell: an expression cell, its source as it was compiled for `filename`.
        namespace: the user's; numbers and tensors in it are constants, as defaults are.
        named: the names of the point.
        filename: the file name of the cell's code object.
    """
    arguments = _arguments(cell, namespace, named)
    space = {**FALLBACK, **namespace, "__name__": "__main__"}
    names = tuple(argument.name for argument in arguments)
    module = function_of_expressions(cell.source, names)
    exec(compile(module, filename, "exec", dont_inherit=True), space)
    function = space["f"]
    # a traceback then shows the lines of the cell as those of a module
    function.__code__ = function.__code__.replace(co_name="<module>")
    raised = lifted(function)
    constants = [a.name for a in arguments if a.default is not EMPTY and a.name not in named]
    return Target(
        title="f",
        call=lambda values: raised(*(values[n] if n in values else namespace[n] for n in names)),
        arguments=arguments,
        filename=filename,
        notes=(f"taken from the notebook: {', '.join(constants)}",) if constants else (),
    )


def _arguments(
    cell: Cell, namespace: Mapping[str, Any], named: frozenset[str]
) -> tuple[Argument, ...]:
    """Return the free names that are not constants, as arguments."""
    arguments = tuple(
        Argument(name, namespace.get(name, EMPTY) if _is_value(namespace.get(name)) else EMPTY)
        for name in cell.free_names
        if name in named or not _is_known(name, namespace)
    )
    free = {argument.name for argument in arguments}
    # a call of the point's name, x(y + 1) for a product, raises Python's own error
    called = [name for name in sorted(named - free) if re.search(rf"\b{name}\(", cell.source)]
    return (*arguments, *map(Argument, called))


def _is_value(value: Any) -> bool:
    """Whether a value is a number or tensor, but no flag."""
    return isinstance(value, (int, float, torch.Tensor)) and not isinstance(value, bool)


def _is_known(name: str, namespace: Mapping[str, Any]) -> bool:
    """Whether a name is not an input: a function, a module or a constant of `math`."""
    if name in namespace:
        return not _is_value(namespace[name]) and not is_sympy(namespace[name])
    return name in FALLBACK or name in ("torch", "np", "numpy", "math", "sympy")
