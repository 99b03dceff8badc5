"""One call of an ATen operation, and the content of its schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import torch

from jacmagic.function.torch_internals import is_wrapped, overload_of, schema_of


@dataclass(frozen=True)
class Signature:
    """What the schema of an ATen operation says.

    Attributes:
        name: the name without namespace, such as `add_`.
        functional_name: the same without the underscore of an operation that writes in place.
        keys: under which names a table may list it, the most particular first: `max.dim`, `max`;
            the names of an in-place operation before those of its functional form.
        arguments: their names.
        written: positions of the arguments that are written to.
        is_view: whether results share memory with arguments that are not written to.
        returns_tensors: whether any result is a tensor or a list of tensors.
    """

    name: str
    functional_name: str
    keys: tuple[str, ...]
    arguments: tuple[str, ...]
    written: tuple[int, ...]
    is_view: bool
    returns_tensors: bool


@cache
def signature_of(func: Any) -> Signature:
    """Read an ATen operation's schema."""
    schema = schema_of(func)
    name = schema.name.partition("::")[2]
    written = tuple(
        position
        for position, argument in enumerate(schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    )
    functional = name.removesuffix("_") if written else name
    names = dict.fromkeys([name, functional])
    return Signature(
        name,
        functional,
        tuple(key for form in names for key in (f"{form}.{overload_of(func)}", form)),
        tuple(argument.name for argument in schema.arguments),
        written,
        not written and any(result.alias_info is not None for result in schema.returns),
        any("Tensor" in str(result.type) for result in schema.returns),
    )


@dataclass(frozen=True)
class Operation:
    """One call of an ATen operation.

    Attributes:
        func: the operation, a `torch.ops.aten` overload.
        args: its arguments by position.
        kwargs: its arguments by name.
    """

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @cached_property
    def signature(self) -> Signature:
        """What its schema says."""
        return signature_of(self.func)

    @property
    def name(self) -> str:
        """The name without namespace, such as `add_`."""
        return self.signature.name

    @cached_property
    def tensors(self) -> list[torch.Tensor]:
        """The tensors among the arguments, those in lists included."""
        return list(tensors_in(self.args, *self.kwargs.values()))

    @property
    def dense_tensors(self) -> list[torch.Tensor]:
        """Those of them with dense memory of their own."""
        return list(filter(is_dense, self.tensors))

    @cached_property
    def named(self) -> dict[str, Any]:
        """The arguments by the names of the schema, `self` included."""
        return dict(zip(self.signature.arguments, self.args, strict=False)) | self.kwargs

    @property
    def is_random(self) -> bool:
        """Whether it draws from a random generator."""
        return torch.Tag.nondeterministic_seeded in self.func.tags

    @property
    def functional(self) -> Any | None:
        """The operation without the write, where only the first argument is written to."""
        if self.signature.written != (0,) or not isinstance(self.args[0], torch.Tensor):
            return None
        return _without_write(self.func)

    def run(self) -> Any:
        """Run it as it was called."""
        return self.func(*self.args, **self.kwargs)

    def run_with(self, named: dict[str, Any]) -> Any:
        """Run it with other arguments, given by the names of the schema."""
        return self.func(**{k: named[k] for k in self.signature.arguments if k in named})


@cache
def _without_write(func: Any) -> Any | None:
    """Return the overload that takes the same arguments and writes to none.

    Its name may be another one: `pow_.Scalar` is `pow.Tensor_Scalar`.
    """
    packet = getattr(torch.ops.aten, signature_of(func).functional_name, None)
    overloads = [getattr(packet, name) for name in packet.overloads()] if packet else []
    same = (overload for overload in overloads if _taken_by(overload) == _taken_by(func))
    return next(same, None)


def _taken_by(func: Any) -> list[tuple[str, str]]:
    """Return the names and types of an operation's arguments."""
    return [(argument.name, str(argument.type)) for argument in schema_of(func).arguments]


def tensors_in(*values: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors among some values and in their lists and tuples."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from tensors_in(*value)


def is_plain(value: object) -> bool:
    """Whether a value is a tensor with memory of its own, no wrapper of torch.func's."""
    return isinstance(value, torch.Tensor) and not is_wrapped(value)


def is_dense(value: Any) -> bool:
    """Whether a value is a tensor with dense memory of its own."""
    return is_plain(value) and value.layout == torch.strided
