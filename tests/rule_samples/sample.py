"""A sample of a rule: a small torch function that calls one ATen operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]
Function = Callable[..., Any]
Domain = tuple[float, float]

ONE_TENSOR: tuple[tuple[Shape, ...], ...] = (((2, 3),), ((1,),), ((0,),), ((),))
TWO_TENSORS: tuple[tuple[Shape, ...], ...] = (
    ((2, 3), (3,)), ((1, 2), (3, 1)), ((0,), (1,)), ((), ()),
)  # fmt: skip
ALONG_AXES: tuple[tuple[Shape, ...], ...] = (((2, 3),), ((3, 1),), ((1, 2),))

ANY: Domain = (-2.0, 2.0)
POSITIVE: Domain = (0.2, 3.0)
INSIDE: Domain = (-0.9, 0.9)
FRACTION: Domain = (0.05, 0.95)
ABOVE_ONE: Domain = (1.2, 3.0)


@dataclass(frozen=True)
class Sample:
    """One function that reaches one entry of a table.

    Attributes:
        table: "RULES", "COMPLEX", "MOVEMENTS", "SELECTIONS", "LINEAR" or "PREDICATES"; "" for an
            operation that torch decomposes into the textbook's form.
        name: the entry, or the operation.
        function: takes one tensor for each shape.
        shapes: alternatives, each with one shape per tensor.
        domain: the interval the numbers are drawn from, one for all or one for each tensor.
        slope: "torch" compares with torch's derivative, "differences" with difference quotients
            where torch has no derivative or a wrong one, "none" checks values only.
        tolerance: relative.
    """

    table: str
    name: str
    function: Function
    shapes: tuple[tuple[Shape, ...], ...]
    domain: Domain | tuple[Domain, ...] = ANY
    slope: str = "torch"
    tolerance: float = 1e-9

    def __str__(self) -> str:
        return f"{self.table}-{self.name}"


def unary(domain: Domain = ANY, slope: str = "torch", **functions: Function) -> list[Sample]:
    """Make samples of elementwise rules with one operand."""
    return [
        Sample("RULES", name, function, ONE_TENSOR, domain, slope)
        for name, function in functions.items()
    ]


def binary(
    domain: Domain | tuple[Domain, ...] = ANY, slope: str = "torch", **functions: Function
) -> list[Sample]:
    """Make samples of elementwise rules with two operands that broadcast."""
    return [
        Sample("RULES", name, function, TWO_TENSORS, domain, slope)
        for name, function in functions.items()
    ]


def rules(
    *shapes: tuple[Shape, ...],
    domain: Domain | tuple[Domain, ...] = ANY,
    slope: str = "torch",
    table: str = "RULES",
    tolerance: float = 1e-9,
    **functions: Function,
) -> list[Sample]:
    """Make samples with explicit shapes."""
    return [
        Sample(table, name, function, shapes, domain, slope, tolerance)
        for name, function in functions.items()
    ]
