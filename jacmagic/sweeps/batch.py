"""Per-sample Jacobians: one function of one sample, at every sample of a batch.

The leading dimension of every input counts the samples; the function sees one sample at a time, in
a batch of its own where it needs one (see `samples`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor

from jacmagic.errors import FunctionError, JacmagicError, PointError
from jacmagic.function.argument_names import names_of
from jacmagic.function.closures import modules_in
from jacmagic.function.nests import Nest, nest_of
from jacmagic.function.problem import Problem
from jacmagic.function.python_call import problem_of, unpacked
from jacmagic.function.torch_internals import BatchNorm
from jacmagic.numeric.batched import compute_many
from jacmagic.numeric.options import ComputeOptions
from jacmagic.numeric.points import BatchedJacobian, Points
from jacmagic.numeric.torch_errors import TORCH_ERRORS
from jacmagic.result.options import DisplayOptions
from jacmagic.sweeps.samples import by_layers, in_a_batch, runs_in_a_batch
from jacmagic.sweeps.spot_checks import agreement_over
from jacmagic.symbolic.branches import ClosedForms
from jacmagic.view.jacobian import Jacobian


@dataclass(frozen=True, eq=False, repr=False)
class JacobianBatch:
    """The Jacobians of one function at B samples.

    `batch[k]` is the whole `Jacobian` of sample k: closed form, agreement, display.

    Attributes:
        problem: the function at the first sample.
        many: torch's Jacobians at all samples, (B, m, n) as `.matrix`.
        samples: returns the problem of sample k.
        forms: the closed form that the samples share; None where constants differ between them.
    """

    problem: Problem
    many: BatchedJacobian
    options: ComputeOptions
    samples: Callable[[int], Problem]
    forms: ClosedForms | None

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def matrix(self) -> Tensor:
        """(B, m, n): outputs flattened by inputs flattened, for each sample."""
        return self.many.matrix

    @property
    def blocks(self) -> Any:
        """The nesting of `Jacobian.blocks`; block (i, j) is (B, *output i, *input j)."""
        rows = [self.problem.nested(row) for row in self.many.blocks]
        return self.many.first.outputs.rebuild(rows)

    @property
    def by_name(self) -> dict[str, Any]:
        """The blocks by input name; each nests as the function's value does."""
        outputs, blocks = self.many.first.outputs, self.many.blocks
        return {
            input_.name: outputs.rebuild([row[j] for row in blocks])
            for j, input_ in enumerate(self.problem.inputs)
        }

    @property
    def value(self) -> Any:
        """The function's values, each with the leading dimension B."""
        return self.many.first.outputs.rebuild(list(self.many.values))

    @property
    def mode(self) -> str:
        """Mode of differentiation: "reverse" or "forward" in batches, or "loop"."""
        return self.many.mode

    @property
    def notes(self) -> tuple[str, ...]:
        """Decisions during the computation, one sentence each."""
        return (*self.problem.notes, *self.many.notes)

    @cached_property
    def agreement(self) -> str:
        """Agreement of torch, the closed form and finite differences at a few samples."""
        matrix = self.matrix
        return agreement_over(len(matrix), self.__getitem__, matrix.__getitem__)

    def __getitem__(self, index: int) -> Jacobian:
        """Return the Jacobian of one sample.

        Raises:
            IndexError: there is no such sample.
        """
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"expected a sample from 0 to {count - 1}; found {index}")
        problem = self.samples(index % count)
        forms = ClosedForms() if self.forms is None else self.forms
        return Jacobian.of(problem, self.options, forms, DisplayOptions())

    def __repr__(self) -> str:
        count, m, n = self.matrix.shape
        lines = [
            f"Jacobians of {self.problem.title} at {count} samples, each {m} × {n} ({self.mode})",
            self.agreement,
            *self.notes,
        ]
        return "\n".join(lines)


def batch_of(
    func: Callable[..., Any],
    inputs: Any,
    options: ComputeOptions,
    *,
    wrt: str | Sequence[str] | None = None,
    names: str | Sequence[str] | None = None,
) -> JacobianBatch:
    """Return the Jacobians of a function of one sample at every sample.

    Args:
        func: takes one sample of each input; a sample keeps a leading dimension of size 1 where
            the function, such as a module with Flatten, needs one.
        inputs: a tensor, a tuple or a nest of tensors, (B, …) each; all else is the same for every
            sample.
        options: strategy and chunk size (samples at a time).
        wrt: names of the inputs to differentiate by; of a module's parameters too, which all
            samples share.
        names: names of the inputs.

    Raises:
        PointError: the inputs have no leading dimension of one size, or an empty one.
        FunctionError: batch normalisation in training mode, which mixes the samples.
    """
    _refuse_mixing(func)
    inputs = unpacked(func, inputs)
    arguments = inputs if type(inputs) is tuple else (inputs,)
    named = names_of(func, len(arguments), names)
    nest = nest_of(dict(zip(named, arguments, strict=True)))
    tensors = {n: leaf.value for n, leaf in nest.leaves.items() if isinstance(leaf.value, Tensor)}
    stacks = {name: tensor.clone() for name, tensor in tensors.items()}
    _require_samples(list(stacks.values()))

    alone = _SampleProblem(func, nest, stacks, type(inputs) is tuple, wrt, names)
    together = _SampleInBatch(alone, stacks)
    if by_layers(func) and runs_in_a_batch(alone(0), stacks):
        return _differentiated(together, stacks, options)
    try:
        return _differentiated(alone, stacks, options)
    except JacmagicError:
        raise
    except TORCH_ERRORS:  # the function may need a batch
        if not runs_in_a_batch(alone(0), stacks):
            raise
    return _differentiated(together, stacks, options)


