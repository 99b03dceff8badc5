"""The fuzzer runs, finds and minimises a planted fault, and reports no others."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

TOOL = Path(__file__).resolve().parent.parent / "tools" / "fuzz"


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch):
    """Return the tool's modules."""
    monkeypatch.syspath_prepend(str(TOOL))
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    import compare
    import minimise
    import programs

    yield compare, minimise, programs
    torch.set_default_dtype(default)
    for name in ("compare", "minimise", "programs"):
        sys.modules.pop(name, None)


def test_a_program_is_the_same_for_a_seed_and_runs_as_a_script(fuzz) -> None:
    """The printed script is complete."""
    _, _, programs = fuzz
    program = programs.random_program(7, 4)
    assert program == programs.random_program(7, 4)
    assert len(program.lines) >= 1
    compile(program.script, "<script>", "exec")
    assert program.function()(program.x).isfinite().all()


def test_a_planted_fault_is_found_and_made_small(fuzz, monkeypatch: pytest.MonkeyPatch) -> None:
    """If jacmagic's sine is wrong, the minimised program is a sine."""
    compare, minimise, programs = fuzz
    program = programs.Program(
        ("v0 = torch.cos(x)", "v1 = torch.sin(v0)", "v2 = v1 * 2 + x"),
        "(v2).reshape(-1)[:5]",
        (0.5, 1.25),
        (2,),
    )
    right = compare._compared

    def faulty(function, x, truth, tolerance, digits):
        wrong = "sin" in function.__code__.co_names
        return right(function, x, truth + wrong, tolerance, digits)

    monkeypatch.setattr(compare, "_compared", faulty)
    failure = compare.failure_of(program)
    assert failure is not None and failure.startswith("auto:")
    smaller, _ = minimise.minimised(program, failure)
    assert smaller.lines == ("v1 = torch.sin(x)",)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(24))
def test_a_short_run_is_clean(fuzz, seed: int) -> None:
    """Torch's plain rows, all modes, closed form, evaluator and verdict agree."""
    compare, _, programs = fuzz
    program = programs.random_program(seed, 1 + seed % 5)
    assert compare.failure_of(program) is None, program.script


def test_differences_count_only_where_torch_is_finite(fuzz) -> None:
    """A nan of torch's is not compared."""
    compare, _, _ = fuzz
    values, truth = np.array([[1.0, np.nan]]), np.array([[np.nan, 2.0]])
    assert compare._gap(values, truth, np.full((1, 2), 1e-9)).startswith("entry (0, 1)")
