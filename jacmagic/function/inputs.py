"""The inputs of a problem: named tensors, with one label for each component.

A component is called by the name that the function unpacks it to (`x1, x2 = x`), else by its index.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from jacmagic.function.syntax.parameters import unpacked_names
from jacmagic.labels import MAX_EAGER, Label, apart, labels_of


@dataclass(frozen=True)
class Input:
    """One tensor the function is differentiated with respect to.

    Attributes:
        name: the argument's name, or a module parameter's.
        value: where it stands, of a floating dtype and any shape.
        naming: gives the labels by the input's name; they and the source they are read from wait
            until asked for.
    """

    name: str
    value: torch.Tensor
    naming: Callable[[str], Sequence[Label]] = field(repr=False, compare=False)

    @property
    def labels(self) -> Sequence[Label]:
        """One label per scalar component, row-major."""
        return self.naming(self.name)


def labelled(
    values: Mapping[str, torch.Tensor], source: str | Callable[[], str]
) -> tuple[Input, ...]:
    """Return inputs with a label per component: the names unpacked, or indices.

    Args:
        values: the tensors by name.
        source: the function's text, or what reads it; read once and only if a label is asked for.
    """
    shapes = {name: value.shape for name, value in values.items()}
    labels = functools.cache(
        lambda: _labels(shapes, source if isinstance(source, str) else source())
    )
    return tuple(Input(name, value, lambda name: labels()[name]) for name, value in values.items())


def _labels(shapes: Mapping[str, torch.Size], source: str) -> dict[str, Sequence[Label]]:
    """Return the labels of each input's components."""
    used_names, labels_by_input = set(shapes), dict[str, Sequence[Label]]()
    for name, shape in shapes.items():
        parts = unpacked_names(source, name) if len(shape) == 1 and source else None
        if parts and len(set(parts)) == len(parts) == shape[0] and used_names.isdisjoint(parts):
            labels_by_input[name] = tuple(Label(part) for part in parts)
            used_names |= set(parts)
        else:
            labels_by_input[name] = labels_of(name, shape)
    if len(labels_by_input) == 1 or sum(map(len, labels_by_input.values())) > MAX_EAGER:
        return labels_by_input
    each = iter(apart([label for labels in labels_by_input.values() for label in labels]))
    return {
        name: tuple(itertools.islice(each, len(labels))) for name, labels in labels_by_input.items()
    }
