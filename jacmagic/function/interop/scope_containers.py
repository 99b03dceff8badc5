"""Copies of small lists, tuples, dicts and namespaces with replaced entries."""

from __future__ import annotations

import types
from typing import Any

from jacmagic.function.interop.replacements import Replacements
from jacmagic.function.interop.survey import MAX_SEARCHED_ENTRIES

_MISSING = object()


def item_name(name: str, index: Any, item: Any) -> str:
    """Return the name of a float in a list that has a name: L[0]."""
    return f"{name}[{index}]" if name and type(item) is float else ""


class Containers:
    """The copied containers of a scope, whose changes are written back at the end."""

    def __init__(self, scope: Replacements) -> None:
        self._scope = scope
        self._copied: list[tuple[Any, Any, dict[Any, Any]]] = []

    def copy(self, value: Any, name: str = "") -> Any:
        """Return a container with replaced entries; the value itself where it has none."""
        mapping = vars(value) if isinstance(value, types.SimpleNamespace) else value
        if len(mapping) > MAX_SEARCHED_ENTRIES:
            return value
        entries = mapping.items() if isinstance(mapping, dict) else enumerate(mapping)
        before = dict(entries)
        after = {
            key: self._scope.of(item, key if isinstance(key, str) else item_name(name, key, item))
            for key, item in before.items()
        }
        if all(after[key] is before[key] for key in before):
            return value
        if isinstance(value, tuple):
            return self._scope.note(value, tuple(after.values()))
        copied = (
            types.SimpleNamespace(**after) if isinstance(value, types.SimpleNamespace)
            else after if isinstance(value, dict) else list(after.values())
        )  # fmt: skip
        self._copied.append((value, copied, dict(after)))
        return self._scope.note(value, copied)

    def clear(self) -> None:
        """Release all copies."""
        self._copied.clear()

    def flush(self) -> None:
        """Write back to the user's containers what the function has changed in their copies."""
        for old, new, put in self._copied:
            _write_back(self._scope, old, new, put)


def _write_back(scope: Replacements, old: Any, new: Any, put: dict[Any, Any]) -> None:
    """Make the changes of a copied list, dict or namespace in the user's own."""
    if isinstance(old, list):
        if len(new) != len(put) or any(item is not put[i] for i, item in enumerate(new)):
            old[:] = map(scope.original, new)
        return
    target = vars(old) if isinstance(old, types.SimpleNamespace) else old
    source = vars(new) if isinstance(new, types.SimpleNamespace) else new
    for key in put.keys() - source.keys():
        target.pop(key, None)
    for key, value in source.items():
        if put.get(key, _MISSING) is not value:
            target[key] = scope.original(value)
