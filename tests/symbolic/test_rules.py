"""The tables of rules check themselves: every entry has a sample that agrees with torch.

A sample is traced at random numbers; what comes out must reach the entry, have torch's value and
torch's derivative to nine digits, there and at further points where its assumptions hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from rule_samples import REMOVED, SAMPLES, Sample

from jacmagic.function.aten.data_movement import MOVEMENTS
from jacmagic.function.outputs import flatten
from jacmagic.symbolic.graph import ZERO, differentiate, write_tape
from jacmagic.symbolic.trace import Refusal, Trace, mode, trace
from jacmagic.symbolic.trace import rule_lookup as guards
from jacmagic.symbolic.trace.linear_maps import LINEAR
from jacmagic.symbolic.trace.rules import COMPLEX, PREDICATES, RULES, SELECTIONS

TABLES: dict[str, dict[str, Any]] = {
    "RULES": RULES,
    "COMPLEX": COMPLEX,
    "MOVEMENTS": MOVEMENTS,
    "SELECTIONS": SELECTIONS,
    "LINEAR": LINEAR,
    "PREDICATES": PREDICATES,
}
CASES = [
    pytest.param(sample, shapes, id=f"{sample}-{'x'.join(map(str, shapes)).replace(' ', '')}")
    for sample in SAMPLES
    for shapes in sample.shapes
]


class Recorded(dict):
    """A table that remembers which of its entries were used."""

    def __init__(self, table: dict[str, Any]) -> None:
        super().__init__(table)
        self.used: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.used.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return an entry that may be missing; counted if it is there."""
        self.used.add(key)
        return super().get(key, default)


def inputs_of(sample: Sample, shapes: tuple, *, seed: int) -> list[torch.Tensor]:
    """Random numbers in the sample's domain."""
    generator = torch.Generator().manual_seed(seed)
    several = isinstance(sample.domain[0], tuple)
    domains = sample.domain if several else (sample.domain,) * len(shapes)
    return [
        torch.rand(shape, generator=generator, dtype=torch.float64) * (high - low) + low
        for shape, (low, high) in zip(shapes, domains, strict=True)
    ]


def outputs_of(function: Callable[..., Any], tensors: list[torch.Tensor]) -> torch.Tensor:
    """All outputs in one flat tensor."""
    leaves = flatten(function(*tensors)).leaves
    return torch.cat([leaf.reshape(-1) for leaf in leaves])


def traced(sample: Sample, tensors: list[torch.Tensor]) -> Trace:
    """Return the sample's trace."""
    names = [f"v{k}" for k in range(sum(tensor.numel() for tensor in tensors))]
    found = trace(sample.function, tensors, names)
    assert isinstance(found, Trace), str(found)
    return found


def numbers_of(tensors: list[torch.Tensor]) -> list[float]:
    """Return the point as one list."""
    return [number for tensor in tensors for number in tensor.reshape(-1).tolist()]


