"""A problem: one function of named tensors, and the point where its Jacobian is asked for.

The magic's line and Python calls both end here; what computes Jacobians knows nothing else.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch

from jacmagic.errors import PointError
from jacmagic.function.interop import effects_of, lifted
from jacmagic.function.source import filename_of, parameters_of, source_of, title_of
from jacmagic.function.syntax.parameters import unpacked_names
from jacmagic.function.values import as_float, kept
from jacmagic.labels import MAX_EAGER, Label, apart, labels_of

_Frozen = TypeVar("_Frozen", "Input", "Problem")


@dataclass(frozen=True)
class Input:
    """One tensor the function is differentiated with respect to.

    Attributes:
        name: the argument's name, or a module parameter's.
        value: where it stands, of a floating dtype and any shape.
        naming: gives the labels by the input's name; they and the source they are read from wait
            until asked for.
    """

    name: str
    value: torch.Tensor
    naming: Callable[[str], Sequence[Label]] = field(repr=False, compare=False)

    @property
    def labels(self) -> Sequence[Label]:
        """One label per scalar component, row-major."""
        return self.naming(self.name)


@dataclass(frozen=True)
class Problem:
    """What is to be differentiated, and where.

    Attributes:
        function: takes the inputs' tensors by position and returns what the user's function does;
            calls of `math` and NumPy inside it work on tensors.
        inputs: the named tensors, in the order the function takes them.
        title: the function's name as the user knows it.
        single: whether torch's structure has one bare input rather than a tuple of them.
        parameters: the arguments that stay constant, by name.
        notes: what was decided for the user, one sentence each.
        filename: the file whose lines the user knows, where there is one.
        potential: the scalar problem at the same point whose gradient `function` computes; the
            Jacobian is then the Hessian of that scalar. None for an ordinary function.
        whole: the user's own callable where nothing but that and the inputs decides the value; what
            is learnt of one such problem holds for every other of the same callable.
        call: of a Python call, the function by names of inputs, constant ones too; what is not
            named keeps its value.
        arrange: puts parts, one for each input, into the structure of arguments that are nests;
            None where the inputs are the arguments themselves.
        counts: inputs that were given as whole numbers: they stay so where the function cannot
            take them as real ones.
    """

    function: Callable[..., Any]
    inputs: tuple[Input, ...]
    title: str
    single: bool
    parameters: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    filename: str | None = None
    potential: Problem | None = None
    call: Callable[[Mapping[str, torch.Tensor]], Any] | None = None
    whole: Callable[..., Any] | None = None
    arrange: Callable[[Sequence[Any]], Any] | None = None
    counts: tuple[str, ...] = ()

    def nested(self, parts: Sequence[Any]) -> Any:
        """One part for each input, in torch's structure: bare, a tuple, or the arguments' nest."""
        if self.arrange is not None:
            return self.arrange(parts)
        return parts[0] if self.single else tuple(parts)

    @property
    def effects(self) -> tuple[str, ...]:
        """What the function's first run has changed outside of itself, by name."""
        return effects_of((self.potential or self).function)

    @property
    def point(self) -> dict[str, torch.Tensor]:
        """The inputs' values by name."""
        return {one.name: one.value for one in self.inputs}

    def at(self, values: Mapping[str, Any]) -> Problem:
        """Return the same problem at another point, its potential along with it.

        Args:
            values: new values by input name; what is not named stays where it is.

        Raises:
            PointError: for a name that is no input, or a value of another shape.
        """
        known = [one.name for one in self.inputs]
        for name in values:
            if name not in known:
                listed = ", ".join(known)
                raise PointError(
                    f"expected inputs among {listed}; found {name!r}; write one of these names"
                )
        inputs = tuple([_moved(one, values.get(one.name, one.value)) for one in self.inputs])
        potential = self.potential and dataclasses.replace(self.potential, inputs=inputs)
        return _altered(self, inputs=inputs, potential=potential)


def _altered(one: _Frozen, **changes: Any) -> _Frozen:
    """Return a frozen dataclass, without cached values, with other ones; quicker than `replace`."""
    other = object.__new__(type(one))
    vars(other).update(vars(one), **changes)
    return other


def _moved(one: Input, given: Any) -> Input:
    """Return an input of the same shape, dtype and device with another value."""
    held = one.value
    if isinstance(given, float | int) and held.dtype is torch.float64 and held.is_cpu:
        value = torch.from_numpy(np.array(given, dtype=float))  # a third of what torch takes
    else:
        value = torch.as_tensor(given, dtype=held.dtype, device=held.device)
        if isinstance(given, torch.Tensor | np.ndarray):
            value = value.clone()  # its owner may write into it
    if value.shape != held.shape:
        raise PointError(
            f"expected {one.name} of shape {tuple(one.value.shape)}; "
            f"found {tuple(value.shape)}; write one number for each component"
        )
    return _altered(one, value=value)


