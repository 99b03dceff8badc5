"""The names of the arguments of a Python call, and those that `wrt` picks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from jacmagic.errors import PointError
from jacmagic.function.source import parameters_of


def names_of(
    func: Callable[..., Any], count: int, names: str | Sequence[str] | None
) -> tuple[str, ...]:
    """One distinct name per input."""
    if names is not None:
        chosen = tuple(split_names(names))
        if len(chosen) != count or len(set(chosen)) != count:
            raise PointError(
                f"expected {count} distinct names, one per input; found {', '.join(chosen)}; "
                f"write names={[f'x{i}' for i in range(count)]}"
            )
        return chosen
    own = parameters_of(func)
    if len(own) >= count:
        return tuple(own[:count])
    fresh = (name for i in itertools.count(1) if (name := f"x{i}") not in own)
    if not own and count == 1:
        return ("x",)
    return tuple(itertools.islice(itertools.chain(own, fresh), count))


def chosen_positions(inputs: tuple[str, ...], wrt: str | Sequence[str] | None) -> list[int]:
    """Positions of the inputs that `wrt` names, in the inputs' order."""
    if wrt is None:
        return list(range(len(inputs)))
    chosen = split_names(wrt)
    for name in chosen:
        if name not in inputs:
            raise PointError(
                f"expected names of inputs in wrt; found {name!r}; "
                f"the inputs are {', '.join(inputs)}; write wrt={list(inputs)[:1]}"
            )
    return [position for position, name in enumerate(inputs) if name in chosen]


def whole_numbers(names: Sequence[str], tensors: Sequence[Tensor]) -> tuple[str, ...]:
    """Return the names of the tensors of an integer dtype."""
    return tuple(
        n for n, tensor in zip(names, tensors, strict=True) if not tensor.is_floating_point()
    )


def split_names(names: str | Sequence[str]) -> list[str]:
    """Names as a list, from one text with commas or a sequence."""
    if isinstance(names, str):
        return [name.strip() for name in names.split(",") if name.strip()]
    return list(names)
