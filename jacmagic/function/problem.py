"""A problem: a function of named tensors, and the point of its Jacobian.

The magic's line and Python calls both end here; what computes Jacobians knows nothing else.
"""

from __future__ import annotations

import dataclasses
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch

from jacmagic.errors import PointError
from jacmagic.function.components import components, parts_of
from jacmagic.function.inputs import Input
from jacmagic.function.interop import effects_of
from jacmagic.function.manifolds import Manifold
from jacmagic.function.outputs import Outputs
from jacmagic.function.pickling import Remake, reduced
from jacmagic.labels import Label, joined

_Frozen = TypeVar("_Frozen", "Input", "Problem")


class Tangent(ABC):
    """The tangent spaces that some inputs, or the output, of a problem are replaced by.

    Attributes:
        ambient: the problem of the values themselves, at the same point.
        charts: the manifold of each input, None for an ordinary one.
        output: the manifold of the output, or None.
    """

    ambient: Problem
    charts: tuple[Manifold | None, ...]
    output: Manifold | None

    @property
    @abstractmethod
    def law(self) -> str:
        """How tangent vectors change inputs, and the output."""

    @abstractmethod
    def moved(self, values: Mapping[str, Any]) -> Problem:
        """Return the problem at other values, or at tangent vectors from here."""

    @abstractmethod
    def rows(self) -> Sequence[Label] | None:
        """Return the labels of the output's tangent vector; None for an ordinary output."""


