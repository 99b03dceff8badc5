"""Arguments that are nests of tensors: leaves by name, nests of other leaves.

    {"w": tensor, "b": tensor}   ─▶   inputs w, b   ─▶   blocks {"w": …, "b": …}

A leaf is called by its keys: `w`, or `p.w` where another argument has a `w` too; `ws[0]` in a list.
What cannot vary (texts, flags, None, functions) stays where it is.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from jacmagic.errors import PointError
from jacmagic.function.inputs import Input, labelled
from jacmagic.function.pytree import Path, children, leaves_of, rebuilt
from jacmagic.function.syntax.bindings import normal
from jacmagic.function.syntax.parameters import unpacked_names
from jacmagic.labels import Label, labels_of

IsLeaf = Callable[[Any], bool]
_INDICES = re.compile(r"(.*[^\]])((?:\[\d+\])+)")


@dataclass(frozen=True)
class Leaf:
    """One leaf of the arguments: the argument's name, the path to it, its value."""

    argument: str
    path: Path
    value: Any


@dataclass(frozen=True)
class Nest:
    """Arguments by name, and their leaves by name.

    Attributes:
        arguments: as given.
        leaves: every leaf, in the order of the arguments.
        is_leaf: what is not taken apart although it could be, such as a list of numbers.
    """

    arguments: Mapping[str, Any]
    leaves: Mapping[str, Leaf]
    is_leaf: IsLeaf | None = field(default=None, repr=False)

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with other leaves; those not in `values` stay."""
        parts = iter([values.get(name, leaf.value) for name, leaf in self.leaves.items()])
        return {
            name: rebuilt(value, parts, is_leaf=self.is_leaf, alike=True)
            for name, value in self.arguments.items()
        }

    def meant(self, name: str) -> list[str]:
        """Return the leaves that a name selects: one leaf, or those of an argument or a part.

        `p` means all leaves of the argument p, and `p.w` the leaf w of p although it is called w.
        """
        if name in self.leaves:
            return [name]
        normal_name = normal(name)
        spelled = {key: (normal(key), _full(leaf)) for key, leaf in self.leaves.items()}
        exact = [key for key, spellings in spelled.items() if normal_name in spellings]
        return exact or [
            leaf
            for leaf, spellings in spelled.items()
            if any(
                spelling.startswith((f"{normal_name}.", f"{normal_name}["))
                for spelling in spellings
            )
        ]

    def arranged(self, chosen: Sequence[str], *, single: bool) -> Callable[[Sequence[Any]], Any]:
        """Return a function that arranges a part per chosen leaf in the arguments' structure.

        What stays fixed is left out; a named tuple or dataclass that lacks a field becomes a dict.

        Args:
            chosen: names of leaves, in their order.
            single: whether a lone argument stands without a tuple around it.
        """
        order = {name: position for position, name in enumerate(chosen)}
        positions = iter([order.get(name) for name in self.leaves])
        marked = [
            rebuilt(value, positions, is_leaf=self.is_leaf) for value in self.arguments.values()
        ]
        parts_by_argument = [
            part for child in marked if (part := _without_none(child)) is not _NOTHING
        ]

        def arrange(parts: Sequence[Any]) -> Any:
            rows = [
                rebuilt(part, iter([parts[position] for _, position in leaves_of(part)]))
                for part in parts_by_argument
            ]
            return rows[0] if single and len(rows) == 1 else tuple(rows)

        return arrange

    def inputs(
        self, values: Mapping[str, torch.Tensor], source: Callable[[], str]
    ) -> tuple[Input, ...]:
        """Return tensors by leaf name as inputs, labelled by the names unpacked."""
        plain = {n: v for n, v in values.items() if n in self.arguments or n not in self.leaves}
        by_name = dict(zip(plain, labelled(plain, source), strict=True))
        names = functools.cache(lambda: _unpacked(self, source()))
        return tuple(
            by_name.get(name) or Input(name, value, functools.partial(_labels, value.shape, names))
            for name, value in values.items()
        )


_NOTHING = object()


def nest_of(arguments: Mapping[str, Any], is_leaf: IsLeaf | None = None) -> Nest:
    """Take arguments apart.

    Raises:
        PointError: an argument contains itself, or is nested too deeply.
    """
    leaves: list[Leaf] = []
    for name, value in arguments.items():
        try:
            pairs = list(leaves_of(value, is_leaf=is_leaf))
        except RecursionError:
            raise PointError(
                f"expected a nest of tensors for {name}; found one that contains itself or is too "
                "deep; write a flat dict"
            ) from None
        leaves += [Leaf(name, path, part) for path, part in pairs]
    return Nest(dict(arguments), _named(leaves, list(arguments)), is_leaf)


def _named(leaves: Sequence[Leaf], arguments: Sequence[str]) -> dict[str, Leaf]:
    """Leaves by the shortest names that tell them apart."""
    shorts = [_short(leaf) for leaf in leaves]
    count = Counter([*shorts, *arguments])
    alone = {leaf.argument: not leaf.path for leaf in leaves}
    clash = {
        leaf.argument
        for leaf, short in zip(leaves, shorts, strict=True)
        if leaf.path and count[short] > 1 and not alone[leaf.argument]
    }
    by_name: dict[str, Leaf] = {}
    for leaf, short in zip(leaves, shorts, strict=True):
        name = _full(leaf) if leaf.argument in clash else short
        while name in by_name:  # keys 1 and "1"
            name += "_"
        by_name[name] = leaf
    return by_name


def _full(leaf: Leaf) -> str:
    return leaf.argument + _tail(leaf.path)


def _short(leaf: Leaf) -> str:
    """Return the keys alone; after the argument's name if the first step has none."""
    keyed = bool(leaf.path) and isinstance(leaf.path[0], str)
    return _tail(leaf.path).removeprefix(".") or leaf.argument if keyed else _full(leaf)


