"""Where user code lets values leave torch's graph: seen at the level of the user's own calls.

`detach()`, `.data`, `.item()`, `torch.tensor([...])`, NumPy round trips and `no_grad` all cut torch's
gradient without a word. Here each is noticed with its line, and the expression follows what the
mathematics says: the value goes on depending on the inputs. Torch's answer, computed elsewhere,
then differs, and the agreement can name the cause. Only `float()` and `int()` cannot be followed,
because Python insists on a bare number; these are reported as severed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten

from jacmagic.trace.mode import Concolic, users_line

ADVICE = {
    "detach()": "leave out .detach()",
    ".data": "use the tensor itself instead of .data",
    ".item()": "leave out .item(); a 0-dimensional tensor computes like a number",
    ".tolist()": "iterate over the tensor itself instead of .tolist()",
    ".numpy()": "stay in torch: torch.sin(x) instead of np.sin(x.numpy())",
    "torch.tensor([...])": "write torch.stack([...]); torch.tensor copies the numbers only",
    "torch.as_tensor([...])": "write torch.stack([...]); torch.as_tensor copies the numbers only",
    "no_grad": "move the computation out of torch.no_grad()",
    "float()": "leave out float(); a 0-dimensional tensor computes like a number",
    "int()": "an integer part has no derivative; keep the tensor, or use torch.floor",
}


@dataclass(frozen=True)
class Leak:
    """One place where values leave torch's graph.

    Attributes:
        habit: what the code does there, a key of `ADVICE`.
        line: the line of the user's code, or None.
        nodes: the expressions that passed through.
        severed: whether the expression was lost as well.
    """

    habit: str
    line: int | None
    nodes: frozenset[int]
    severed: bool = False

    @property
    def advice(self) -> str:
        """What to write instead."""
        return ADVICE[self.habit]


def _has_shadow(mode: Concolic, value: Any) -> bool:
    return any(mode.shadows.has(leaf) for leaf in tree_flatten(value)[0])


def _stack(value: Any, like: torch.Tensor | None = None) -> torch.Tensor:
    """`torch.tensor` of nested lists as torch.stack would build it."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, list | tuple):
        return torch.stack(torch.broadcast_tensors(*[_stack(item) for item in value]))
    return torch.tensor(
        value, dtype=torch.get_default_dtype() if isinstance(value, float) else None
    )


class LeakWatch(TorchFunctionMode):
    """Notices the user's calls that cut the graph, and carries the expressions across."""

    def __init__(self, mode: Concolic) -> None:
        """Watch over the calls of a function traced by this mode."""
        super().__init__()
        self.mode = mode
        self.leaks: list[Leak] = []

    def _note(self, habit: str, *values: Any, severed: bool = False) -> None:
        nodes: set[int] = set()
        for leaf in tree_flatten(values)[0]:
            if self.mode.shadows.has(leaf):
                nodes.update(self.mode.shadows.read(leaf).reshape(-1).tolist())
        nodes = {node for node in nodes if self.mode.graph.value(node) is None}
        if nodes:
            self.leaks.append(Leak(habit, users_line(), frozenset(nodes), severed))

    def __torch_function__(self, func, types, args=(), kwargs=None):  # noqa: D105, ANN001
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if args and _has_shadow(self.mode, args[0]):
            if name in _KEPT:
                self._note(_KEPT[name], args[0])
                return args[0].clone() if name == "numpy" else args[0]
            if name == "tolist":
                self._note(".tolist()", args[0])
                return _elements(args[0])
            if name in _COPIED:
                self._note(_COPIED[name], args[0])
                stacked = _stack(args[0]).clone()
                return stacked if kwargs.get("dtype") is None else stacked.to(kwargs["dtype"])
            if name in _SEVERED:
                self._note(_SEVERED[name], args[0], severed=True)
            elif name in ("detach", "detach_"):
                self._note("detach()", args[0])
            elif func == torch.Tensor.data.__get__:  # type: ignore[attr-defined]
                self._note(".data", args[0])
        result = func(*args, **kwargs)
        if not torch.is_grad_enabled():
            self._note("no_grad", result)
        return result


_KEPT = {"item": ".item()", "numpy": ".numpy()", "__array__": ".numpy()"}
_COPIED = {"tensor": "torch.tensor([...])", "as_tensor": "torch.as_tensor([...])"}
_SEVERED = {"__float__": "float()", "__int__": "int()", "__index__": "int()"}


def _elements(tensor: torch.Tensor) -> Any:
    return [_elements(part) for part in tensor] if tensor.ndim else tensor