@dataclass(frozen=True)
class _SampleProblem:
    """The problem of one sample, without a leading dimension; picklable where the function is."""

    func: Callable[..., Any]
    nest: Nest
    stacks: dict[str, Tensor]
    several: bool
    wrt: str | Sequence[str] | None
    names: str | Sequence[str] | None

    def __call__(self, index: int) -> Problem:
        filled = self.nest.filled({name: stack[index] for name, stack in self.stacks.items()})
        parts = tuple(filled.values())
        return problem_of(self.func, parts if self.several else parts[0], self.wrt, self.names)


@dataclass(frozen=True)
class _SampleInBatch:
    """The problem of one sample in a batch of its own."""

    alone: _SampleProblem
    stacks: dict[str, Tensor]

    def __call__(self, index: int) -> Problem:
        return in_a_batch(self.alone(index), self.stacks)


def _differentiated(
    sample: Callable[[int], Problem], stacks: dict[str, Tensor], options: ComputeOptions
) -> JacobianBatch:
    """Differentiate the problems of all samples, which differ in stacked values."""
    problem = sample(0)
    many = compute_batch(problem, stacks, options)
    shared = None if stacks.keys() - problem.point.keys() else ClosedForms()
    return JacobianBatch(problem, many, options, sample, shared)


def compute_batch(
    problem: Problem, stacks: Mapping[str, Tensor], options: ComputeOptions
) -> BatchedJacobian:
    """Differentiate a problem at every point of some stacked inputs.

    Args:
        problem: at the first point.
        stacks: by name, an input's values with a leading dimension of points.
        options: strategy and chunk size.
    """
    points, ordered = _points_of(problem, stacks)

    def function(*values: Tensor) -> Any:
        return problem.called(dict(zip(ordered, values, strict=True)))

    return compute_many(function, points, options)


def _points_of(problem: Problem, stacks: Mapping[str, Tensor]) -> tuple[Points, list[str]]:
    """Return the points of stacked inputs, and the order of the arguments."""
    chosen = {input_.name: input_.value for input_ in problem.inputs}
    ordered = [*stacks, *(name for name in chosen if name not in stacks)]
    tensors = [
        stacks[name].to(chosen[name].dtype if name in chosen else stacks[name].dtype)
        if name in stacks
        else chosen[name]
        for name in ordered
    ]
    count = len(next(iter(stacks.values())))
    positions = tuple(ordered.index(name) for name in chosen)
    return Points(tuple(tensors), tuple(n in stacks for n in ordered), positions, count), ordered


def _require_samples(tensors: Sequence[Tensor]) -> None:
    """Refuse inputs without a leading dimension of one size, B, in all of them."""
    shapes = [tuple(tensor.shape) for tensor in tensors]
    listed = ", ".join(map(str, shapes))
    if not shapes or any(not shape for shape in shapes):
        raise PointError(
            f"expected inputs with a leading dimension of samples; found shapes "
            f"{listed or 'none'}; write x[None] for a single sample, or leave batch=True out"
        )
    if len({shape[0] for shape in shapes}) > 1:
        raise PointError(
            f"expected as many samples in every input; found shapes {listed}; "
            "write x.expand(B, *x.shape) for an input that all samples share, or close over it"
        )
    if shapes[0][0] == 0:
        raise PointError(
            f"expected at least one sample; found shapes {listed}; write inputs of shape (B, …)"
        )


def _refuse_mixing(func: Callable[..., Any]) -> None:
    """Refuse batch normalisation in training mode, which mixes the samples."""
    for module in modules_in(func):
        for name, part in module.named_modules():
            if isinstance(part, BatchNorm) and part.training:
                raise FunctionError(
                    f"expected a function of one sample; found {type(part).__name__} "
                    f"{name or 'itself'} in training mode, which normalises over the batch, so "
                    "that each output depends on all samples; write model.eval(), or leave "
                    "batch=True out for the Jacobian of the whole batch"
                )
