"""Modules as functions of inputs, parameters and buffers, without side effects.

A call exchanges weights through `torch.func.functional_call`. A tied weight is one tensor of two
names: it counts once, and its derivative is that of both uses together. In training mode a module
draws random numbers and keeps statistics; here every call draws the same ones, the random state is
put back after, and the statistics are written into copies.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from jacmagic.function.interop import lifted
from jacmagic.function.silent_rerun import PrivateDraws
from jacmagic.function.source import filename_of, source_of, title_of
from jacmagic.function.target import Target, arguments_of, call_by_name
from jacmagic.function.torch_internals import BatchNorm, Dropout

SEED = 0  # of everything that a module in training mode draws

# What acts in training mode only, and how to tell that it does.
_DRAWS: tuple[tuple[type, Callable[[Any], bool]], ...] = (
    (Dropout, lambda layer: layer.p > 0),
    (nn.MultiheadAttention, lambda layer: layer.dropout > 0),
    (nn.RNNBase, lambda layer: layer.dropout > 0),
    (nn.RReLU, lambda layer: layer.lower < layer.upper),
)
_KEEPS_STATISTICS = BatchNorm


class Shell(nn.Module):
    """Holds a module, so that its parameters can be exchanged around its lifted call."""

    def __init__(self, module: nn.Module, raised: Callable[..., Any]) -> None:
        super().__init__()
        self.module = module
        self.raised = raised

    def forward(self, *values: Any, **named: Any) -> Any:
        """Return what the module returns."""
        return self.raised(*values, **named)


def caller_of(module: nn.Module) -> Callable[..., Any]:
    """Return `(weights, positional, named) -> value`, the module with other weights."""
    raised = lifted(module)
    shell = functools.cache(lambda: Shell(module, raised))
    training = any(part.training for part in module.modules())
    draws = training and any(map(_may_draw, module.modules()))
    keeps = training and next(module.buffers(), None) is not None

    def run(
        weights: Mapping[str, Tensor], positional: Sequence[Any], named: Mapping[str, Any]
    ) -> Any:
        parameters = dict(weights)
        if keeps:
            parameters |= {
                name: parameters.get(name, b).clone() for name, b in module.named_buffers()
            }
        with _same_draws((*parameters.values(), *positional)) if draws else _NOTHING:
            if not parameters:
                return raised(*positional, **named)
            exchanged = {f"module.{name}": value for name, value in parameters.items()}
            return torch.func.functional_call(shell(), exchanged, tuple(positional), dict(named))

    return run


def called_alone(module: nn.Module) -> Callable[..., Any]:
    """Return a module, with its own weights, as a function of its inputs."""
    run = caller_of(module)
    return lambda *values: run({}, values, {})


_NOTHING = contextlib.nullcontext()


def _may_draw(part: nn.Module) -> bool:
    """Whether a layer may draw random numbers: of torch's own only few do."""
    if not type(part).__module__.startswith("torch.nn.") or "Fractional" in type(part).__name__:
        return True
    if part._forward_hooks or part._forward_pre_hooks:
        return True
    return any(isinstance(part, kind) and acts(part) for kind, acts in _DRAWS)


def _same_draws(tensors: Any) -> PrivateDraws:
    """Return a mode with random numbers of `SEED`; torch's generators stay unused."""
    on_gpu = any(isinstance(tensor, Tensor) and tensor.is_cuda for tensor in tensors)
    devices = ("cpu", "cuda") if on_gpu else ("cpu",)
    return PrivateDraws(
        tuple(torch.Generator(device).manual_seed(SEED).get_state() for device in devices)
    )


def module_target(module: nn.Module, title: str) -> Target:
    """Return a module as a target: `forward`'s arguments, parameters and buffers."""
    signature = inspect.signature(module.forward)
    run_with = caller_of(module)
    kinds = {parameter.kind for parameter in signature.parameters.values()}

    def call(values: Mapping[str, Any]) -> Any:
        own = {name for name, _ in (*module.named_parameters(), *module.named_buffers())}
        weights = {name: value for name, value in values.items() if name in own}
        rest = {name: value for name, value in values.items() if name not in own}

        def run(*positional: Any, **named: Any) -> Any:
            return run_with(weights, positional, named)

        return call_by_name(run, signature, rest)

    return Target(
        title=title if title.isidentifier() else title_of(module),
        call=call,
        arguments=arguments_of(signature),
        is_open=inspect.Parameter.VAR_POSITIONAL in kinds,
        source=source_of(module),
        filename=filename_of(module),
        module=module,
        notes=training_notes(module, title),
    )


def training_notes(module: nn.Module, title: str) -> tuple[str, ...]:
    """Return one sentence for each kind of layer that acts differently in training mode."""
    parts = [part for part in module.modules() if part.training]
    if not parts:
        return ()
    draws = dict.fromkeys(
        type(part).__name__
        for part in parts
        if any(isinstance(part, kind) and acts(part) for kind, acts in _DRAWS)
    )
    keeps = dict.fromkeys(
        type(part).__name__ for part in parts if isinstance(part, _KEEPS_STATISTICS)
    )
    notes = []
    if draws:
        notes.append(
            f"{title} is in training mode, so {', '.join(draws)} acts, always with the draw of "
            f"seed {SEED} (the random state is put back); write {title}.eval()"
        )
    if keeps:
        notes.append(
            f"{title} is in training mode, so {', '.join(keeps)} normalises by this batch (the "
            f"running statistics are left as they were); write {title}.eval()"
        )
    return tuple(notes)


def tied_names(module: nn.Module) -> dict[str, str]:
    """Map further names of tied parameters to the names under which they are listed."""
    first: dict[int, str] = {}
    tied = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        counted = first.setdefault(id(parameter), name)
        if counted != name:
            tied[name] = counted
    return tied


def tied_notes(module: nn.Module, chosen: Sequence[str]) -> tuple[str, ...]:
    """One sentence for each tied parameter among the chosen ones."""
    tied = tied_names(module)
    return tuple(
        f"{', '.join([name, *others])} are one tied tensor: it counts once, all uses summed"
        for name in chosen
        if (others := [other for other, counted in tied.items() if counted == name])
    )