def evaluated(found: Trace, tensors: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Values and Jacobian of the expressions at a point."""
    m, n = len(found.outputs), len(found.inputs)
    rows = differentiate(found.graph, found.outputs, found.inputs)
    entries = [row.get(j, ZERO) for row in rows for j in range(n)]
    tape = write_tape(found.graph, [*found.outputs, *entries], found.inputs)
    values = torch.tensor(tape.evaluate(numbers_of(tensors)), dtype=torch.float64)
    return values[:m], values[m:].reshape(m, n)


def jacobian_of(sample: Sample, tensors: list[torch.Tensor]) -> torch.Tensor:
    """Torch's Jacobian, or difference quotients where torch has none."""
    m = len(outputs_of(sample.function, tensors))
    if sample.slope == "differences":
        columns = [quotients(sample, tensors, index) for index in range(len(numbers_of(tensors)))]
        return torch.stack(columns, 1) if columns else torch.zeros(m, 0, dtype=torch.float64)
    if m == 0:
        return torch.zeros(0, len(numbers_of(tensors)), dtype=torch.float64)
    blocks = torch.autograd.functional.jacobian(
        lambda *values: outputs_of(sample.function, list(values)), tuple(tensors)
    )
    flat = [block.reshape(m, t.numel()) for block, t in zip(blocks, tensors, strict=True)]
    return torch.cat(flat, 1)


def quotients(sample: Sample, tensors: list[torch.Tensor], index: int) -> torch.Tensor:
    """One column of the Jacobian by central differences, extrapolated."""

    def at(step: float) -> torch.Tensor:
        moved = [tensor.clone() for tensor in tensors]
        flat = torch.cat([tensor.reshape(-1) for tensor in moved])
        flat[index] += step
        parts = flat.split([tensor.numel() for tensor in moved])
        shaped = [part.reshape(t.shape) for part, t in zip(parts, moved, strict=True)]
        return outputs_of(sample.function, shaped)

    def central(step: float) -> torch.Tensor:
        return (at(step) - at(-step)) / (2 * step)

    return (4 * central(5e-4) - central(1e-3)) / 3


def holds_at(found: Trace, tensors: list[torch.Tensor]) -> bool:
    """Whether the recorded assumptions are true at a point."""
    nodes = [assumption.condition for assumption in found.assumptions]
    return all(write_tape(found.graph, nodes, found.inputs).evaluate(numbers_of(tensors)))


def agree(sample: Sample, found: Trace, tensors: list[torch.Tensor]) -> None:
    """Values and derivatives are torch's, or the failure prints both."""
    values, matrix = evaluated(found, tensors)
    expected = outputs_of(sample.function, tensors)
    torch.testing.assert_close(values, expected, rtol=sample.tolerance, atol=1e-10, equal_nan=True)
    if sample.slope != "none":
        try:
            slopes = jacobian_of(sample, tensors)
        except RuntimeError as error:  # torch 2.9 does not differentiate aminmax
            assert "is not implemented" in str(error)
            sample = replace(sample, slope="differences")
            slopes = jacobian_of(sample, tensors)
        rough = 1e-6 if sample.slope == "differences" else 10 * sample.tolerance
        torch.testing.assert_close(matrix, slopes, rtol=rough, atol=rough, equal_nan=True)


@pytest.mark.parametrize("table", TABLES)
def test_every_rule_has_a_sample_and_every_sample_a_rule(table: str) -> None:
    """The samples and the entries of each table name the same operations."""
    names = {sample.name for sample in SAMPLES if sample.table == table}
    assert names == TABLES[table].keys() - REMOVED
    assert not {sample.name for sample in SAMPLES if not sample.table} & set(TABLES[table])


@pytest.mark.parametrize(("sample", "shapes"), CASES)
def test_a_rule_agrees_with_torch(
    sample: Sample, shapes: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sample reaches its entry, and value and derivative are torch's, here and further on."""
    recorded = Recorded(TABLES.get(sample.table, {}))
    for module in (mode, guards):
        if hasattr(module, sample.table):
            monkeypatch.setattr(module, sample.table, recorded)
    tensors = inputs_of(sample, shapes, seed=1)
    found = traced(sample, tensors)
    if sample.table and math.prod(len(numbers_of([tensor])) for tensor in tensors):
        assert sample.name in recorded.used
    assert holds_at(found, tensors)
    agree(sample, found, tensors)
    for seed in range(2, 5):
        elsewhere = inputs_of(sample, shapes, seed=seed)
        if holds_at(found, elsewhere):
            agree(sample, found, elsewhere)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.table != "COMPLEX"], ids=str)
def test_a_rule_takes_single_precision(sample: Sample) -> None:
    """With float32 inputs the expressions give what torch gives in float32, to its precision."""
    tensors = [tensor.float() for tensor in inputs_of(sample, sample.shapes[0], seed=1)]
    found = traced(sample, tensors)
    values, _ = evaluated(found, tensors)
    expected = outputs_of(sample.function, tensors).double()
    torch.testing.assert_close(values, expected, rtol=1e-3, atol=1e-4, equal_nan=True)


