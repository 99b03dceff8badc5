"""Which arguments of a target are inputs, and the problem that makes.

Target + Line + namespace ─bind─▶ Problem
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from jacmagic.cell import Line
from jacmagic.errors import PointError
from jacmagic.modules import tied_names, tied_notes
from jacmagic.point import cast, given_values, started, tensor_values
from jacmagic.problem import Problem, labelled
from jacmagic.request import Request, Wishes
from jacmagic.target import EMPTY, Target
from jacmagic.values import is_real_valued

__all__ = ["Wishes", "bind"]


def bind(
    target: Target, line: Line, namespace: Mapping[str, Any], wishes: Wishes | None = None
) -> Problem:
    """Settle the inputs of a target and the point.

    Args:
        target: what is to be differentiated.
        line: the magic's line, with the point.
        namespace: where the texts of the point are evaluated.
        wishes: the options `--at`, `--wrt`, `--dtype`, `--device`.

    Returns:
        The problem; whatever was decided for the user stands in its notes.

    Raises:
        PointError: a name is unknown, a value does not evaluate, or a shape cannot be known.
    """
    request = Request(target, line, namespace, wishes or Wishes(), list(target.notes))
    given = given_values(request)
    inputs = _chosen(request, given)
    values = tensor_values(request, inputs, given)
    values = cast(request, values)
    missing = [n for n in request.names if n not in values and request.default(n) is EMPTY]
    if missing:
        values |= started(request, missing, values)
    varied = {name: values[name] for name in inputs}
    constants = {name: value for name, value in values.items() if name not in varied}

    def function(*tensors: torch.Tensor) -> Any:
        return target.call({**constants, **dict(zip(varied, tensors, strict=True))})

    return Problem(
        function=function,
        inputs=labelled(varied, target.source),
        title=target.title,
        single=len(varied) == 1,
        parameters=_parameters(request, constants, varied),
        notes=(*request.notes, *_tied(target, varied)),
        filename=target.filename,
    )


def _tied(target: Target, varied: Mapping[str, Any]) -> tuple[str, ...]:
    weights = [name for name in varied if name in target.weights]
    return () if target.module is None else tied_notes(target.module, weights)


def _chosen(request: Request, given: Mapping[str, Any]) -> list[str]:
    """Names of the inputs, in the order of the arguments."""
    usual = [
        argument.name
        for argument in request.target.arguments
        if argument.default is EMPTY or _is_varied(argument.name, argument.default, given)
    ]
    usual += [name for name in given if name not in request.names]
    if not usual:
        usual = _real_defaults(request)
    names = _narrowed(request, usual)
    if not names:
        raise PointError(
            f"{request.target.title} has no input to differentiate with respect to; "
            "write a function of at least one number or tensor" + request.line.mark_end()
        )
    return names


def _is_varied(name: str, default: Any, given: Mapping[str, Any]) -> bool:
    """A point may also settle a switch such as `reduction="sum"`, which is no input."""
    if name not in given:
        return False
    is_switch = default is None or isinstance(default, (bool, str))
    return not (is_switch and isinstance(given[name], (bool, str, type(None))))


def _real_defaults(request: Request) -> list[str]:
    """Arguments that start at their defaults: real ones; whole numbers if there are no others."""
    pairs = [(a.name, a.default) for a in request.target.arguments]
    real = [name for name, default in pairs if is_real_valued(default)]
    return real or [name for name, default in pairs if type(default) is int]


def _narrowed(request: Request, usual: list[str]) -> list[str]:
    """What `--wrt` leaves; for a module it may name parameters instead of arguments."""
    if request.wishes.wrt is None:
        return usual
    weights = list(request.target.weights)
    groups = {"inputs": usual, "parameters": weights} if request.target.module else {}
    known = [*dict.fromkeys([*usual, *request.names])]
    chosen: dict[str, None] = {}
    tied = {} if request.target.module is None else tied_names(request.target.module)
    for typed in filter(None, map(str.strip, request.wishes.wrt.split(","))):
        name = tied.get(typed, typed)
        if name in known or name in weights:
            chosen[name] = None
        elif name in groups:
            chosen |= dict.fromkeys(groups[name])
        else:
            raise PointError(
                f"--wrt names {name}, which is no input; there are "
                f"{', '.join([*known, *groups, *weights][:12])}; write --wrt {known[0]}"
                + request.line.mark_text(name)
            )
    order = [*known, *weights]
    return sorted(chosen, key=order.index)


def _parameters(
    request: Request, constants: Mapping[str, Any], varied: Mapping[str, Any]
) -> dict[str, Any]:
    """The constants by name: defaults that stay, and values that `--wrt` leaves out."""
    shown = {
        argument.name: constants.get(argument.name, argument.default)
        for argument in request.target.arguments
        if argument.name not in varied
    }
    return {name: value for name, value in shown.items() if _is_shown(value)}


def _is_shown(value: Any) -> bool:
    """Numbers, tensors and lists say something about the function; switches do not."""
    numeric = (int, float, complex, list, tuple, torch.Tensor)
    return isinstance(value, numeric) and not isinstance(value, bool)
