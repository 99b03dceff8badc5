"""The base of ATen interpreters: views, writes, movements and decompositions carry shadows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from jacmagic.function.aten.data_movement import MOVEMENTS
from jacmagic.function.aten.interpreter import Interpreter
from jacmagic.function.aten.operation import Operation, signature_of, tensors_in
from jacmagic.function.aten.shadows import Shadows
from jacmagic.function.aten.unsupported import Unsupported

aten = torch.ops.aten


class Taint(Interpreter):
    """The smallest interpreter: 1 beside every number that an input has touched."""

    def draw(self, op: Operation) -> Any:
        return op.run()

    def read(self, op: Operation) -> Any:
        return op.run()

    def rule(self, key: str, op: Operation) -> Callable[[Operation], Any] | None:
        if key in MOVEMENTS:
            return lambda op: self.move(op, MOVEMENTS[key])
        is_pointwise = key == "copy_" or torch.Tag.pointwise in op.func.tags
        return self._pointwise if is_pointwise else None

    def _pointwise(self, op: Operation) -> Any:
        taints = [self.carried(tensor, 0) for tensor in op.tensors]
        out = op.run()
        self.store(out, [np.maximum.reduce(np.broadcast_arrays(*taints))])
        return out

    def store(self, out: Any, results: Any) -> None:
        for tensor, taint in zip(tensors_in(out), results, strict=True):
            self.shadows.cover(tensor)[...] = taint

    def carried(self, value: Any, part: int) -> Any:
        if not isinstance(value, torch.Tensor):
            return 0 if isinstance(value, float) else value
        taint = self.shadows.view(value)
        return np.zeros(tuple(value.shape), dtype=np.int64) if taint is None else taint.copy()


def tainted(function: Callable[[torch.Tensor], torch.Tensor]) -> list[int]:
    """Return which numbers of a function's result [1, 2, 3, 4] → … has touched."""
    mode, x = Taint(Shadows()), torch.arange(1.0, 5.0)
    mode.shadows.cover(x)[...] = 1
    with mode:
        result = function(x)
    return mode.carried(result, 0).reshape(-1).tolist()


def put_first(x: torch.Tensor) -> torch.Tensor:
    """Write into a view of fresh memory."""
    out = torch.zeros(2, 2)
    out[1].copy_(x[:2] * 2)
    out.t()[1].mul_(3)
    return out


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x.view(2, 2).t()[0], [1, 1]),
        (lambda x: torch.cat([torch.ones(1), x[:1]]).flip(0), [1, 0]),
        (lambda x: torch.nn.functional.pad(x[:1], (1, 1)), [0, 1, 0]),
        (lambda x: torch.ones(2) + 1, [0, 0]),
        (lambda x: torch.zeros(2).index_put((torch.tensor([1]),), x[:1]), [0, 1]),
        (put_first, [0, 0, 1, 1]),
    ],
    ids=["views", "movement", "padding", "constants", "indexed write", "writes into views"],
)
def test_shadows_follow_the_numbers(
    function: Callable[[torch.Tensor], torch.Tensor], expected: list[int]
) -> None:
    """The base moves, shares and overwrites shadows as torch does the numbers."""
    assert tainted(function) == expected


def test_an_operation_without_a_rule_is_decomposed() -> None:
    """What torch can decompose needs no rule; what it cannot is refused by name."""
    assert tainted(lambda x: aten.addcmul(x, x, x).clamp(0, 1)) == [1, 1, 1, 1]
    assert tainted(lambda x: aten.log_sigmoid_forward(x)[0]) == [1, 1, 1, 1]
    with pytest.raises(Unsupported, match="sum has no rule yet"):
        tainted(lambda x: x.sum())


def test_memory_that_cannot_be_followed_is_refused() -> None:
    """Another dtype on the same memory, grown memory and sparse layouts have no shadows."""
    with pytest.raises(Unsupported, match="another dtype"):
        tainted(lambda x: x.view(torch.int16) + 1)
    with pytest.raises(Unsupported, match="changes a tensor's memory"):
        tainted(lambda x: x.clone().resize_(9) + 1)
    with pytest.raises(Unsupported, match=r"layout torch\.sparse_coo cannot be followed"):
        Shadows().cover(torch.eye(2).to_sparse())


def test_a_shadow_ends_with_its_storage() -> None:
    """Memory that is freed and reused by another tensor does not keep the old shadow."""
    shadows, kept = Shadows(), []
    for _ in range(20):
        tensor = torch.ones(64)
        assert not shadows.has(tensor)
        shadows.cover(tensor)[...] = 1
        kept.append(tensor.data_ptr())
        del tensor
    assert not shadows.has(torch.ones(64))


def test_a_signature_tells_views_and_writes_apart() -> None:
    """The schema says what is written, what is a view, and under which names a table lists it."""
    add_, view, topk = map(signature_of, (aten.add_.Tensor, aten.view.default, aten.topk.default))
    assert (add_.written, add_.functional_name, add_.is_view) == ((0,), "add", False)
    assert add_.keys == ("add_.Tensor", "add_", "add.Tensor", "add")
    assert view.is_view and not topk.is_view
    assert not signature_of(aten.equal.default).returns_tensors
