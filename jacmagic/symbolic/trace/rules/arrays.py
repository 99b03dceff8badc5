"""Arrays of nodes: what the rules of all families are written with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce as fold
from typing import Any

import numpy as np

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import ONE, ZERO, Graph

# Relative difference of one number computed in two ways: some hundred roundings in float32.
MAX_RELATIVE_ROUNDING = 1e-6

Nodes = Any  # an int64 array of nodes, or a plain number where the operation was given one
Axes = int | Sequence[int] | None
Rule = Callable[..., Any]


def nodes_of(g: Graph, value: Nodes) -> np.ndarray:
    """Return an argument as an array of nodes; plain numbers become constants."""
    if isinstance(value, np.ndarray | np.integer):
        return np.asarray(value)
    return np.array(g.number(value), dtype=np.int64)


def each(g: Graph, formula: Callable[..., int], *arguments: Nodes) -> np.ndarray:
    """Apply a formula element by element, with broadcasting."""
    arrays = [nodes_of(g, argument) for argument in arguments]
    if any(array.shape != arrays[0].shape for array in arrays):
        arrays = list(np.broadcast_arrays(*arrays))
    flat = [array.reshape(-1).tolist() for array in arrays]
    result = [formula(*elements) for elements in zip(*flat, strict=True)]
    return np.array(result, dtype=np.int64).reshape(arrays[0].shape)


def named(name: str) -> Rule:
    """Return the rule of an operation that the graph knows under this name."""
    return lambda g, *arguments: each(g, lambda *nodes: g.apply(name, *nodes), *arguments)


def elementwise(formula: Callable[..., int]) -> Rule:
    """Return the rule of an elementwise formula of its operands."""
    return lambda g, *arguments: each(g, lambda *nodes: formula(g, *nodes), *arguments)


def scaled(g: Graph, value: Nodes, factor: float) -> np.ndarray:
    """factor · value."""
    return nodes_of(g, value) if factor == 1 else each(g, g.mul, factor, value)


def truth(g: Graph, node: int) -> int:
    """Return a node as a truth value: a number is true where it is not 0."""
    value = g.value(node)
    if value is not None:
        return ONE if value else ZERO
    if g.operations[node] == "where" and g.operands(node)[2] == ZERO:
        condition, then = g.operands(node)[:2]
        return condition if truth(g, then) == ONE else g.apply("and", condition, truth(g, then))
    return node if g.is_condition(node) else g.apply("ne", node, ZERO)


def reduce(
    nodes: np.ndarray, dim: Axes, keepdim: bool, combine: Callable[[list[int]], int]
) -> np.ndarray:
    """Combine the elements along some axes; all axes for None or an empty list."""
    every = range(nodes.ndim)
    listed = [dim] if isinstance(dim, int) else list(dim or every)
    gone = sorted({axis % nodes.ndim for axis in listed}) if nodes.ndim else []
    other_axes = [axis for axis in every if axis not in gone]
    size = math.prod(nodes.shape[axis] for axis in gone)
    shape = [nodes.shape[axis] for axis in other_axes]
    lines = nodes.transpose(other_axes + gone).reshape(math.prod(shape), size)
    result = np.array([combine(line.tolist()) for line in lines], dtype=np.int64)
    if keepdim:
        shape = [1 if axis in gone else nodes.shape[axis] for axis in every]
    return result.reshape(shape)


def mean(g: Graph, terms: Sequence[int]) -> int:
    """Return the arithmetic mean."""
    return g.div(g.total(terms), g.number(len(terms)))


def variance(g: Graph, terms: Sequence[int], correction: float) -> int:
    """Σ(x − x̄)² / (n − correction)."""
    center = mean(g, terms)
    squares = g.total(g.square(g.sub(term, center)) for term in terms)
    return g.div(squares, g.number(max(len(terms) - correction, 0)))


def largest(g: Graph, terms: Sequence[int]) -> int:
    """Return the maximum."""
    return fold(lambda a, b: g.apply("max", a, b), terms)


def smallest(g: Graph, terms: Sequence[int]) -> int:
    """Return the minimum."""
    return fold(lambda a, b: g.apply("min", a, b), terms)


def norm(g: Graph, terms: Sequence[int], p: float) -> int:
    """Return the p-norm of a list."""
    if p == 2:
        return g.apply("sqrt", g.total(g.square(term) for term in terms))
    sizes = [g.apply("abs", term) for term in terms]
    if p == 1:
        return g.total(sizes)
    if p == 0:
        return g.total(g.where(g.apply("ne", term, ZERO), ONE, ZERO) for term in terms)
    if math.isinf(p):
        if not sizes:
            return ZERO
        return largest(g, sizes) if p > 0 else smallest(g, sizes)
    powers = [g.pow(size, g.number(p)) for size in sizes]
    return g.pow(g.total(powers), g.number(1 / p))


def every(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """Return a size for each axis: a single one, such as a stride, counts for all."""
    sizes = (value,) if isinstance(value, int) else tuple(value)
    return sizes * rank if len(sizes) == 1 else sizes


def toward_zero(g: Graph, x: int) -> int:
    """Return the integer part."""
    return g.mul(g.apply("sign", x), g.apply("floor", g.apply("abs", x)))


def whole_numbers(g: Graph, nodes: Nodes) -> np.ndarray:
    """Return indices as integers; refuse one that depends on the inputs."""
    values = [g.value(int(node)) for node in np.asarray(nodes).flat]
    if not all(isinstance(value, int) for value in values):
        raise Unsupported("index", "that depends on the inputs has no closed form here")
    return np.array(values, dtype=np.int64).reshape(np.shape(nodes))