@dataclass(frozen=True)
class Problem:
    """A function of named tensors, and the point at which to differentiate it.

    Attributes:
        function: takes the inputs' tensors by position and returns what the user's function does;
            calls of `math` and NumPy inside it work on tensors.
        inputs: the named tensors, in the order the function takes them.
        title: the function's name as the user knows it.
        single: whether torch's structure has one bare input rather than a tuple of them.
        parameters: the arguments that stay constant, by name.
        notes: what was decided for the user, one sentence each.
        failure: why a later run of its cell failed, one sentence.
        filename: the file whose lines the user knows, where there is one.
        potential: the scalar problem at the same point whose gradient `function` computes; the
            Jacobian is then the Hessian of that scalar. None for an ordinary function.
        user_function: the user's own callable where nothing but that and the inputs decides the
            value: `tuning` then holds for every other problem of the same callable.
        call: the function by names of inputs, constant ones too, see `called`; None where all that
            it takes are `inputs`.
        arrange: puts parts, one for each input, into the structure of arguments that are nests;
            None where the inputs are the arguments themselves.
        integers: inputs that were given as integers: they stay so where the function cannot
            take them as real ones.
        tangent: the manifolds of inputs that are tangent vectors, at 0; None for ordinary inputs.
        remake: the call that makes this problem anew, for pickle; None where there is none.
    """

    function: Callable[..., Any]
    inputs: tuple[Input, ...]
    title: str
    single: bool
    parameters: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    failure: str = ""
    filename: str | None = None
    potential: Problem | None = None
    call: Callable[[Mapping[str, torch.Tensor]], Any] | None = None
    user_function: Callable[..., Any] | None = None
    arrange: Callable[[Sequence[Any]], Any] | None = None
    integers: tuple[str, ...] = ()
    tangent: Tangent | None = None
    remake: Remake | None = field(default=None, repr=False, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how pickle stores a problem; see `pickling`."""
        return reduced(self, self.remake, self.title)

    def called(self, values: Mapping[str, torch.Tensor]) -> Any:
        """Call the function by names of inputs, constant ones too; others keep their value."""
        if self.call is not None:
            return self.call(values)
        return self.function(*[values.get(input_.name, input_.value) for input_ in self.inputs])

    def nested(self, parts: Sequence[Any]) -> Any:
        """One part per input in torch's structure: bare, a tuple, or the arguments' nest."""
        if self.arrange is not None:
            return self.arrange(parts)
        return parts[0] if self.single else tuple(parts)

    @property
    def effects(self) -> tuple[str, ...]:
        """What the function's first run has changed outside of itself, by name."""
        return effects_of((self.potential or self).function)

    @property
    def point(self) -> dict[str, torch.Tensor]:
        """The inputs' values by name; those on manifolds, not their tangent vectors."""
        inputs = self.inputs if self.tangent is None else self.tangent.ambient.inputs
        return {input_.name: input_.value for input_ in inputs}

    @property
    def point_shown(self) -> tuple[Sequence[Label], list[float]]:
        """Labels and numbers of the point, those on manifolds by their own components."""
        problem = self if self.tangent is None else self.tangent.ambient
        return problem.columns, problem.flat_point

    @property
    def movable(self) -> list[int]:
        """The components that a slider can move: those of tangent vectors stay 0."""
        charts = (None,) * len(self.inputs) if self.tangent is None else self.tangent.charts
        parts = zip(self.inputs, charts, strict=True)
        free = [chart is None for input_, chart in parts for _ in range(input_.value.numel())]
        return [k for k, is_free in enumerate(free) if is_free]

    @property
    def tensors(self) -> list[torch.Tensor]:
        """The inputs' values, in the order in which the function takes them."""
        return [input_.value for input_ in self.inputs]

    @property
    def sizes(self) -> list[int]:
        """The number of scalar components of each input."""
        return [input_.value.numel() for input_ in self.inputs]

    @property
    def size(self) -> int:
        """The number of scalar components of all inputs, n."""
        return sum(self.sizes)

    @property
    def slices(self) -> dict[str, slice]:
        """Where each input's components are among the n, by name."""
        ends, names = itertools.accumulate(self.sizes), (input_.name for input_ in self.inputs)
        return {n: slice(end - k, end) for n, end, k in zip(names, ends, self.sizes, strict=True)}

    @property
    def flat_point(self) -> list[float]:
        """The n numbers of the point, in the order of the columns."""
        return components(self.tensors).tolist()

    def named(self, flat: Sequence[float] | np.ndarray) -> dict[str, torch.Tensor]:
        """Return n numbers, in the order of the columns, as a tensor for each input, by name."""
        parts = parts_of(np.asarray(flat, dtype=float), self.tensors)
        return {input_.name: part for input_, part in zip(self.inputs, parts, strict=True)}

    @property
    def columns(self) -> Sequence[Label]:
        """The n labels of the inputs' components."""
        return joined([input_.labels for input_ in self.inputs])

    def rows(self, outputs: Outputs) -> Sequence[Label]:
        """Return the m labels of the outputs' components; for a Hessian, the columns."""
        if self.potential is not None:
            return self.columns
        rows = None if self.tangent is None else self.tangent.rows()
        return outputs.labels(self.title) if rows is None else rows

    def at(self, values: Mapping[str, Any]) -> Problem:
        """Return the same problem at another point, its potential along with it.

        Args:
            values: new values by input name; what is not named stays where it is.

        Raises:
            PointError: for a name that is not an input, or a value of another shape.
        """
        if self.tangent is not None:
            return dataclasses.replace(self.tangent.moved(values), remake=self.remake)
        names = [input_.name for input_ in self.inputs]
        for name in values:
            if name not in names:
                listed = ", ".join(names)
                raise PointError(
                    f"expected inputs among {listed}; found {name!r}; write one of these names"
                )
        inputs = tuple(
            [_moved(input_, values.get(input_.name, input_.value)) for input_ in self.inputs]
        )
        potential = self.potential and dataclasses.replace(self.potential, inputs=inputs)
        return altered(self, inputs=inputs, potential=potential)


def altered(frozen: _Frozen, **changes: Any) -> _Frozen:
    """Return a frozen dataclass with other values; a fifth of the time of `dataclasses.replace`."""
    other = object.__new__(type(frozen))
    vars(other).update(vars(frozen), **changes)
    return other


def _moved(input_: Input, new: Any) -> Input:
    """Return an input of the same shape, dtype and device with another value."""
    before = input_.value
    if isinstance(new, float | int) and before.dtype is torch.float64 and before.is_cpu:
        value = torch.from_numpy(np.array(new, dtype=float))  # a third of what torch takes
    else:
        try:
            value = torch.as_tensor(new, dtype=before.dtype, device=before.device)
        except (TypeError, ValueError, RuntimeError):
            raise PointError(
                f"expected numbers of shape {tuple(before.shape)} for {input_.name}; "
                f"found {type(new).__name__}; write a number, a list of numbers or a tensor"
            ) from None
        if isinstance(new, torch.Tensor | np.ndarray):
            value = value.clone()  # its owner may write into it
    if value.shape != before.shape:
        raise PointError(
            f"expected {input_.name} of shape {tuple(input_.value.shape)}; "
            f"found {tuple(value.shape)}; write one number for each component"
        )
    return altered(input_, value=value)
