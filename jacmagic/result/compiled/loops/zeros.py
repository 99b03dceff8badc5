"""Analysis of a traced graph before it is lowered: zeros, movements, sums, calls."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx

from jacmagic.result.compiled.graph.recording import Recording
from jacmagic.result.compiled.loops.matrices import Routine
from jacmagic.result.compiled.loops.operations import (
    elementwise,
    moves,
    name_of,
    nonzero,
    sources,
)
from jacmagic.result.compiled.loops.routines import ROUTINES, routine
from jacmagic.result.compiled.obstacles import NotCompiled

SUMS = frozenset({"sum", "amax"})
_CHECK = "_linalg_check_errors"  # what torch raises; a call gives way to torch before
PRODUCTS = frozenset({"mm", "bmm", "mv", "dot"})
MAX_SCALARS = 2**22  # scalars of one tensor
MAX_LOOKUPS = 2**24  # terms of sums that are looked at
MAX_TERMS = 4  # terms of a sum that are written out


class Zeros:
    """A traced graph of float64 components.

    Attributes:
        graph: its steps.
        constants: the tensors of its constant steps.
        inputs: names of the inputs' buffers.
        masks: for each step where its components may differ from zero, (size,).
        moved: for each movement the tensors whose data it moves, and the sources.
        sums: for each sum its operand, (count, terms) positions in it, and whether the largest
            term is taken instead.
        products: for each product of matrices its operands and (batch, rows, terms, columns).
        calls: for each other step of linear algebra the call that computes it.
    """

    def __init__(self, recording: Recording) -> None:
        """Analyse every step.

        Raises:
            NotCompiled: an operation, a dtype or a size that is beyond this.
        """
        self.graph = recording.graph
        self.constants: dict[fx.Node, Tensor] = {}
        self.inputs: dict[fx.Node, str] = {}
        self.masks: dict[fx.Node, np.ndarray] = {}
        self.moved: dict[fx.Node, tuple[list[fx.Node], np.ndarray]] = {}
        self.sums: dict[fx.Node, tuple[fx.Node, np.ndarray, bool]] = {}
        self.products: dict[fx.Node, tuple[fx.Node, fx.Node, tuple[int, int, int, int]]] = {}
        self.calls: dict[fx.Node, Routine] = {}
        self._starts: dict[fx.Node, int] = {}
        self._terms: dict[fx.Node, list[tuple[list[tuple[fx.Node, np.ndarray]], np.ndarray]]] = {}
        self._counted: dict[fx.Node, np.ndarray] = {}
        self._places: dict[tuple[fx.Node, torch.Size], np.ndarray] = {}
        for node in self.graph.nodes:
            if node.op == "get_attr":
                self.constants[node] = recording.constants[str(node.target)]
                self.masks[node] = self.numbers(node) != 0
            elif node.op == "placeholder":
                self.inputs[node] = f"x{len(self.inputs)}"
                self.masks[node] = np.ones(self.size(node), dtype=bool)
            elif node.op != "output":
                self._look_at(node)

    def size(self, node: fx.Node) -> int:
        """Return the number of a step's components."""
        return len(self.calls[node].layout) if node in self.calls else node.meta["val"].numel()

    def numbers(self, node: fx.Node) -> np.ndarray:
        """Return the components of a constant."""
        return self.constants[node].detach().cpu().double().reshape(-1).numpy()

    def broadcast(self, part: fx.Node, node: fx.Node) -> np.ndarray:
        """Return for each component of a step the operand's that it is computed from."""
        shape = node.meta["val"].shape
        if (part, shape) not in self._places:
            numbers = torch.arange(self.size(part)).reshape(part.meta["val"].shape)
            self._places[part, shape] = numbers.expand(shape).reshape(-1).numpy()
        return self._places[part, shape]

    # ── one step ──────────────────────────────────────────────────────────────────────────────

    def _look_at(self, node: fx.Node) -> None:
        value, name = node.meta.get("val"), name_of(node.target)
        whole: Any = node.args[0] if node.args else None
        if name in ROUTINES:
            self.calls[node] = routine(self, node)
            self.masks[node] = self.calls[node].layout >= 0
            if self.size(node) > MAX_SCALARS:
                raise NotCompiled(f"{name} of that size")
            return
        if node.target is operator.getitem and whole in self.calls:
            self._take(node, whole)
            return
        if name == _CHECK or isinstance(value, (list, tuple)):
            return  # a movement, or refused where its parts are read
        if not isinstance(value, Tensor) or value.numel() > MAX_SCALARS:
            raise NotCompiled(f"{name} of that size")
        if not (value.is_floating_point() or value.dtype is torch.bool) or value.is_complex():
            raise NotCompiled(f"{name} of {value.dtype}")
        if moves(node.target):
            tensors, positions = self.moved[node] = sources(node, self.constants)
            masks = [self.masks[tensor] for tensor in tensors]
            self.masks[node] = np.concatenate([*masks, [False]])[positions]
        elif elementwise(node.target):
            self.masks[node] = self._elementwise_mask(node)
        elif name in SUMS:
            self.masks[node] = self._sum_mask(node)
        elif name in PRODUCTS:
            self.masks[node] = self._product_mask(node)
        else:
            raise NotCompiled(f"{name} is not known")

    def _take(self, node: fx.Node, whole: fx.Node) -> None:
        """Note which part of a call's results a step takes."""
        which: Any = node.args[1]
        sizes = [value.numel() for value in whole.meta["val"]]
        start = sum(sizes[:which])
        self.moved[node] = [whole], np.arange(start, start + sizes[which])
        self.masks[node] = self.masks[whole][start : start + sizes[which]]

    def _elementwise_mask(self, node: fx.Node) -> np.ndarray:
        masks = [
            self.masks[part].reshape(part.meta["val"].shape)
            if isinstance(part, fx.Node)
            else np.array(part != 0)
            for part in node.args
        ]
        name = elementwise(node.target)
        assert name is not None
        shape = tuple(node.meta["val"].shape)
        return np.broadcast_to(nonzero(name, masks), shape).reshape(-1)

    def _sum_mask(self, node: fx.Node) -> np.ndarray:
        operand = node.args[0]
        assert isinstance(operand, fx.Node)
        value = operand.meta["val"]
        dim = node.args[1] if len(node.args) > 1 else None
        every = range(value.ndim)
        dims = [d % value.ndim for d in (dim or every)] if value.ndim else []  # type: ignore[union-attr]
        others = [d for d in range(value.ndim) if d not in dims]
        numbers = torch.arange(value.numel()).reshape(value.shape).permute([*others, *dims])
        count = self.size(node)
        index = numbers.reshape(count, value.numel() // max(1, count)).numpy()
        self.sums[node] = operand, index, name_of(node.target) == "amax"
        return self.masks[operand][index].any(1)

    def _product_mask(self, node: fx.Node) -> np.ndarray:
        left, right = node.args[:2]
        assert isinstance(left, fx.Node)
        assert isinstance(right, fx.Node)
        a, b = left.meta["val"].shape, right.meta["val"].shape
        sizes = (
            a[0] if len(a) == 3 else 1,
            1 if len(a) == 1 else a[-2],
            a[-1],
            1 if len(b) == 1 else b[-1],
        )
        self.products[node] = left, right, sizes
        return self.counts(node).reshape(-1) > 0

    def counts(self, node: fx.Node) -> np.ndarray:
        """Return how many terms of each component of a sum may differ from zero."""
        if node not in self._counted:
            self._counted[node] = self._count(node)
        return self._counted[node]

    def _count(self, node: fx.Node) -> np.ndarray:
        if node in self.sums:
            operand, index, largest = self.sums[node]
            if largest:
                return np.full(len(index), index.shape[1] + MAX_LOOKUPS)
            return self.masks[operand][index].sum(1)
        left, right, (batch, rows, terms, columns) = self.products[node]
        if batch * rows * terms * columns > 16 * MAX_LOOKUPS:
            raise NotCompiled("a product of large matrices")
        a = self.masks[left].reshape(batch, rows, terms).astype(np.float32)
        return a @ self.masks[right].reshape(batch, terms, columns).astype(np.float32)

    def is_stored(self, node: fx.Node) -> bool:
        """Whether a step is a sum of many terms or a call."""
        is_sum = node in self.sums or node in self.products
        return node in self.calls or (is_sum and not self.is_written_out(node))

    def origins(self, node: fx.Node) -> np.ndarray:
        """Return a number for each component, the same only for equal ones; -1 for zeros."""
        if node in self.moved:
            tensors, positions = self.moved[node]
            numbers = np.concatenate([*map(self.origins, tensors), [-1]])[positions]
        elif node in self.calls:
            numbers = self._start(node) + self.calls[node].layout
        else:
            numbers = self._start(node) + np.arange(self.size(node))
        return np.where(self.masks[node], numbers, -1)

    def _start(self, node: fx.Node) -> int:
        """Return the first of the numbers that are a step's own."""
        return self._starts.setdefault(node, MAX_SCALARS * len(self._starts))

    def is_written_out(self, node: fx.Node) -> bool:
        """Whether a step is a sum of so few terms that its components are not stored."""
        is_sum = node in self.sums or node in self.products
        return is_sum and int(self.counts(node).max(initial=0)) <= MAX_TERMS

    def terms(self, node: fx.Node) -> list[tuple[list[tuple[fx.Node, np.ndarray]], np.ndarray]]:
        """Return the first, second ... term of a sum's components that may differ from zero.

        Returns:
            For each term its factors, each a step and (size,) positions in it; (size,) whether
            there is such a term.
        """
        if node not in self._terms:
            count, size = int(self.counts(node).max(initial=0)), self.size(node)
            width = self._width(node)
            chosen = np.zeros((size, count), dtype=np.int64)
            present = np.zeros((size, count), dtype=bool)
            step = max(1, MAX_LOOKUPS // 16 // width)
            for start in range(0, size, step):
                rows = np.arange(start, min(size, start + step))
                row, term = np.nonzero(self._live(node, rows))
                counts = np.bincount(row, minlength=len(rows))
                k = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
                chosen[start + row, k], present[start + row, k] = term, True
            self._terms[node] = [
                (self._factors(node, np.arange(size), chosen[:, k]), present[:, k])
                for k in range(count)
            ]
        return self._terms[node]

    def _width(self, node: fx.Node) -> int:
        """Return how many terms each component of a sum has."""
        return self.products[node][2][2] if node in self.products else self.sums[node][1].shape[1]

    def _live(self, node: fx.Node, at: np.ndarray) -> np.ndarray:
        """Return which terms of some components of a sum may differ from zero, (P, terms)."""
        if node in self.sums:
            operand, index, _ = self.sums[node]
            return self.masks[operand][index[at]]
        left, right, (batch, rows, terms, columns) = self.products[node]
        item, j = np.divmod(at, columns)
        turned = self.masks[right].reshape(batch, terms, columns).swapaxes(1, 2)
        return self.masks[left].reshape(-1, terms)[item] & turned[item // rows, j]

    def _factors(
        self, node: fx.Node, at: np.ndarray, k: np.ndarray
    ) -> list[tuple[fx.Node, np.ndarray]]:
        """Return the factors of the terms k of some components of a sum."""
        if node in self.sums:
            operand, index, _ = self.sums[node]
            return [(operand, index[at, k])]
        left, right, (_, rows, terms, columns) = self.products[node]
        item, j = np.divmod(at, columns)  # item is batch · rows + row
        return [(left, item * terms + k), (right, (item // rows * terms + k) * columns + j)]
