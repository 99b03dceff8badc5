"""A target: the thing to differentiate, whatever its kind, as one call by argument names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

EMPTY = inspect.Parameter.empty
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Argument:
    """One named argument of a target; `default` is `EMPTY` where it has none."""

    name: str
    default: Any = EMPTY


@dataclass(frozen=True)
class Target:
    """A function by the names of its arguments.

    Attributes:
        title: its name as the user knows it.
        call: takes the values by argument name; absent names keep their defaults.
        arguments: in the order of the signature.
        is_open: whether it takes further arguments of any name.
        source: its text, empty where unknown.
        filename: the file of its code, where there is one.
        module: the module behind it, where it is one.
        notes: what the user should know about it.
    """

    title: str
    call: Callable[[Mapping[str, Any]], Any]
    arguments: tuple[Argument, ...]
    is_open: bool = False
    source: str = ""
    filename: str | None = None
    module: torch.nn.Module | None = None
    notes: tuple[str, ...] = ()

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        """The parameters of the module, none for other targets."""
        return {} if self.module is None else dict(self.module.named_parameters())


def arguments_of(signature: inspect.Signature) -> tuple[Argument, ...]:
    """The named arguments; a partial's keywords are settled and left out."""
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return tuple(
        Argument(parameter.name, parameter.default)
        for parameter in signature.parameters.values()
        if parameter.kind not in variable
    )


def call_by_name(
    function: Callable[..., Any], signature: inspect.Signature, values: Mapping[str, Any]
) -> Any:
    """Call by names, leaving absent ones to their defaults; further names fill `*args`."""
    left = dict(values)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    by_position = True
    for parameter in signature.parameters.values():
        by_position = by_position and parameter.name in left and parameter.kind in POSITIONAL
        if by_position:
            positional.append(left.pop(parameter.name))
        elif parameter.name in left:
            named[parameter.name] = left.pop(parameter.name)
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return function(*positional, *left.values(), **named)
    return function(*positional, **named, **left)
