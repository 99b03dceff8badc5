"""Closed forms of functions as people write them: nearly all exist, and those that do are right."""

from __future__ import annotations

import pytest
import torch
from corpus import CORPUS, Case

from jacmagic.function.interop import lifted
from jacmagic.function.outputs import flatten
from jacmagic.symbolic.graph import ZERO, differentiate, write_tape
from jacmagic.symbolic.trace import Refusal, Trace, trace

NEARBY = 4  # further points at which each closed form is checked
KNOWN = [case for case in CORPUS if not case.refuses]
REFUSED = [case for case in CORPUS if case.refuses]


def attempt(case: Case) -> Trace | Refusal:
    """Return a trace with the code unchanged."""
    tensors = case.tensors()
    names = [f"v{k}" for k in range(sum(tensor.numel() for tensor in tensors))]
    return trace(lifted(case.function), tensors, names)


def numbers_of(tensors: tuple[torch.Tensor, ...]) -> list[float]:
    """Return the point as one list."""
    return [number for tensor in tensors for number in tensor.reshape(-1).tolist()]


def nearby(case: Case, seed: int) -> tuple[torch.Tensor, ...]:
    """Return a random point a few per cent away."""
    generator = torch.Generator().manual_seed(seed)

    def moved(tensor: torch.Tensor) -> torch.Tensor:
        noise = torch.rand(tensor.shape, generator=generator, dtype=torch.float64) - 0.5
        return tensor * (1 + 0.1 * noise)

    return tuple(map(moved, case.tensors()))


def reference(case: Case, tensors: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Torch's values and Jacobian, both flat."""

    def flat(*values: torch.Tensor) -> torch.Tensor:
        leaves = flatten(lifted(case.function)(*[value.clone() for value in values])).leaves
        return torch.cat([leaf.reshape(-1).double() for leaf in leaves])

    values = flat(*tensors)
    blocks = torch.autograd.functional.jacobian(flat, tensors)
    parts = [b.reshape(len(values), t.numel()) for b, t in zip(blocks, tensors, strict=True)]
    return values, torch.cat(parts, 1)


def test_the_corpus_is_large_and_has_sources() -> None:
    """At least 200 functions with distinct names, each with the source it was taken from."""
    assert len(CORPUS) >= 200
    assert len({case.name for case in CORPUS}) == len(CORPUS)
    assert all(len(case.source) > 10 for case in CORPUS)


def test_nearly_all_functions_have_a_closed_form() -> None:
    """At least 97 of 100 functions have a closed form with the code unchanged."""
    closed = sum(isinstance(attempt(case), Trace) for case in CORPUS)
    print(f"{closed} of {len(CORPUS)} functions have a closed form")
    assert closed >= 0.97 * len(CORPUS)


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_a_closed_form_agrees_with_torch(case: Case) -> None:
    """Values and derivatives are torch's to nine digits, there and where the assumptions hold."""
    found = attempt(case)
    assert isinstance(found, Trace), str(found)
    rows = differentiate(found.graph, found.outputs, found.inputs)
    m, n = len(rows), len(found.inputs)
    entries = [row.get(j, ZERO) for row in rows for j in range(n)]
    tape = write_tape(found.graph, [*found.outputs, *entries], found.inputs)
    conditions = write_tape(found.graph, [a.condition for a in found.assumptions], found.inputs)
    assert all(conditions.evaluate(numbers_of(case.tensors())))
    checked = 0
    for tensors in (case.tensors(), *(nearby(case, seed) for seed in range(NEARBY))):
        if not all(conditions.evaluate(numbers_of(tensors))):
            continue
        values, matrix = reference(case, tensors)
        both = torch.tensor(tape.evaluate(numbers_of(tensors)), dtype=torch.float64)
        precision = {"rtol": 1e-9, "atol": 1e-9 * float(matrix.abs().max().clamp(max=1))}
        torch.testing.assert_close(both[:m], values, **precision)
        torch.testing.assert_close(both[m:].reshape(m, n), matrix, **precision)
        checked += 1
    assert checked


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_refusal_names_operation_and_line(case: Case) -> None:
    """What has no closed form says which operation has no rule, and in which line."""
    found = attempt(case)
    assert isinstance(found, Refusal)
    assert found.operation == case.refuses
    first = case.function.__code__.co_firstlineno
    assert found.line is not None and first < found.line < first + 20
