"""One compiled version of a Jacobian: a kind of inputs, a backend, its branches."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.errors import PointError
from jacmagic.function.outputs import Outputs
from jacmagic.numeric.result import NumericJacobian
from jacmagic.result.compiled.candidates import Builder, check, choose
from jacmagic.result.compiled.measure import Program
from jacmagic.result.compiled.native.kernel import Kernel, result_type
from jacmagic.result.compiled.obstacles import NotCompiled
from jacmagic.result.compiled.specification import References, Specification, numbers_at, references

MAX_BRANCHES = 64  # compiled programs kept, one for each branch met


class Version:
    """Computes entries and values for inputs of one kind.

    Attributes:
        programs: one for each branch of the function that was met, the last one used first.
        seconds: what a call takes.
        notes: why other backends were not taken, and what happened at points met later.
    """

    def __init__(self, spec: Specification, tensors: Sequence[Tensor]) -> None:
        """Build, check and choose a backend.

        Args:
            spec: what is compiled.
            tensors: the inputs.

        Raises:
            FunctionError: no backend can compute it.
        """
        self.spec = spec
        self.references: References = references(spec, tensors)
        self._builder = Builder(self.references)
        first, self.seconds, self.notes = choose(self._builder, tensors)
        self.programs: list[Program] = [first]
        self.kinds = [kind_of(tensor) for tensor in tensors]
        self.shape = self.references.shape
        self.dtype = result_type([tensors[k] for k in spec.chosen])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls its sparse layouts a beta, once
            self.matrix(self.references.at(tensors, self.references.first).entries)

    @property
    def outputs(self) -> Outputs:
        """The structure of the function's value."""
        return self.references.first.outputs

    @property
    def conditions(self) -> list[tuple[Any, int | None]]:
        """The recorded conditions of all branches, each with its line."""
        if self.programs[0].backend not in ("native", "python"):
            return []
        return [
            assumption
            for form in self._builder.forms.compiled
            for assumption in form.in_sympy.assumptions
        ]

    # ── one point ─────────────────────────────────────────────────────────────────────────────

    def quick(self, tensors: Sequence[Any]) -> Tensor | None:
        """Return the matrix computed from tensors' memory; None where that is impossible."""
        program = self.programs[0]
        if not isinstance(program, Kernel) or len(tensors) != len(self.kinds):
            return None
        addresses = []
        for tensor, (shape, dtype, _) in zip(tensors, self.kinds, strict=True):
            fits = type(tensor) is Tensor and tensor.dtype is dtype and tensor.shape == shape
            if not fits or not tensor.is_contiguous() or not tensor.is_cpu or tensor.is_neg():
                return None
            try:
                addresses.append(tensor.data_ptr())
            except RuntimeError:
                raise PointError(
                    "expected tensors with memory of their own; found one inside a transform of "
                    "torch.func; write g.batch(X) instead of torch.func.vmap(g)(X)"
                ) from None
        sparse = self.references.scheme is not None
        outputs = torch.empty(len(self.references.rows) if sparse else self.shape, dtype=self.dtype)
        if program.run(outputs.data_ptr(), 0, *addresses) != 0:
            return None
        return self.matrix(outputs) if sparse else outputs

    def entries(self, tensors: Sequence[Tensor]) -> Tensor:
        """Return the entries at one point."""
        outputs = self.programs[0].entries(tensors)
        return self.both(tensors)[0] if outputs is None else outputs.reshape(-1)

    def both(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Entries and values at one point, by the branch that it takes."""
        for position, program in enumerate(self.programs):
            outputs = program(tensors)
            if outputs is not None:
                if position:
                    self.programs.insert(0, self.programs.pop(position))
                return outputs
        return self._elsewhere(tensors)

    def _elsewhere(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return what `jacobian()` gives where no program holds; a new branch gets one."""
        self.spec.constants.require_unchanged()
        numbers = numbers_at(self.spec, tensors, self.references.tuning)
        _require_shapes(self.outputs, numbers.outputs)
        reference = self.references.at(tensors, numbers)
        branches = self.programs[0].backend in ("native", "python")
        finite = branches and bool(reference.entries.isfinite().all())
        is_new = finite and not self._builder.forms.knows_branch(tensors)
        if is_new and len(self.programs) < MAX_BRANCHES:
            self._add(tensors, numbers)
        values = torch.cat(
            [leaf.detach().reshape(-1).double() for leaf in reference.outputs.leaves]
        )
        return reference.entries, values

    def _add(self, tensors: Sequence[Tensor], numbers: NumericJacobian) -> None:
        """Compile the branch that is taken here."""
        backend = self.programs[0].backend
        try:
            program = self._builder.build(backend, tensors)[0]
            wrong = check(program, replace(self.references, first=numbers), tensors)
        except NotCompiled as error:
            wrong = str(error)
        if wrong is None:
            self.programs.insert(0, program)
        elif (note := f"on another branch jacobian() computes: {wrong}") not in self.notes:
            self.notes.append(note)

    # ── many points ───────────────────────────────────────────────────────────────────────────

    def batch(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Entries (k, entries) and values (k, m) at k points."""
        if not len(tensors[0]):
            empty = tensors[0].new_empty
            return empty(0, len(self.references.rows), dtype=self.dtype), empty(0, self.shape[0])
        entries, values, holds = self.programs[0].batch(tensors)
        left = np.flatnonzero(~holds)
        for program in self.programs[1:]:
            if not len(left):
                break
            part, part_values, holds = program.batch([tensor[left] for tensor in tensors])
            entries[left[holds]], values[left[holds]] = part[holds], part_values[holds]
            left = left[~holds]
        for k in left:
            entries[k], values[k] = self.both([tensor[k] for tensor in tensors])
        return entries, values

    # ── results ───────────────────────────────────────────────────────────────────────────────

    def matrix(self, entries: Tensor) -> Tensor:
        """(..., m, n) from (..., entries); sparse CSR where the plan is sparse."""
        scheme, batch = self.references.scheme, entries.shape[:-1]
        if scheme is None:
            return entries.reshape(*batch, *self.shape)
        starts, columns = scheme.starts, scheme.columns
        if batch:
            starts, columns = starts.expand(*batch, -1), columns.expand(*batch, -1)
        size = (*batch, *self.shape)
        return torch.sparse_csr_tensor(starts, columns, entries, size, check_invariants=False)

    def value(self, values: Tensor) -> Any:
        """Return the function's value in its own structure, from its m components."""
        leaves = self.outputs.leaves
        parts = values.split([leaf.numel() for leaf in leaves])
        return self.outputs.rebuild(
            [part.reshape(leaf.shape).to(leaf) for part, leaf in zip(parts, leaves, strict=True)]
        )


def _require_shapes(compiled: Outputs, actual: Outputs) -> None:
    """Refuse a point at which the outputs have other shapes."""
    shapes, others = [
        [tuple(leaf.shape) for leaf in outputs.leaves] for outputs in (compiled, actual)
    ]
    if shapes != others:
        raise PointError(
            f"expected outputs of the shapes that were compiled, {shapes}; found {others}: values "
            "decide how many there are; write jacmagic.jacobian(f, x), which always runs f"
        )


def kind_of(tensor: Tensor) -> tuple[torch.Size, torch.dtype, torch.device]:
    """Return the guarded properties of a tensor."""
    return tensor.shape, tensor.dtype, tensor.device
