"""Detection of calls by which values leave torch's graph: `detach`, `.item()`.

`detach()`, `.data`, `.item()`, `torch.tensor([...])`, NumPy round trips and `no_grad` all cut
torch's gradient silently. Here each is recorded with its line, and the expression keeps depending
on the inputs, as the mathematics says. Torch's derivative then differs, and the agreement can name
the cause. `int()` is exact while the integer stays the same, which becomes an assumption. Only
`float()` of a tensor or of its text cannot be followed, because Python insists on a bare number:
the dependence is lost.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from jacmagic.function.aten.operation import is_plain
from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.function.torch_internals import tree_flatten, without_dispatch_modes
from jacmagic.symbolic.trace.expansions import expansion_of
from jacmagic.symbolic.trace.mode import ConcolicMode
from jacmagic.symbolic.trace.named_numbers import NamedCalls
from jacmagic.symbolic.trace.running_function import RunningFunction
from jacmagic.symbolic.trace.source_lines import is_own, users_line
from jacmagic.symbolic.trace.texts import text_of

ADVICE = {
    "detach()": "leave out .detach()",
    ".data": "use the tensor itself instead of .data",
    ".data =": "compute with the assigned tensor itself",
    ".item()": "leave out .item(); a 0-dimensional tensor computes like a number",
    ".tolist()": "iterate over the tensor itself instead of .tolist()",
    ".numpy()": "stay in torch: torch.sin(x) instead of np.sin(x.numpy())",
    "torch.tensor([...])": "write torch.stack([...]); torch.tensor copies the numbers only",
    "torch.as_tensor([...])": "write torch.stack([...]); torch.as_tensor copies the numbers only",
    "no_grad": "move the computation out of torch.no_grad()",
    "inference_mode": "move the computation out of torch.inference_mode()",
    "autograd.Function": "differentiate what its forward computes in its backward",
    "float()": "leave out float(); a 0-dimensional tensor computes like a number",
    "float(text)": "compute with the tensor itself, or round it with torch.round(x, decimals=6)",
    "autograd.grad()": "pass create_graph=True",
    "no derivative": "J.evaluator() gives the closed form's numbers",
    "cosine_similarity()": (
        "write (F.normalize(a, dim=…) * F.normalize(b, dim=…)).sum(…), which clamps in the graph"
    ),
    "int()": "an integer part has no derivative; keep the tensor, or use torch.floor",
}


@dataclass(frozen=True)
class Leak:
    """One line where values leave torch's graph.

    Attributes:
        habit: what the code does there, a key of `ADVICE`.
        line: the line of the user's code, or None.
        nodes: the expressions that passed through.
        lost_dependence: whether the expression was lost as well.
        name: what the user calls it, such as the name of an autograd.Function; else "".
    """

    habit: str
    line: int | None
    nodes: frozenset[int]
    lost_dependence: bool = False
    name: str = ""

    @property
    def advice(self) -> str:
        """What to write instead."""
        return ADVICE[self.habit]


def _takes_part(mode: ConcolicMode, value: Any) -> bool:
    """Whether a value is a tensor with expressions, or one wrapped by `torch.func`."""
    return isinstance(value, torch.Tensor) and (not is_plain(value) or mode.shadows.has(value))


def _stack(value: Any) -> torch.Tensor:
    """`torch.tensor` of nested lists as torch.stack would build it."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, list | tuple):
        return torch.stack(torch.broadcast_tensors(*[_stack(item) for item in value]))
    return torch.tensor(
        value, dtype=torch.get_default_dtype() if isinstance(value, float) else None
    )


def _elements(tensor: torch.Tensor) -> Any:
    return [_elements(part) for part in tensor] if tensor.ndim else tensor


# what some releases of torch compute and give no derivative of, without an error
_UNDIFFERENTIATED = re.compile(r"special_(airy_ai|(\w+_)?(bessel_[jy][01]|bessel_[ik][01]))")
_COPIED = {"tensor": "torch.tensor([...])", "as_tensor": "torch.as_tensor([...])"}
_CARRIED = {  # calls whose result stays a traced tensor
    "item": ".item()", "tolist": ".tolist()", "numpy": ".numpy()", "__array__": ".numpy()",
    **_COPIED,
}  # fmt: skip
_LOST = ("float()", "float(text)")
_WHOLE = frozenset({"__int__", "__index__", "__trunc__"})
_SHOWN = frozenset({"__format__", "__repr__", "__str__"})
_BYTES = frozenset({"untyped_storage", "_typed_storage", "storage", "__dlpack__"})


def _clamps(x1: torch.Tensor, x2: torch.Tensor, dim: int = 1, eps: float = 1e-8, **_: Any) -> bool:
    """Whether torch's cosine similarity clamps a norm, which its derivative takes no notice of."""
    with without_dispatch_modes(), torch.no_grad():
        norms = [torch.linalg.vector_norm(x, dim=dim) for x in (x1, x2)]
        return bool(any((norm < eps).any() for norm in norms))


def _has_derivative(func: Callable[..., torch.Tensor]) -> bool:
    """Whether torch differentiates a function of one tensor."""
    with without_dispatch_modes():
        return func(torch.ones((), requires_grad=True)).requires_grad


