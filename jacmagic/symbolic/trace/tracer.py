"""Tracing: run a function once for real, return the expressions of its outputs.

What comes out is a `Trace`, or a `Refusal`: a value, not an exception, that says which operation on
which line has no closed form. The numbers do not depend on it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from jacmagic.errors import JacmagicError
from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.function.deadline import Deadline
from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.function.interop.silence import silent
from jacmagic.function.mode_stacks import ModeStacks
from jacmagic.function.outputs import flatten
from jacmagic.labels import Label
from jacmagic.symbolic.graph import BudgetExceeded, Graph
from jacmagic.symbolic.graph.nodes import MAX_NODES
from jacmagic.symbolic.matrices.expressions import Expression
from jacmagic.symbolic.trace.conditions import Assumption
from jacmagic.symbolic.trace.leaks import Leak, LeakDetector
from jacmagic.symbolic.trace.mode import ConcolicMode
from jacmagic.symbolic.trace.named_numbers import NamedCalls
from jacmagic.symbolic.trace.naming import Constant, Names, Naming
from jacmagic.symbolic.trace.shadows import Poisoned
from jacmagic.symbolic.trace.tensors import Tensors
from jacmagic.symbolic.trace.values import Value

_BARE = (".item()", ".tolist()", ".numpy()")


@dataclass(frozen=True)
class Refusal:
    """Why there is no closed form.

    Attributes:
        operation: what stands in the way, as torch or Python names it.
        line: the line of the user's code, or None.
        reason: one clause.
        leaks: the lines where values left torch's graph before.
    """

    operation: str
    line: int | None
    reason: str
    leaks: tuple[Leak, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        where = "" if self.line is None else f" (line {self.line})"
        return f"no closed form: {self.operation}{where} {self.reason}"


@dataclass(frozen=True)
class Trace:
    """One function's expressions.

    Attributes:
        graph: the graph that holds them.
        inputs: the n variable nodes, in column order.
        outputs: the m output nodes, in row order.
        assumptions: the conditions that held along the way.
        leaks: the lines where values left torch's graph.
        has_constants: whether the code calls any number by a name.
        constants: the numbers that kept the names the user gave them.
        variables: what the function itself calls some of the nodes.
        expression: the result as an expression of whole vectors, where its making is understood.
        parts: what the function itself calls some parts of that.
        dtypes: the floating dtypes of the inputs and of what torch computed on the way.
        calls: how often the function called torch.
        bindings: what the function's variables, helpers and modules have been, in order.
        base: the components of values on manifolds, which are constants with names.
        values: the components of all inputs' values, where those on manifolds are not inputs.
    """

    graph: Graph
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    assumptions: tuple[Assumption, ...] = ()
    leaks: tuple[Leak, ...] = field(default=())
    has_constants: bool = False
    constants: tuple[Constant, ...] = ()
    variables: Mapping[int, Label] = field(default_factory=dict)
    expression: Expression | None = None
    parts: Mapping[Expression, str] = field(default_factory=dict)
    dtypes: frozenset[torch.dtype] = frozenset()
    calls: int = 0
    bindings: tuple[Value, ...] = ()
    base: tuple[Constant, ...] = ()
    values: tuple[int, ...] = ()


@cache
def _warm_up() -> None:
    """Let torch load what the first mode call needs, so that no budget pays for it."""
    mode, stacks = ConcolicMode(Graph()), ModeStacks()
    try:
        with LeakDetector(mode, NamedCalls(mode)), mode:
            torch.zeros(1).sin()
    finally:
        try:
            stacks.restore()
        finally:
            stacks.restore()


def trace(
    function: Callable[..., Any],
    tensors: Sequence[torch.Tensor],
    names: Sequence[str],
    *,
    limit: int = MAX_NODES,
    seconds: float | None = None,
    naming: Naming | None = None,
    whole: Sequence[str] = (),
    fixed: Mapping[int, float] = MappingProxyType({}),
    text_factor: float = 1.0,
) -> Trace | Refusal:
    """Trace a function at a point.

    Args:
        function: takes the tensors positionally and returns any nest of tensors and numbers.
        tensors: real floating tensors; they are not touched.
        names: n distinct names, one for each component of all tensors in row-major order.
        limit: nodes above which the trace gives up.
        seconds: time after which it gives up; None for no bound.
        naming: which constants keep the names that the user gave them; None for none, and then
            nothing else has a name either.
        whole: names of the tensors themselves; the trace then also says what whole tensors are.
        fixed: numbers of components that are constants with a name, by position.
        text_factor: what numbers read from texts of tensors are multiplied by.

    Returns:
        The trace, or a refusal. Output printed by the function, and torch's warnings about cut
        graphs, are dropped here: they have been shown when the numbers were computed.
    """
    _warm_up()
    graph = Graph(limit=limit, deadline=None if seconds is None else Deadline(seconds))
    mode = ConcolicMode(graph)
    constants = Names(mode, names, naming)
    leaks, stacks = LeakDetector(mode, constants.calls, text_factor), ModeStacks()
    try:
        inputs = _leaves(graph, names, fixed)
        copies = _shadowed_copies(mode, tensors, inputs)
        mode.tensors = _tensors(mode, whole, copies)
        with silent(), constants.keeping(), torch.enable_grad(), leaks, mode:
            result = function(*copies)
            leaves = flatten(result).leaves
        outputs = tuple(
            int(node) for leaf in leaves for node in mode.shadows.read(leaf).reshape(-1)
        )
    except REFUSALS as error:  # the user's code runs here; it only costs the formula
        return replace(_refusal(error, graph.line, leaks.leaks), leaks=leaks.leaks)
    finally:  # an interrupt may hit the first: see NOTE [Interrupts between the lines]
        try:
            stacks.restore()
        finally:
            stacks.restore()
    met, dtypes = tuple(mode.conditions.met), frozenset(mode.dtypes)
    traced = Trace(graph, inputs, outputs, met, leaks.leaks, dtypes=dtypes, calls=leaks.calls)
    if not constants.keeps:
        return replace(traced, has_constants=constants.any)
    return _with_names(traced, constants, result)


def _leaves(graph: Graph, names: Sequence[str], fixed: Mapping[int, float]) -> tuple[int, ...]:
    """Return a variable for each component; a constant with its name where it is fixed."""
    return tuple(
        graph.constant(name, fixed[k]) if k in fixed else graph.variable(name)
        for k, name in enumerate(names)
    )


def _with_names(traced: Trace, names: Names, result: Any) -> Trace:
    """Return a trace with the names of constants and variables in the user's code."""
    tensors = names.mode.tensors
    is_tensor = isinstance(result, torch.Tensor)
    return replace(
        traced,
        has_constants=bool(names.constants),
        constants=names.constants,
        variables=names.variables,
        expression=tensors.of(result) if tensors is not None and is_tensor else None,
        parts=names.locals.expressions(),
        bindings=names.locals.named(),
    )


