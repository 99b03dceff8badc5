"""A compiled Jacobian: called like the function, guarded, re-traced on failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jacmagic.errors import FunctionError, OptionError, PointError
from jacmagic.function.garbage import without_collection
from jacmagic.function.problem import Problem
from jacmagic.numeric.options import ComputeOptions
from jacmagic.result.compiled.candidates import BACKENDS, microseconds
from jacmagic.result.compiled.constants import Constants, short
from jacmagic.result.compiled.effects import require_pure
from jacmagic.result.compiled.inputs import as_array, as_tensor, kinds
from jacmagic.result.compiled.native.kernel import Kernel
from jacmagic.result.compiled.specification import Specification
from jacmagic.result.compiled.version import Version, kind_of

MAX_VERSIONS = 16  # kinds of inputs that are kept; the oldest is dropped
MAX_SHOWN = 4  # conditions listed by `repr`


class CompiledJacobian:
    """The Jacobian of a function, compiled.

    Called with tensors it gives a tensor (m, n), sparse CSR where the plan is sparse; called with
    numbers and NumPy arrays alone it gives a NumPy array. Nothing is attached to autograd.

    Example:
        >>> import torch, jacmagic
        >>> g = jacmagic.compile(lambda x: x**2, torch.ones(2))
        >>> g(torch.tensor([1.0, 3.0]))
        tensor([[2., 0.],
                [0., 6.]])
    """

    def __init__(self, spec: Specification, dynamic: bool | None = None) -> None:
        """Compile for the example's kind of inputs.

        Args:
            spec: the function, the example and the backend.
            dynamic: False refuses inputs of other shapes, dtypes and devices; else each kind is
                compiled when it is met.

        Raises:
            FunctionError: the function is random or has state, or no backend can compile it.
        """
        self._spec, self._dynamic = spec, dynamic
        self._versions: dict[tuple[Any, ...], Version] = {}
        self._lock = threading.RLock()
        self._matrix: Callable[[tuple[Any, ...]], np.ndarray | None] | None = None
        with without_collection():
            self._first = self._add(spec.example)
        self._prefer(self._first)

    # ── calls ─────────────────────────────────────────────────────────────────────────────────

    def __call__(self, *x: Any) -> Any:
        """Return the Jacobian (m, n) at a point: all inputs, or those differentiated by.

        Raises:
            PointError: more or fewer inputs than the function takes, or of another kind where
                `dynamic` is False.
        """
        if self._matrix is not None and (array := self._matrix(x)) is not None:
            return array
        if (matrix := self._latest.quick(x)) is not None:
            return matrix
        tensors, arrays = self._tensors(x)
        with self._lock:
            version = self._version(tensors)
            matrix = version.matrix(version.entries(tensors))
            self._prefer(version)
        return as_array(matrix) if arrays else matrix

    def value_and_jacobian(self, *x: Any) -> tuple[Any, Any]:
        """Return the function's value, in its own structure, and the Jacobian (m, n).

        Raises:
            PointError: as for a call.
        """
        tensors, arrays = self._tensors(x)
        with self._lock:
            version = self._version(tensors)
            entries, values = version.both(tensors)
        value, matrix = version.value(values), version.matrix(entries)
        return value, as_array(matrix) if arrays else matrix

    def batch(self, *X: Any) -> Any:
        """Return the Jacobians (k, m, n) at k points.

        Args:
            *X: one array (k, n) of all components of a point, or (k, *shape) of every input.

        Raises:
            PointError: the points are of another form.
        """
        tensors, arrays = self._points(X)
        pairs = zip(tensors, self._spec.example, strict=True)
        first = [tensor[0] if len(tensor) else like for tensor, like in pairs]
        with self._lock:
            version = self._version(first)
            entries, _ = version.batch(tensors)
        matrix = version.matrix(entries)
        return as_array(matrix) if arrays else matrix

    # ── inputs ────────────────────────────────────────────────────────────────────────────────

    def _tensors(self, x: Sequence[Any]) -> tuple[list[Tensor], bool]:
        """All inputs as tensors, and whether an array is returned."""
        if len(x) == 1 and isinstance(x[0], tuple):
            x = x[0]
        x = _varying(x, self._spec)
        example, chosen = self._spec.example, self._spec.chosen
        if len(x) == len(example):
            pairs = list(zip(x, example, strict=True))
        elif len(x) == len(chosen):
            values = dict(zip(chosen, x, strict=True))
            pairs = [(values.get(k, like), like) for k, like in enumerate(example)]
        else:
            names = ", ".join(input_.name for input_ in self._spec.problem.inputs)
            raise PointError(
                f"expected {len(example)} inputs ({names}); found {len(x)}; write g({names})"
            )
        arrays = not any(isinstance(value, Tensor) for value in x)
        return [as_tensor(value, like) for value, like in pairs], arrays

    def _points(self, X: Sequence[Any]) -> tuple[list[Tensor], bool]:
        """Every input at k points, (k, *shape), and whether an array is returned."""
        X, example = _varying(X, self._spec), self._spec.example
        arrays = not any(isinstance(value, Tensor) for value in X)
        sizes = [tensor.numel() for tensor in example]
        values = [as_tensor(value, example[0]) for value in X]
        if len(values) == 1 and values[0].ndim == 2 and values[0].shape[1] == sum(sizes):
            parts = values[0].split(sizes, dim=1)
            return [
                part.to(like.dtype if len(example) > 1 else part.dtype).reshape(-1, *like.shape)
                for part, like in zip(parts, example, strict=True)
            ], arrays
        counts = {len(value) if value.ndim else -1 for value in values}
        if (
            len(values) != len(example)
            or len(counts) != 1
            or any(value.ndim != like.ndim + 1 for value, like in zip(values, example, strict=True))
        ):
            shapes = ", ".join(str(tuple(value.shape)) for value in values)
            raise PointError(
                f"expected points (k, {sum(sizes)}), or (k, *shape) of {len(example)} inputs; "
                f"found {shapes}; write g.batch(X)"
            )
        return values, arrays

    def _version(self, tensors: Sequence[Tensor]) -> Version:
        """Return the version for inputs of this kind, compiled where there is none."""
        key = tuple(map(kind_of, tensors))
        version = self._versions.get(key)
        return self._add(tensors) if version is None else version

    def _add(self, tensors: Sequence[Tensor]) -> Version:
        """Compile for another kind of inputs."""
        spec = self._spec
        if self._versions and self._dynamic is False:
            raise PointError(
                f"expected inputs {kinds(spec.example)}; found {kinds(tensors)}; "
                "write dynamic=None to compile for other inputs too"
            )
        spec.constants.require_unchanged()
        require_pure(spec.at(tensors), spec.constants)
        version = Version(spec, tensors)
        if len(self._versions) >= MAX_VERSIONS:
            self._versions.pop(next(iter(self._versions)))
        self._versions[tuple(map(kind_of, tensors))] = version
        return version

    def _prefer(self, version: Version) -> None:
        """Let the next call try this version and its branch first."""
        self._latest, program = version, version.programs[0]
        self._matrix = None
        if isinstance(program, Kernel) and version.references.scheme is None:
            self._matrix = program.matrix

    # ── what it is ────────────────────────────────────────────────────────────────────────────

    @property
    def backend(self) -> str:
        """The backend taken for the example's kind of inputs."""
        return self._first.programs[0].backend

    @property
    def notes(self) -> tuple[str, ...]:
        """Why other backends were not taken, and what happened at points met later."""
        return tuple(
            dict.fromkeys(note for version in self._versions.values() for note in version.notes)
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n) at the example."""
        return self._first.shape

    def __repr__(self) -> str:
        first, spec = self._first, self._spec
        m, n = self.shape
        by = ", ".join(spec.problem.inputs[k].name for k in spec.chosen)
        program = first.programs[0]
        lines = [
            f"compiled Jacobian of {spec.problem.title}, {m} × {n}, by {by}",
            f"  backend: {program.backend} ({program.by}), {microseconds(first.seconds)} a call",
            *(f"    {note}" for note in self.notes),
            *(f"  guards: {kinds(w.references.spec.example)}" for w in self._versions.values()),
        ]
        conditions = list(dict.fromkeys(c for v in self._versions.values() for c in v.conditions))
        for condition, line in conditions[:MAX_SHOWN]:
            lines.append(f"    {condition}" + ("" if line is None else f" (line {line})"))
        if len(conditions) > MAX_SHOWN:
            lines.append(f"    and {len(conditions) - MAX_SHOWN} more conditions")
        return "\n".join([*lines, f"  constants: {str(spec.constants) or 'none'}"])


def _varying(x: Sequence[Any], spec: Specification) -> Sequence[Any]:
    """Return the arguments of a call that may vary; refuse others than the compiled integers."""
    if not spec.whole or len(x) != len(spec.example) + len(spec.whole):
        return x
    for position, (name, value) in spec.whole.items():
        values = torch.as_tensor(x[position])  # of a batch one for each point
        fits = values.shape[max(0, values.ndim - value.ndim) :] == value.shape
        if not fits or bool((values != value).any()):
            raise PointError(
                f"expected the integers {name} = {short(value)}, a constant of the compiled "
                "function; found others; write jacmagic.compile(f, ...) with them"
            )
    return [value for position, value in enumerate(x) if position not in spec.whole]


def compiled_of(
    problem: Problem,
    *,
    wrt: Sequence[str] | None = None,
    backend: str = "auto",
    dynamic: bool | None = None,
    strategy: str = "auto",
    arguments: Mapping[str, Tensor] | None = None,
) -> CompiledJacobian:
    """Compile the Jacobian of a problem.

    Args:
        problem: the function and the example.
        wrt: names of the inputs to differentiate by; all by default.
        backend: one of `BACKENDS`.
        dynamic: False refuses inputs of other shapes, dtypes and devices; else each kind is
            compiled when it is met.
        strategy: how `jacobian()` computes what the backends are checked against.
        arguments: all arguments of the function by name; those that are not inputs of the problem
            are constants, which a call may repeat.

    Raises:
        OptionError: an unknown backend.
        FunctionError: the function cannot be compiled.
    """
    if problem.tangent is not None:
        raise FunctionError(
            "expected inputs that are on no manifold to compile; found wrt with one; compile the "
            "Jacobian by the inputs themselves, or write J.to_code()"
        )
    if backend not in BACKENDS:
        raise OptionError(
            f"expected one of the backends {', '.join(BACKENDS)}; found {backend!r}; "
            'write backend="auto"'
        )
    if not problem.inputs:
        raise FunctionError("expected an input; found none; write jacmagic.compile(f, x)")
    names = [input_.name for input_ in problem.inputs]
    chosen = tuple(k for k, name in enumerate(names) if wrt is None or name in wrt)
    constants = Constants(problem, problem.parameters)
    named = enumerate((arguments or {}).items())
    whole = {position: pair for position, pair in named if pair[0] not in names}
    spec = Specification(problem, chosen, backend, constants, whole, ComputeOptions(strategy))
    return CompiledJacobian(spec, dynamic)
