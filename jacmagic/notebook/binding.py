"""Bind a target to a point: select the inputs and build the problem.

Target + Line + namespace ─bind─▶ Problem
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping
from typing import Any

import torch

from jacmagic.errors import PointError
from jacmagic.function.modules import tied_names, tied_notes
from jacmagic.function.nests import Nest, nest_of
from jacmagic.function.problem import Problem
from jacmagic.function.syntax.bindings import normal
from jacmagic.function.tangents import problem_on
from jacmagic.function.target import EMPTY, Target
from jacmagic.function.values import Kind, is_array, is_real_valued, kind_of, named
from jacmagic.notebook.cell import Line
from jacmagic.notebook.options import InputOptions
from jacmagic.notebook.point import can_vary, cast, converted, ones_for, point_values
from jacmagic.notebook.request import Request

_WRITE_INPUT = "write a function of at least one number or tensor"


def bind(
    target: Target,
    line: Line,
    namespace: Mapping[str, Any],
    options: InputOptions | None = None,
    fixed: Collection[str] = (),
) -> Problem:
    """Return the problem of a target at the point of a line, on manifolds where they are named.

    Args:
        target: what is differentiated.
        line: the magic's line, with the point.
        namespace: where the texts of the point are evaluated.
        options: the options `--at`, `--wrt`, `--out`, `--dtype`, `--device`.
        fixed: names of inputs that stay integers.

    Returns:
        The problem; its notes name every choice made for the user.

    Raises:
        PointError: a name is unknown, a value does not evaluate, or a shape cannot be known.
    """
    input_options = options or InputOptions()

    def make(names: Any) -> Problem:
        wrt = names if names is None or isinstance(names, str) else ",".join(names)
        return _bound(target, line, namespace, dataclasses.replace(input_options, wrt=wrt), fixed)

    try:
        return problem_on(input_options.wrt, input_options.out, make)
    except PointError as error:
        if "\n" in str(error):  # the line is drawn already
            raise
        raise PointError(f"{error}{_marked(line, input_options, str(error))}") from error


def _marked(line: Line, options: InputOptions, message: str) -> str:
    """Return the line with carets under the value of `--out` or `--wrt` that a message is about."""
    is_out = options.out is not None and (repr(options.out) in message or "output" in message)
    text = options.out if is_out else options.wrt
    return "" if text is None else line.mark_text(text)


def _bound(
    target: Target,
    line: Line,
    namespace: Mapping[str, Any],
    options: InputOptions,
    fixed: Collection[str],
) -> Problem:
    """Return the problem of a target whose inputs are on no manifold."""
    notes = list(target.notes)
    request = Request(target, line, namespace, options, notes, frozenset(fixed))
    point = point_values(request)
    usual = _usual(request, point)
    nest = nest_of(_arguments(request, point, usual), is_array)
    varied = _varied(request, nest, usual)
    values = cast(request, converted(request, nest, varied))
    missing = [name for name, leaf in nest.leaves.items() if leaf.value is EMPTY]
    if missing:
        values |= ones_for(request, missing, values, nest)
    tensors = {name: values[name] for name in varied}
    constants = {name: value for name, value in values.items() if name not in tensors}
    weights = {name: value for name, value in constants.items() if name not in nest.leaves}

    def function(*parts: torch.Tensor) -> Any:
        changed = dict(zip(tensors, parts, strict=True))
        return target.call({**weights, **nest.filled({**constants, **changed})})

    plain = all(not nest.leaves[name].path for name in varied)
    single = len({nest.leaves[name].argument for name in varied}) == 1
    return Problem(
        function=function,
        inputs=nest.inputs(tensors, lambda: target.source),
        title=target.title,
        single=len(varied) == 1,
        parameters=_parameters(request, nest, constants),
        notes=(*notes, *_tied(target, tensors)),
        filename=target.filename,
        arrange=None if plain else nest.arranged(varied, single=single),
        integers=_integers(request, nest, values),
    )


def _tied(target: Target, varied: Mapping[str, Any]) -> tuple[str, ...]:
    weights = [name for name in varied if name in target.weights]
    return () if target.module is None else tied_notes(target.module, weights)


def _usual(request: Request, point: Mapping[str, Any]) -> list[str]:
    """Return the names of the arguments that are inputs without `--wrt`, in order."""
    usual = [a.name for a in request.target.arguments if a.default is EMPTY or a.name in point]
    usual += [name for name in point if name not in request.names]
    varying = [name for name in usual if name not in point or _has_varying(point[name])]
    return varying or _real_defaults(request) or usual


def _has_varying(value: Any) -> bool:
    leaves = nest_of({"": value}, is_array).leaves.values()
    return any(kind_of(leaf.value) is not Kind.FIXED for leaf in leaves)


def _real_defaults(request: Request) -> list[str]:
    """Return arguments with a real default; if there are none, with an integer one."""
    pairs = [(a.name, a.default) for a in request.target.arguments]
    real = [name for name, default in pairs if is_real_valued(default)]
    return real or [name for name, default in pairs if type(default) is int]


def _arguments(
    request: Request, point: Mapping[str, Any], usual: Collection[str]
) -> dict[str, Any]:
    """Return arguments and varying weights by name; `EMPTY` is a missing value."""
    weights, chosen = request.target.weights, _wanted(request)
    named = {*point, *usual, *chosen, *(re.split(r"[.\[]", name)[0] for name in chosen)}
    if "parameters" in chosen:
        named |= weights.keys()
    arguments: dict[str, Any] = {}
    for name in dict.fromkeys([*request.names, *point, *usual, *weights]):
        value = point.get(name, weights.get(name, request.default(name)))
        if name in named or (value is EMPTY and name in request.names):
            arguments[name] = value
    return arguments


def _wanted(request: Request) -> list[str]:
    """Return the names of `--wrt`; a tied parameter has its first name."""
    module, wrt = request.target.module, request.options.wrt
    tied = {} if module is None or wrt is None else tied_names(module)
    typed = filter(None, map(str.strip, (wrt or "").split(",")))
    return [normal(tied.get(name, name)) for name in typed]


def _varied(request: Request, nest: Nest, usual: Collection[str]) -> list[str]:
    """Return the names of the leaves to differentiate by."""
    inputs = [name for name, leaf in nest.leaves.items() if leaf.argument in usual]
    varying = [name for name in inputs if can_vary(request, nest, name)] or inputs
    names = varying if request.options.wrt is None else _narrowed(request, nest, varying)
    names = [name for name in names if name not in request.fixed]
    if not names:
        raise PointError(
            f"{request.target.title} has no input to differentiate with respect to; "
            + ("write a point, such as x=1" if request.target.is_open else _WRITE_INPUT)
            + request.line.mark_end()
        )
    return names


def _narrowed(request: Request, nest: Nest, varying: list[str]) -> list[str]:
    """Return the leaves that `--wrt` names; of a module also groups and parameters."""
    weights = list(request.target.weights)
    groups = {"inputs": varying, "parameters": weights} if request.target.module else {}
    chosen: dict[str, None] = {}
    for name in _wanted(request):
        leaves = [n for n in nest.meant(name) if n == name or can_vary(request, nest, n)]
        if not leaves and name not in groups:
            inputs = list(dict.fromkeys([*varying, *request.names]))
            raise PointError(
                f"--wrt names {name}, which is not an input; there are "
                f"{', '.join([*inputs, *groups, *weights][:12])}; write --wrt {inputs[0]}"
                + request.line.mark_text(name)
            )
        chosen |= dict.fromkeys(leaves or groups[name])
    return sorted(chosen, key=[*nest.leaves].index)


def _integers(request: Request, nest: Nest, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the integers converted to floats, except those that `--wrt` names."""
    chosen = _wanted(request)
    return tuple(
        name
        for name, leaf in nest.leaves.items()
        if kind_of(leaf.value) is Kind.WHOLE
        and values[name] is not leaf.value
        and not {name, leaf.argument} & {*chosen}
    )


def _parameters(request: Request, nest: Nest, constants: Mapping[str, Any]) -> dict[str, Any]:
    """Return the constants by name: defaults that stay, and values that do not vary."""
    shown: dict[str, Any] = {}
    for argument in request.target.arguments:
        if argument.name not in nest.arguments and _is_numeric(argument.default):
            shown[argument.name] = argument.default
        for name, leaf in nest.leaves.items():
            if leaf.argument == argument.name and name in constants:
                shown[name] = named(constants[name])
    return shown


def _is_numeric(default: Any) -> bool:
    """Whether a default is numeric and therefore shown beside the formula."""
    numeric = (int, float, complex, list, tuple, torch.Tensor)
    return isinstance(default, numeric) and not isinstance(default, bool)