def _tensors(
    mode: ConcolicMode, names: Sequence[str], copies: Sequence[torch.Tensor]
) -> Tensors | None:
    """Return the expressions of the inputs as whole tensors; None without names."""
    if not names:
        return None
    tensors = Tensors(lambda tensor: not mode.shadows.has(tensor))
    for name, copy in zip(names, copies, strict=True):
        tensors.input(name, copy)
    return tensors


def _shadowed_copies(
    mode: ConcolicMode, tensors: Sequence[torch.Tensor], inputs: Sequence[int]
) -> list[torch.Tensor]:
    """Fresh tensors with the same numbers, whose elements stand for the variables.

    They take part in autograd without being leaves, which a function may not write to.
    """
    copies, start = [], 0
    for tensor in tensors:
        copy = tensor.detach().clone(memory_format=torch.contiguous_format)
        if copy.is_floating_point():
            with torch.enable_grad():
                copy = copy.requires_grad_(True).clone()
        nodes = np.array(inputs[start : start + copy.numel()], dtype=np.int64)
        mode.shadows.write(copy, nodes.reshape(tuple(copy.shape)))
        mode.dtypes.add(copy.dtype)
        copies.append(copy)
        start += copy.numel()
    return copies


def _refusal(error: BaseException, line: int | None, leaks: Sequence[Leak]) -> Refusal:
    """Return why tracing failed, as a value."""
    if isinstance(error, Poisoned):
        return Refusal("the result", line, "comes from an operation without a closed form")
    if isinstance(error, Unsupported):
        return Refusal(error.operation, line, error.reason)
    if isinstance(error, BudgetExceeded):
        return Refusal("the function", line, f"is too large: {error}")
    for leak in leaks:
        if isinstance(error, TypeError) and leak.habit in _BARE:
            return Refusal(leak.habit, leak.line, f"gives a bare number: {leak.advice}")
    if "HigherOrderOperator" in str(error):  # torch.cond and its kind
        return Refusal("a higher-order operator", line, "has no rule: write if for torch.cond")
    return Refusal(type(error).__name__, line, _what_went_wrong(error))


def _what_went_wrong(error: BaseException) -> str:
    """Return the exception in one clause; one from a rule asks to be reported."""
    if isinstance(error, JacmagicError):
        return f"stopped the trace: {error}"
    last = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    rules = str(Path(__file__).parent / "rules")
    ours = last is not None and last.filename.startswith(rules)
    where = f" in {last.name}, please report it" if ours and last is not None else ""
    return f"stopped the trace{where}: {' '.join(str(error).split())[:200]}"
