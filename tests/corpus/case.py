"""A case of the corpus: a function from a book or paper, and a point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

import jacmagic

Point = float | list


@dataclass(frozen=True)
class Case:
    """One function as a user would write it.

    Attributes:
        function: takes one tensor per argument; may use `math` and NumPy.
        point: one number or nested list per argument.
        tags: the subjects it belongs to.
        refuses: the operation that stands in the way of a closed form; empty if there is one.
    """

    function: Callable[..., Any]
    point: tuple[Point, ...]
    tags: frozenset[str]
    refuses: str = ""

    @property
    def name(self) -> str:
        """The function's own name."""
        return self.function.__name__

    @property
    def source(self) -> str:
        """Where the function comes from: its docstring."""
        return self.function.__doc__ or ""

    def tensors(self) -> tuple[torch.Tensor, ...]:
        """Return the point as float64 tensors."""
        return tuple(torch.tensor(value, dtype=torch.float64) for value in self.point)

    @cached_property
    def jacobian(self) -> jacmagic.Jacobian:
        """The Jacobian at the point, the same for all tests of a process that only read it."""
        return jacmagic.jacobian(self.function, self.tensors())

    def __str__(self) -> str:
        return self.name


class Collection(list[Case]):
    """The cases of one module, registered by its decorator."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self.tag = tag

    def __call__(
        self, *point: Point, tags: str = "", refuses: str = ""
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Add the function below, to be evaluated at this point."""

        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            self.append(Case(function, point, frozenset({self.tag, *tags.split()}), refuses))
            return function

        return add
