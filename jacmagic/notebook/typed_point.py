"""The components of a point that are typed as expressions of constants: π/6, √2, 1/3."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

import torch

from jacmagic.function.problem import Problem
from jacmagic.function.values import evaluate
from jacmagic.notebook.cell import Line
from jacmagic.render.typed import typeset
from jacmagic.result.options import TypedNumber

_MAKERS = frozenset("tensor as_tensor array asarray".split())


def typed_numbers(
    problem: Problem, line: Line, at: str | None, namespace: Mapping[str, Any]
) -> dict[int, TypedNumber]:
    """Return the components whose values are expressions of numbers and constants.

    A name that the user has defined is none of these, and what it stands for is not part of the
    line; its number is shown.

    Args:
        problem: with the point of the line.
        line: the magic's line.
        at: the value of `--at`.
        namespace: the user's, for the names of modules.

    Returns:
        the expressions by the index of their component in the point as it is shown.
    """
    ambient = problem if problem.tangent is None else problem.tangent.ambient
    names = [input_.name for input_ in ambient.inputs]
    typed = {assignment.name: _parsed(assignment.source) for assignment in line.point} | dict(
        _parts(at, names)
    )
    modules = {name: value for name, value in namespace.items() if isinstance(value, ModuleType)}
    typed_by_column: dict[int, TypedNumber] = {}
    for input_ in ambient.inputs:
        leaves = list(_leaves(typed[input_.name])) if input_.name in typed else []
        if len(leaves) == input_.value.numel():
            numbers = input_.value.flatten()
            for k, leaf in enumerate(leaves):
                number = _typed_number(leaf, numbers[k], modules)
                typed_by_column |= (
                    {} if number is None else {ambient.slices[input_.name].start + k: number}
                )
    return typed_by_column


def _parsed(source: str) -> ast.expr:
    return ast.parse(source.strip(), mode="eval").body


def _parts(at: str | None, names: list[str]) -> Iterable[tuple[str, ast.expr]]:
    """Return the parts of the value of `--at` by input name, as far as it names them."""
    match None if at is None else _parsed(at):
        case None:
            return ()
        case ast.Dict(keys=keys, values=values):
            named = zip(keys, values, strict=True)
            return [(str(k.value), v) for k, v in named if isinstance(k, ast.Constant)]
        case ast.Call(func=ast.Name(id="dict"), keywords=keywords):
            return [(keyword.arg, keyword.value) for keyword in keywords if keyword.arg]
        case ast.Tuple(elts=parts) if len(names) > 1:
            return zip(names, parts, strict=False)
        case whole:
            return [(names[0], whole)]


def _leaves(expression: ast.expr) -> Iterator[ast.expr]:
    """Yield the components of a value, row-major."""
    match expression:
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _leaves(part)
        case ast.Call(func=ast.Attribute(attr=name), args=[first, *_]) if name in _MAKERS:
            yield from _leaves(first)
        case _:
            yield expression


def _typed_number(
    leaf: ast.expr, number: torch.Tensor, modules: Mapping[str, ModuleType]
) -> TypedNumber | None:
    """Return a component as it was typed, if its constants make its number.

    What can be typeset holds nothing but names of constants and functions, and is run without the
    user's own.
    """
    shown = typeset(leaf)
    if shown is None:
        return None
    source, value = ast.unparse(leaf).replace(" ", ""), float(number)
    try:
        meant = float(number.new_tensor(float(evaluate(source, modules))))
    except Exception:  # noqa: BLE001 a function of the table may refuse its argument
        return None
    return TypedNumber(value, source, shown) if meant == value else None
