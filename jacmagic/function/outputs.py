"""The outputs of a function: taken apart into tensors, and rebuilt around others.

Tensors, numbers, tuples, lists, dicts, named tuples, dataclasses and nests of them have a
Jacobian; the names they carry (keys, fields) name its rows. Everything else is refused in one line
that says which output it is, what it is, which habit causes it and what to write.
"""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from torch import Tensor

from jacmagic.errors import FunctionError
from jacmagic.function.pytree import Path, leaves_of, rebuilt
from jacmagic.labels import MAX_EAGER, Label, apart, joined, labels_of, mapped

EXPECTED = (
    "The outputs of the user-provided function given to jacobian must be either a Tensor or a "
    "tuple of Tensors, or numbers, lists, dicts, named tuples or dataclasses of them"
)


@dataclass(frozen=True)
class Outputs:
    """A function's value as a flat sequence of tensors.

    Attributes:
        leaves: the tensors, in the order in which they are written; numbers became 0-d tensors.
        paths: the path of each leaf in the value; `()` for a lone tensor.
        template: the value, or one of the same structure.
    """

    leaves: tuple[Tensor, ...]
    paths: tuple[Path, ...]
    template: Any = dataclasses.field(repr=False, compare=False)

    @property
    def numel(self) -> int:
        """m, the number of scalar components."""
        return sum([leaf.numel() for leaf in self.leaves])

    def rebuild(self, values: Iterable[Any]) -> Any:
        """Return the same structure with `values` instead of the leaves, in order.

        Tuples become tuples, lists lists, mappings dicts; named tuples and dataclasses keep their
        type.
        """
        return rebuilt(self.template, iter(values))

    def replace(self, leaves: Sequence[Tensor]) -> Outputs:
        """Return the same outputs with other tensors, such as detached ones."""
        value = self.rebuild(leaves) if self.paths[0] else leaves[0]
        return Outputs(tuple(leaves), self.paths, value)

    def labels(self, name: str = "f") -> Sequence[Label]:
        """One label per scalar component, row-major: what names the rows of the Jacobian.

        A tuple or list of scalars is counted from 1, as in the books (f₁, f₂); components of
        tensors have the indices the code writes (f[0], f[0,1]); keys and field names are used as
        they are.
        """
        labels = joined(
            [
                _behind(*self._stem(path, name), leaf.shape)
                for path, leaf in zip(self.paths, self.leaves, strict=True)
            ]
        )
        return apart(labels) if len(self.paths) > 1 and len(labels) <= MAX_EAGER else labels

    def _stem(self, path: Path, name: str) -> tuple[str, tuple[int, ...]]:
        """Return the name of a leaf and the indices that follow it."""
        stem, index = name, list[int]()
        scalars = all(leaf.dim() == 0 for leaf in self.leaves)
        flat = all(len(other) == 1 for other in self.paths)
        for depth, step in enumerate(path):
            if isinstance(step, str):
                stem = "".join((stem, *(f"[{i}]" for i in index), ".")) if depth else ""
                stem, index = stem + step, []
            elif depth == 0 and (flat or not scalars):
                stem = f"{name}{step + 1}"
            else:
                index.append(step)
        return stem, tuple(index)


def _behind(stem: str, index: tuple[int, ...], shape: Sequence[int]) -> Sequence[Label]:
    """Labels of a leaf's components, their indices after those of the leaf."""
    return mapped(
        lambda label: Label(stem, (*index, *label.index)) if index else label,
        labels_of(stem, shape),
    )


def flatten(value: Any) -> Outputs:
    """Take a function's value apart.

    Args:
        value: what the function returned: a tensor, a number, or a nest of them.

    Returns:
        Its tensors with their paths. Detached tensors are accepted: their derivative is zero, and
        saying so is the task of whoever shows it.

    Raises:
        FunctionError: something in `value` has no Jacobian.

    Example:
        >>> outputs = flatten({"area": torch.tensor(6.0), "sides": (2.0, 3.0)})
        >>> outputs.paths
        (('area',), ('sides', 0), ('sides', 1))
        >>> outputs.rebuild("abc")
        {'area': 'a', 'sides': ('b', 'c')}
    """
    if type(value) is Tensor:  # the usual case, before the slow questions
        return Outputs((_leaf(value, ()),), ((),), value)
    pairs = list(leaves_of(value))
    if not pairs:
        raise FunctionError(f"{EXPECTED}; found {value!r} with nothing in it; return a value")
    return Outputs(
        tuple(_leaf(part, path) for path, part in pairs), tuple(path for path, _ in pairs), value
    )


def _leaf(value: Any, path: Path) -> Tensor:
    """One output as a floating tensor, or a refusal."""
    if isinstance(value, Tensor):
        if not value.is_floating_point() or value.layout != torch.strided:
            raise _refusal(path, *_tensor_trouble(value))
        plain = type(value) in (Tensor, torch.nn.Parameter)
        return value if plain else value.as_subclass(Tensor)
    if isinstance(value, numpy.ndarray) and value.dtype.kind == "f":
        return torch.as_tensor(numpy.array(value))
    if isinstance(value, numbers.Real) and value is not True and value is not False:
        return torch.tensor(float(value), dtype=torch.float64)
    kind = type(value).__name__
    trouble, remedy = next(
        (trouble, remedy) for kind, trouble, remedy in TROUBLES if isinstance(value, kind)
    )
    name = getattr(value, "__name__", kind)
    raise _refusal(path, trouble.format(value, a=_a(kind), name=name), remedy)


def _refusal(path: Path, described: str, remedy: str) -> FunctionError:
    return FunctionError(f"{EXPECTED}; found {described} as {describe_output(path)}; {remedy}")


def describe_output(path: Path) -> str:
    """Return one output's name in messages: `output 2`, `output['loss']`."""
    if not path:
        return "the output"
    if len(path) == 1 and isinstance(path[0], int):
        return f"output {path[0] + 1} (index {path[0]})"
    return "output" + "".join(f"[{step!r}]" for step in path)


def _a(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def _tensor_trouble(tensor: Tensor) -> tuple[str, str]:
    """Return what is wrong with a tensor, and what to write."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    if tensor.layout != torch.strided:
        return f"a sparse {dtype} tensor", "write .to_dense() at the end"
    if tensor.is_complex():
        return (
            f"a {dtype} tensor",
            "write torch.view_as_real(...) to return real and imaginary parts",
        )
    if tensor.dtype == torch.bool:
        return (
            "a bool tensor",
            "a comparison has no derivative: return what is compared, or torch.where(..., a, b)",
        )
    return (
        f"an integer ({dtype}) tensor",
        "argmax, round(...).long() and the like have no derivative: "
        "return the real values they are made from",
    )


# Types, how to call a value of them, and which habit causes it and what to write.
TROUBLES: tuple[tuple[Any, str, str], ...] = (
    (type(None), "None", "usually a missing return: end the function with return ..."),
    (str, "the string {0!r}",
     "return only what is to be differentiated; print the text instead"),
    (bool, "{0!r}", "a comparison has no derivative: return what is compared"),
    ((numbers.Complex, numpy.complexfloating), "the complex number {0}",
     "return its real and imaginary parts as two outputs"),
    (numpy.ndarray, "an array of dtype {0.dtype}", "return real values"),
    (Iterator, "{a}", "it is read only once: write tuple(...) around it"),
    ((set, frozenset), "{a}", "a set has no order: write a tuple, (...) instead of {...}"),
    (Callable, "the function {name}",
     "it was returned without being called: write its arguments in parentheses"),
    (object, "{a}", "return only what is to be differentiated"),
)  # fmt: skip
