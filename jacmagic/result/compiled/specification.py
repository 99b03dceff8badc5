"""What is to be compiled, and the Jacobian that it is checked against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.errors import FunctionError
from jacmagic.function.inputs import labelled
from jacmagic.function.problem import Problem
from jacmagic.numeric.backward_error import matrix_noise_of_rows
from jacmagic.numeric.compute import compute
from jacmagic.numeric.entries import SparsePlan
from jacmagic.numeric.modes.rescue import refusal_of
from jacmagic.numeric.options import DEFAULTS, ComputeOptions
from jacmagic.numeric.result import NumericJacobian
from jacmagic.numeric.tuning import Tuning
from jacmagic.result.compiled.check import Reference
from jacmagic.result.compiled.constants import Constants
from jacmagic.result.compiled.graph.passes import Task


@dataclass(frozen=True)
class Specification:
    """A function and how its Jacobian is compiled.

    Attributes:
        problem: the function and all inputs at the example.
        chosen: the positions of the inputs it is differentiated by.
        backend: "auto" or the name of one.
        constants: what the function reads from outside.
        whole: by position, name and value of the arguments that are constants.
        options: how `jacobian()` computes the reference.
    """

    problem: Problem
    chosen: tuple[int, ...]
    backend: str
    constants: Constants
    whole: Mapping[int, tuple[str, Tensor]]
    options: ComputeOptions = DEFAULTS

    @property
    def example(self) -> list[Tensor]:
        """All inputs."""
        return self.problem.tensors

    def at(self, tensors: Sequence[Tensor]) -> Problem:
        """Return the problem at other tensors, of any shapes and dtypes."""
        moved = []
        for input_, value in zip(self.problem.inputs, tensors, strict=True):
            same = input_.value.shape == value.shape
            other = input_ if same else labelled({input_.name: value}, "")[0]
            moved.append(replace(other, value=value.detach()))
        inputs, potential = tuple(moved), self.problem.potential
        return replace(
            self.problem, inputs=inputs, potential=potential and replace(potential, inputs=inputs)
        )

    def by_chosen(self, tensors: Sequence[Tensor]) -> Any:
        """Return the function of the chosen inputs alone, the others as they are here."""

        def function(*chosen: Tensor) -> Any:
            values = list(tensors)
            for position, value in zip(self.chosen, chosen, strict=True):
                values[position] = value
            return self.problem.function(*values)

        return function


@dataclass
class References:
    """`jacobian()` at inputs of one kind, its entries always at the same positions.

    Attributes:
        spec: the function.
        first: what came out at the first inputs.
        scheme: the sparse plan where there is one that holds everywhere.
        rows: where the entries stand, (entries,).
        columns: the same.
    """

    spec: Specification
    first: NumericJacobian
    scheme: SparsePlan | None
    rows: np.ndarray
    columns: np.ndarray
    tuning: Tuning = field(default_factory=Tuning)

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        sizes = self.spec.problem.sizes
        return self.first.m, sum(sizes[k] for k in self.spec.chosen)

    def at(self, tensors: Sequence[Tensor], numbers: NumericJacobian | None = None) -> Reference:
        """Return the reference at some inputs; run the function where the numbers are not known."""
        if numbers is None:
            numbers = numbers_at(self.spec, tensors, self.tuning)
        chosen, entries = self.spec.chosen, self._entries(numbers)
        return Reference(tuple(tensors), chosen, entries, numbers.outputs, self.rows, self.columns)

    def rounding(self, tensors: Sequence[Tensor]) -> tuple[np.ndarray, np.ndarray]:
        """Return bounds on the rounding errors of entries and values at some inputs.

        They are 0 where nothing is known: of a sparse plan, or without a closed form and without
        algorithms on matrices.
        """
        from jacmagic.result.compiled.native.values import evaluated

        (m, _), at, chosen = self.shape, (self.rows, self.columns), self.spec.chosen
        if self.scheme is not None:
            return np.zeros(len(self.rows)), np.zeros(m)
        form = evaluated(self.spec.at(tensors), chosen)
        _, entries, values = form or (None, np.zeros(self.shape), np.zeros(m))
        matrix = numbers_at(self.spec, tensors, self.tuning).matrix.detach().double().cpu().numpy()
        some = [tensors[k] for k in chosen]
        moved = matrix_noise_of_rows(self.spec.by_chosen(tensors), some, range(m), matrix)
        return (entries if moved is None else entries + moved)[at], values

    def _entries(self, numbers: NumericJacobian) -> Tensor:
        """Return the entries at the positions, in a row."""
        sparse = numbers.sparse
        if self.scheme is None:
            return numbers.matrix.detach().reshape(-1)
        if sparse is not None and sparse.scheme is self.scheme:
            return sparse.values.detach()
        return numbers.matrix.detach()[self.rows, self.columns]

    def task(self, tensors: Sequence[Tensor]) -> Task:
        """Return what a traced graph computes."""
        return Task(
            self.spec.by_chosen,
            self.spec.chosen,
            tuple((leaf.shape, leaf.dtype) for leaf in self.first.outputs.leaves),
            tuple((tensors[k].shape, tensors[k].dtype) for k in self.spec.chosen),
            tensors[0].device,
            self.scheme,
        )


def references(spec: Specification, tensors: Sequence[Tensor]) -> References:
    """Compute the Jacobian at the first inputs of a kind.

    Raises:
        SizeError: it is not sparse and does not fit into memory.
    """
    tuning = Tuning()
    numbers = numbers_at(spec, tensors, tuning)
    sparse = numbers.sparse
    here = spec.at(tensors)
    placed = replace(spec, problem=here)
    if sparse is not None and sparse.scheme.steady:
        scheme = sparse.scheme
        columns = np.asarray(scheme.plan.pattern.indices)
        return References(placed, numbers, scheme, scheme.row_indices, columns, tuning)
    m, n = numbers.m, sum(here.sizes[k] for k in spec.chosen)
    rows, columns = np.repeat(np.arange(m), n), np.tile(np.arange(n), m)
    return References(placed, numbers, None, rows, columns, tuning)


def numbers_at(spec: Specification, tensors: Sequence[Tensor], tuning: Tuning) -> NumericJacobian:
    """Return what `jacobian()` gives at some tensors.

    Raises:
        FunctionError: torch has no derivative, and there is nothing to replace it.
    """
    chosen = [tensors[k].detach() for k in spec.chosen]

    def substitute() -> Tensor | None:
        from jacmagic.result.compiled.native.values import evaluated

        entries = evaluated(spec.at(tensors), spec.chosen)
        return None if entries is None else torch.from_numpy(entries[0])

    function = spec.by_chosen(tensors)
    try:
        return compute(function, chosen, spec.options, tuning=tuning, substitute=substitute)
    except RuntimeError as error:
        if (reason := refusal_of(error)) is None:
            raise
        raise FunctionError(
            f"expected a function that can be differentiated; found that {reason}; write another "
            "operation there"
        ) from error
