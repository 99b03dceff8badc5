"""Nests of tuples, lists, dicts, named tuples and dataclasses: flatten, rebuild.

What a function takes and what it returns are read by the same rules. A tensor is a leaf, and so is
everything that is not a nest.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

Path = tuple[int | str, ...]  # positions in tuples and lists, keys and field names


def children(value: Any) -> list[tuple[int | str, Any]] | None:
    """Return the named or numbered parts of a nest; `None` for what is not a nest."""
    if type(value) in (tuple, list):  # the usual case, before the slow questions
        return list(enumerate(value))
    if isinstance(value, Tensor):
        return None
    if isinstance(value, Mapping):
        return [(key if isinstance(key, str) else str(key), part) for key, part in value.items()]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(part.name, getattr(value, part.name)) for part in dataclasses.fields(value)]
    if isinstance(value, (tuple, list)):
        return list(zip(_fields(value) or range(len(value)), value, strict=True))
    return None


def _fields(value: Sequence[Any]) -> tuple[str, ...]:
    """Field names of a named tuple or of one of torch's return types, if any."""
    named: tuple[str, ...] = getattr(value, "_fields", ()) or getattr(value, "__match_args__", ())
    return tuple(named) if len(named) == len(value) else ()


def leaves_of(
    value: Any, path: Path = (), *, is_leaf: Callable[[Any], bool] | None = None
) -> Iterator[tuple[Path, Any]]:
    """Yield the leaves of a nest with their paths.

    Args:
        value: the nest.
        path: where it stands itself.
        is_leaf: further things that are not taken apart.
    """
    parts = None if is_leaf is not None and is_leaf(value) else children(value)
    if parts is None:
        yield path, value
    else:
        for step, part in parts:
            yield from leaves_of(part, (*path, step), is_leaf=is_leaf)


def rebuilt(
    template: Any,
    values: Iterator[Any],
    *,
    is_leaf: Callable[[Any], bool] | None = None,
    alike: bool = False,
) -> Any:
    """Return the nest of `template` with the next of `values` for each leaf.

    Args:
        template: a nest.
        values: as many as it has leaves, in their order.
        is_leaf: as for `leaves_of`.
        alike: whether mappings keep their type; they become dicts by default.
    """
    nested = None if is_leaf is not None and is_leaf(template) else children(template)
    if nested is None:
        return next(values)
    parts = [rebuilt(part, values, is_leaf=is_leaf, alike=alike) for _, part in nested]
    if isinstance(template, Mapping):
        return _mapping(template, parts, alike=alike)
    if dataclasses.is_dataclass(template):
        twin = copy.copy(template)  # no constructor: it may check or change what it gets
        for (name, _), part in zip(nested, parts, strict=True):
            object.__setattr__(twin, str(name), part)
        return twin
    if hasattr(template, "_make"):
        return template._make(parts)
    if isinstance(template, tuple) and _fields(template):
        return type(template)(parts)  # torch.return_types take one sequence
    return tuple(parts) if isinstance(template, tuple) else parts


def _mapping(template: Mapping[Any, Any], parts: list[Any], *, alike: bool) -> Any:
    plain = dict(zip(template, parts, strict=True))
    if not alike or type(template) is dict or not hasattr(template, "__setitem__"):
        return plain
    twin: Any = copy.copy(template)
    for key, part in plain.items():
        twin[key] = part
    return twin


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """Return a nest of lists, tuples and dicts with another value at every leaf.

    What does not change is the same object.
    """
    kind = type(value)
    if isinstance(value, (list, tuple)):
        parts = [map_leaves(function, part) for part in value]
        if all(new is old for new, old in zip(parts, value, strict=True)):
            return value
        return value._make(parts) if hasattr(value, "_make") else kind(parts)
    if kind is dict:
        changed = {key: map_leaves(function, part) for key, part in value.items()}
        return changed if any(changed[key] is not value[key] for key in value) else value
    return function(value)