class LeakDetector(TorchFunctionMode):
    """Function mode that reports cuts of the graph and carries expressions across."""

    def __init__(
        self, mode: ConcolicMode, named_calls: NamedCalls, text_factor: float = 1.0
    ) -> None:
        """Observe a function traced by this mode.

        Args:
            mode: the mode that traces.
            named_calls: how torch computes with named constants.
            text_factor: what numbers read from texts of tensors are multiplied by.
        """
        super().__init__()
        self.mode, self._named_calls, self.calls = mode, named_calls, 0
        self._text_factor, self._running = text_factor, RunningFunction()
        self._noted: dict[tuple[str, int | None, str], set[int]] = {}

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """The leaks so far, one for each habit and line, in the order met."""
        for line, node in self.mode.lost_dependence:
            self._noted.setdefault(("float()", line, ""), set()).add(node)
        return tuple(
            Leak(habit, line, frozenset(nodes), lost_dependence=habit in _LOST, name=name)
            for (habit, line, name), nodes in self._noted.items()
        )

    def _note(self, habit: str, *values: Any, name: str = "") -> None:
        shadows = self.mode.shadows
        nodes = {
            node
            for leaf in tree_flatten(values)[0]
            if shadows.has(leaf)
            for node in shadows.nodes_of(leaf)
            if self.mode.graph.value(node) is None
        }
        if nodes:
            self._noted.setdefault((habit, users_line(), name), set()).update(nodes)

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        self.calls += 1
        func, args, kwargs = self._named_calls.carried(func, args, kwargs)
        name = getattr(func, "__name__", "")
        if args and _takes_part(self.mode, args[0]):
            expansion = expansion_of(name, args, kwargs)
            func = func if expansion is None else partial(self._expanded, expansion)
        if args and any(map(self.mode.shadows.has, tree_flatten(args[0])[0])):
            if name in _SHOWN:
                report = partial(self._note, "float(text)", args[0])
                with without_dispatch_modes():
                    return text_of(func, args, report, self._text_factor)
            if name in _WHOLE:
                return self._read_whole(func, args)
            if name in _CARRIED:
                return self._carry_across(name, args[0], kwargs)
            if name in _BYTES and not is_own(sys._getframe(1)):
                raise Unsupported(name, "hands out memory as bytes, whose contents are not known")
            if name == "__deepcopy__":
                return args[0].clone()
            if name in ("detach", "detach_"):
                self._note("detach()", args[0])
            elif func == torch.Tensor.data.__get__:  # type: ignore[attr-defined]
                self._note(".data", args[0])
        if func == torch.Tensor.data.__set__:  # type: ignore[attr-defined]
            self._note(".data =", args[1])
        try:
            result = func(*args, **kwargs)
        except Unsupported as unsupported:  # named as the user wrote it, not as its parts are
            called = name if name and not name.startswith("__") else unsupported.operation
            raise Unsupported(called, unsupported.reason) from None
        self._note_result(func, name, args, kwargs, result)
        return result

    def _note_result(self, func: Any, name: str, args: Any, kwargs: dict, result: Any) -> None:
        """Note what a call has computed without a derivative, or with a wrong one."""
        if not torch.is_grad_enabled():
            self._note_without_graph(result)
        elif func is torch.autograd.grad and not kwargs.get("create_graph"):
            self._note("autograd.grad()", result)
        elif name == "cosine_similarity" and _clamps(*args, **kwargs):
            self._note("cosine_similarity()", result)
        elif _UNDIFFERENTIATED.fullmatch(name) and not _has_derivative(func):
            self._note("no derivative", result, name=f"torch.{name.replace('_', '.', 1)}")

    def _note_without_graph(self, result: Any) -> None:
        """Note what disables gradients now."""
        if torch.is_inference_mode_enabled():
            self._note("inference_mode", result)
        elif (name := self._running.name()) is None:
            self._note("no_grad", result)
        else:
            self._note("autograd.Function", result, name=name or "Function")

    def _carry_across(self, name: str, value: Any, kwargs: dict) -> Any:
        """Return the same tensor in place of bare numbers."""
        self._note(_CARRIED[name], value)
        if name == "tolist":
            return _elements(value)
        if name in _COPIED:
            stacked, dtype = _stack(value).clone(), kwargs.get("dtype")
            return stacked if dtype is None else stacked.to(dtype)
        if name == "item":
            value = value.reshape(())
            value.is_bare_number = True  # formatted as the number that it is in a plain run
            return value
        return value.clone()

    def _expanded(self, expansion: Callable[..., torch.Tensor], a: torch.Tensor) -> torch.Tensor:
        """Return a call in simpler operations; a determinant stays det A as a whole."""
        value = expansion(a)
        if self.mode.tensors is not None and self.mode.tensors.of(value) is None:
            self.mode.tensors.determinant(a, value)
        return value

    def _read_whole(self, func: Any, args: tuple) -> Any:
        """Run `int(x)` and assume that the integer stays the same."""
        self._note("int()", args[0])
        self.mode.reads_whole_numbers = True
        try:
            return func(*args)
        finally:
            self.mode.reads_whole_numbers = False
