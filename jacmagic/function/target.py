"""A target: the thing to differentiate, of any kind, called by argument names."""

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
        module: the module that is called, where it is one.
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
    """Return the named arguments; a partial's keywords are settled and left out."""
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return tuple(
        Argument(parameter.name, parameter.default)
        for parameter in signature.parameters.values()
        if parameter.kind not in variable
    )


def call_by_name(
    function: Callable[..., Any], signature: inspect.Signature, values: Mapping[str, Any]
) -> Any:
    """Call by names; absent ones take their defaults, further ones fill `*args`.

    A value under the name of `*args` itself is spread over it, one under that of `**named` too.
    """
    left = dict(values)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    by_position, takes_more = True, False
    more: list[Any] = []
    for parameter in signature.parameters.values():
        name, kind = parameter.name, parameter.kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            takes_more = True
            more = _spread(left.pop(name)) if name in left else []
        elif kind is inspect.Parameter.VAR_KEYWORD:
            keywords = left.pop(name, {})
            named |= keywords if isinstance(keywords, Mapping) else {name: keywords}
        elif by_position and kind in POSITIONAL and name in left:
            positional.append(left.pop(name))
        else:
            by_position = False
            if name in left:
                named[name] = left.pop(name)
    if not takes_more:
        return function(*positional, **named, **left)
    more += left.values()
    between = _between(signature, len(positional), named) if more else []
    return function(*positional, *between, *more, **named)


def _spread(value: Any) -> list[Any]:
    """Return the values of `*args`: the parts of a list or vector, or a number alone."""
    if isinstance(value, torch.Tensor):
        return list(value) if value.dim() else [value]
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _between(signature: inspect.Signature, count: int, named: dict[str, Any]) -> list[Any]:
    """Positional arguments after the first `count`, so that the next fill `*args`."""
    arguments = []
    for parameter in list(signature.parameters.values())[count:]:
        if parameter.kind not in POSITIONAL:
            break
        if parameter.name not in named and parameter.default is EMPTY:
            break  # Python names what is missing
        arguments.append(named.pop(parameter.name, parameter.default))
    return arguments