def problem_from_call(
    func: Callable[..., Any],
    inputs: torch.Tensor | tuple[torch.Tensor, ...],
    *,
    wrt: str | Sequence[str] | None = None,
    names: str | Sequence[str] | None = None,
) -> Problem:
    """The problem of a Python call, with the meaning of `torch.autograd.functional.jacobian`.

    Args:
        func: takes the tensors of `inputs` by position.
        inputs: a tensor or a tuple of tensors of any shapes; integers become float64 with a note.
        wrt: names of the inputs to differentiate with respect to; all by default.
        names: names of the inputs; those of the signature by default.

    Raises:
        TypeError: an input is no tensor.
        PointError: `names` or `wrt` do not fit the inputs.
    """
    single = isinstance(inputs, torch.Tensor)
    tensors = tensors_of(inputs)
    known = names_of(func, len(tensors), names)
    notes: list[str] = []
    chosen = {known[i]: as_float(tensors[i], known[i], notes) for i in _chosen(known, wrt)}
    given = {
        n: chosen[n] if n in chosen else kept(one) for n, one in zip(known, tensors, strict=True)
    }
    raised = lifted(func)

    def call(values: Mapping[str, torch.Tensor]) -> Any:
        return raised(*[values.get(name, value) for name, value in given.items()])

    def function(*values: torch.Tensor) -> Any:
        return call(dict(zip(chosen, values, strict=True)))

    whole = len(chosen) == len(given)
    return Problem(
        function=raised if whole else function,
        inputs=labelled(chosen, functools.partial(source_of, func)),
        title=title_of(func),
        single=single or (wrt is not None and isinstance(wrt, str) and "," not in wrt),
        parameters={} if whole else {n: one for n, one in given.items() if n not in chosen},
        notes=tuple(notes),
        filename=filename_of(func),
        call=call,
        whole=func if whole else None,
        counts=() if wrt else _counts(known, tensors),
    )


def _counts(names: Sequence[str], tensors: Sequence[torch.Tensor]) -> tuple[str, ...]:
    """Return the inputs that are whole numbers as they are given."""
    return tuple(n for n, one in zip(names, tensors, strict=True) if not one.is_floating_point())


def tensors_of(inputs: Any) -> tuple[torch.Tensor, ...]:
    """Return the inputs as a tuple of tensors, or torch's own words about what they are instead."""
    if isinstance(inputs, torch.Tensor):
        return (inputs,)
    expected = "The inputs given to jacobian must be either a Tensor or a tuple of Tensors"
    if not isinstance(inputs, tuple):
        raise TypeError(f"{expected} but the given inputs has type {type(inputs)}.")
    for position, value in enumerate(inputs):
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{expected} but the value at index {position} has type {type(value)}.")
    return inputs


def names_of(
    func: Callable[..., Any], count: int, names: str | Sequence[str] | None
) -> tuple[str, ...]:
    """One distinct name per input."""
    if names is not None:
        given = tuple(split_names(names))
        if len(given) != count or len(set(given)) != count:
            raise PointError(
                f"expected {count} distinct names, one per input; found {', '.join(given)}; "
                f"write names={[f'x{i}' for i in range(count)]}"
            )
        return given
    own = parameters_of(func)
    if len(own) >= count:
        return tuple(own[:count])
    fresh = (name for i in itertools.count(1) if (name := f"x{i}") not in own)
    if not own and count == 1:
        return ("x",)
    return tuple(itertools.islice(itertools.chain(own, fresh), count))


def _chosen(known: tuple[str, ...], wrt: str | Sequence[str] | None) -> list[int]:
    """Positions of the inputs that `wrt` names, in the inputs' order."""
    if wrt is None:
        return list(range(len(known)))
    wanted = split_names(wrt)
    for name in wanted:
        if name not in known:
            raise PointError(
                f"expected names of inputs in wrt; found {name!r}; "
                f"the inputs are {', '.join(known)}; write wrt={list(known)[:1]}"
            )
    return [position for position, name in enumerate(known) if name in wanted]


def split_names(names: str | Sequence[str]) -> list[str]:
    """Names as a list, from one text with commas or a sequence."""
    if isinstance(names, str):
        return [name.strip() for name in names.split(",") if name.strip()]
    return list(names)


def labelled(
    values: Mapping[str, torch.Tensor], source: str | Callable[[], str]
) -> tuple[Input, ...]:
    """Inputs with a label per component: the names the function unpacks, or indices.

    Args:
        values: the tensors by name.
        source: the function's text, or what reads it; read once and only if a label is asked for.
    """
    naming = _Naming(values, source)
    return tuple(Input(name, value, naming) for name, value in values.items())


class _Naming:
    """The labels of all inputs by name, found once."""

    def __init__(self, values: Mapping[str, torch.Tensor], source: str | Callable[[], str]) -> None:
        self._shapes = {name: value.shape for name, value in values.items()}
        self._source = source
        self._labels: dict[str, Sequence[Label]] | None = None

    def __call__(self, name: str) -> Sequence[Label]:
        if self._labels is None:
            source = self._source if isinstance(self._source, str) else self._source()
            self._labels = _labels(self._shapes, source)
        return self._labels[name]


def _labels(shapes: Mapping[str, torch.Size], source: str) -> dict[str, Sequence[Label]]:
    """Return the labels of each input's components."""
    taken, found = set(shapes), dict[str, Sequence[Label]]()
    for name, shape in shapes.items():
        parts = unpacked_names(source, name) if len(shape) == 1 and source else None
        if parts and len(set(parts)) == len(parts) == shape[0] and taken.isdisjoint(parts):
            found[name] = tuple(Label(part) for part in parts)
            taken |= set(parts)
        else:
            found[name] = labels_of(name, shape)
    if len(found) == 1 or sum(map(len, found.values())) > MAX_EAGER:
        return found
    each = iter(apart([label for labels in found.values() for label in labels]))
    return {name: tuple(itertools.islice(each, len(one))) for name, one in found.items()}
