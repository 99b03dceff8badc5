"""A straight-line program in Python: floats for a point, NumPy for many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from jacmagic.result.compiled.native.kernel import result_type
from jacmagic.result.compiled.native.straight import Straight
from jacmagic.symbolic.codegen.runner import Runner


class Floats:
    """One program as Python assignments, compiled by Python itself."""

    backend = "python"
    by = "Python floats"

    def __init__(self, program: Straight) -> None:
        """Compile on the first call."""
        self.program = program
        self._runner = Runner(program.tape, first_runs=0)

    def __call__(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor] | None:
        """Entries and values at one point; None where the program does not hold there."""
        point = [number for tensor in tensors for number in tensor.reshape(-1).tolist()]
        results = self._runner(point)
        if not self._holds(results[None])[0]:
            return None
        entries, values = self._parts(results, tensors)
        return entries, values

    def entries(self, tensors: Sequence[Tensor]) -> Tensor | None:
        """Return the entries at one point; None where the program does not hold there."""
        results = self(tensors)
        return None if results is None else results[0]

    def batch(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor, np.ndarray]:
        """Entries (k, entries), values (k, m), and where the program holds (k,)."""
        count = len(tensors[0])
        flat = [tensor.reshape(count, -1).cpu().double().numpy() for tensor in tensors]
        results = self._runner.at_all(np.concatenate(flat, axis=1))
        return *self._parts(results, tensors), self._holds(results)

    def _holds(self, rows: np.ndarray) -> np.ndarray:
        """Where all guards are true and all results are finite."""
        guards, results = np.split(rows, [self.program.guards], axis=1)
        return np.asarray((guards != 0).all(axis=1) & np.isfinite(results).all(axis=1))

    def _parts(self, results: np.ndarray, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        program, device = self.program, tensors[0].device
        numbers = torch.from_numpy(results)
        values = numbers[..., program.guards : program.guards + program.values]
        entries = numbers[..., program.guards + program.values :][..., : program.entries]
        return entries.to(result_type(tensors)).to(device), values.to(device)
