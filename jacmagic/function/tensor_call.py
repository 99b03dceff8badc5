"""The problem of a call with tensors, as in `torch.autograd.functional.jacobian`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from jacmagic.function.argument_names import chosen_positions, names_of, whole_numbers
from jacmagic.function.inputs import labelled
from jacmagic.function.interop import lifted
from jacmagic.function.modules import called_alone, training_notes
from jacmagic.function.problem import Problem
from jacmagic.function.source import filename_of, source_of, title_of
from jacmagic.function.values import as_float, kept


def problem_from_call(
    func: Callable[..., Any],
    inputs: torch.Tensor | tuple[torch.Tensor, ...],
    *,
    wrt: str | Sequence[str] | None = None,
    names: str | Sequence[str] | None = None,
) -> Problem:
    """Return the problem of a call, as in `torch.autograd.functional.jacobian`.

    Args:
        func: takes the tensors of `inputs` by position; a module keeps its parameters.
        inputs: a tensor or a tuple of tensors of any shapes; integers become float64 with a note.
        wrt: names of the inputs to differentiate with respect to; all by default.
        names: names of the inputs; those of the signature by default.

    Raises:
        PointError: `names` or `wrt` do not fit the inputs.
    """
    single = isinstance(inputs, torch.Tensor)
    tensors = (inputs,) if isinstance(inputs, torch.Tensor) else inputs
    names_in_order = names_of(func, len(tensors), names)
    module = func if isinstance(func, torch.nn.Module) else None
    notes = [] if module is None else [*training_notes(module, title_of(module))]
    chosen = {
        names_in_order[i]: as_float(tensors[i], names_in_order[i], notes)
        for i in chosen_positions(names_in_order, wrt)
    }
    by_name = {
        n: chosen[n] if n in chosen else kept(tensor)
        for n, tensor in zip(names_in_order, tensors, strict=True)
    }
    raised = lifted(func) if module is None else called_alone(module)

    def call(values: Mapping[str, torch.Tensor]) -> Any:
        return raised(*[values.get(name, value) for name, value in by_name.items()])

    def function(*values: torch.Tensor) -> Any:
        return call(dict(zip(chosen, values, strict=True)))

    takes_all = len(chosen) == len(by_name)
    return Problem(
        function=raised if takes_all else function,
        inputs=labelled(chosen, functools.partial(source_of, func)),
        title=title_of(func),
        single=single or (wrt is not None and isinstance(wrt, str) and "," not in wrt),
        parameters={}
        if takes_all
        else {n: tensor for n, tensor in by_name.items() if n not in chosen},
        notes=tuple(notes),
        filename=filename_of(func),
        call=None if takes_all else call,
        user_function=func if takes_all else None,
        integers=() if wrt else whole_numbers(names_in_order, tensors),
    )