@pytest.mark.parametrize("number", [0.1, 9.81, 1 / 3, 6.674e-11, 2.5])
def test_constants_in_single_precision_are_what_was_typed(number: float) -> None:
    """A float32 tensor of 0.1 stands for 0.1, not for 0.10000000149011612."""
    constant = torch.tensor([number])
    found = trace(lambda x: x * constant, [torch.tensor([1.0])], ["x"])
    assert isinstance(found, Trace)
    tape = write_tape(found.graph, found.outputs, found.inputs)
    assert tape.evaluate([1.0])[0] == pytest.approx(number, rel=1e-7)
    if number != 1 / 3:
        assert tape.evaluate([1.0])[0] == number


def test_an_operation_without_a_rule_is_refused() -> None:
    """What no table and no decomposition knows is refused by its name."""
    found = trace(
        lambda x: torch.linalg.eigvals(x).real, [torch.eye(3).double()], list("abcdefghi")
    )
    assert isinstance(found, Refusal)
    assert found.operation == "linalg_eigvals"


# Samples inside of which torch differentiates by way of eigenvectors, singular vectors, block
# matrices or indices that have no closed form.
INSIDE_REFUSED = {
    "grad": {
        "RULES-_embedding_bag", "LINEAR-grid_sampler_2d", "COMPLEX-_linalg_det",
        "SELECTIONS-_linalg_det", "SELECTIONS-_linalg_eigh", "SELECTIONS-_linalg_svd",
        "SELECTIONS-linalg_eig", "SELECTIONS-linalg_matrix_exp",
        "SELECTIONS-linalg_matrix_sqrth", "SELECTIONS-linalg_polar",
    },
    "jvp": {
        "COMPLEX-_linalg_det", "COMPLEX-_linalg_solve_ex", "SELECTIONS-_linalg_eigh",
        "SELECTIONS-_linalg_svd", "SELECTIONS-linalg_eig", "SELECTIONS-linalg_matrix_exp",
        "SELECTIONS-linalg_matrix_sqrth", "SELECTIONS-linalg_polar",
    },
}  # fmt: skip


def inside(sample: Sample, way: str) -> Callable[..., Any]:
    """Return the sample's function, weighted and summed, differentiated inside."""

    def total(*tensors: torch.Tensor) -> torch.Tensor:
        out = outputs_of(sample.function, list(tensors))
        out = torch.view_as_real(out).reshape(-1) if out.is_complex() else out.double()
        return (out * torch.linspace(1, 2, out.numel(), dtype=torch.float64)).sum()

    def grad(*tensors: torch.Tensor) -> Any:
        return torch.func.grad(total, tuple(range(len(tensors))))(*tensors)

    def jvp(*tensors: torch.Tensor) -> Any:
        return torch.func.jvp(total, tensors, tuple(1.5 + tensor * 0 for tensor in tensors))[1]

    return {"grad": grad, "jvp": jvp}[way]


@pytest.mark.filterwarnings("ignore:index_reduce", "ignore:The reduce argument of torch.scatter")
@pytest.mark.parametrize("way", INSIDE_REFUSED)
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_what_can_be_traced_can_be_differentiated_inside(sample: Sample, way: str) -> None:
    """`torch.func.grad` and `jvp` of every sample have closed forms with torch's values."""
    function = inside(sample, way)
    tensors = inputs_of(sample, sample.shapes[0], seed=1)
    try:
        expected = outputs_of(function, tensors).detach()
    except RuntimeError as error:
        assert "not implemented" in str(error) or "does not support" in str(error)
        return
    names = [f"v{k}" for k in range(len(numbers_of(tensors)))]
    found = trace(function, tensors, names)
    if isinstance(found, Refusal):
        assert str(sample) in INSIDE_REFUSED[way], str(found)
        return
    values = write_tape(found.graph, found.outputs, found.inputs).evaluate(numbers_of(tensors))
    rough = max(sample.tolerance, 1e-7 if "hardsigmoid" in str(sample) else 1e-8)
    torch.testing.assert_close(
        torch.tensor(values, dtype=torch.float64), expected, rtol=rough, atol=1e-9, equal_nan=True
    )