def _tail(path: Path) -> str:
    return "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path)


def _without_none(marked: Any) -> Any:
    """Return a nest of indices without the leaves that have none, or `_NOTHING`."""
    if marked is None:
        return _NOTHING
    if isinstance(marked, int):
        return marked
    pairs = list(leaves_of(marked))
    if pairs and all(position is not None for _, position in pairs):
        return marked
    if isinstance(marked, (list, tuple)) and not hasattr(marked, "_fields"):
        parts = [part for child in marked if (part := _without_none(child)) is not _NOTHING]
        return type(marked)(parts) if parts else _NOTHING
    named = marked.items() if isinstance(marked, Mapping) else children(marked) or ()
    parts_with_indices = {
        key: part for key, child in named if (part := _without_none(child)) is not _NOTHING
    }
    return parts_with_indices or _NOTHING


# ── labels ────────────────────────────────────────────────────────────────────────────────────


def _unpacked(nest: Nest, source: str) -> dict[str, str]:
    """Names of leaves of lists that the code unpacks: `W, b = params`."""
    unpacked: dict[str, str] = {}
    for argument, value in nest.arguments.items():
        names = unpacked_names(source, argument) if isinstance(value, (list, tuple)) else None
        if names and len(names) == len(value) and not {*names} & {*nest.leaves}:
            for name, leaf in nest.leaves.items():
                if leaf.argument == argument and isinstance(step := leaf.path[0], int):
                    unpacked[name] = names[step] + _tail(leaf.path[1:])
    return unpacked


def _labels(
    shape: torch.Size, names: Callable[[], Mapping[str, str]], name: str
) -> Sequence[Label]:
    """Return the labels of one leaf's components."""
    shown = names().get(name, name)
    if shape:
        return labels_of(shown, shape)
    if match := _INDICES.fullmatch(shown):
        return (Label(match[1], tuple(map(int, re.findall(r"\d+", match[2])))),)
    return (Label(shown),)
