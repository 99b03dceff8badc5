"""The benchmark times correct functions, and reports a regression."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

import jacmagic

FOLDER = Path(__file__).resolve().parent.parent / "tools" / "bench"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """Return the modules of tools/bench, which import each other as scripts do."""
    monkeypatch.syspath_prepend(str(FOLDER))
    names = ("cases", "peers", "rounds", "report")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    return {name: importlib.import_module(name) for name in names}


def test_every_case_is_a_function_of_the_size_it_says(bench: dict[str, ModuleType]) -> None:
    """Sizes are true, and jacmagic's Jacobian of the small cases is torch's."""
    ops = bench["peers"].torch_ops()
    for case in bench["cases"].CASES:
        f, x = case.build(ops), torch.from_numpy(case.point())
        assert (f(x).numel(), x.numel()) == (case.outputs, case.inputs), case.name
        if case.inputs * case.outputs <= 50_000:
            expected = torch.func.jacrev(f)(x)
            torch.testing.assert_close(jacmagic.jacobian(f, x).matrix, expected)


def test_a_peer_answers_cold_once_and_warm_after(
    bench: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first question about a way builds it; the next ones time it."""
    peers = bench["peers"]
    monkeypatch.setattr(peers.sys, "argv", ["peers.py", "torch"])
    ways: dict = {}
    question = {"case": "three by three", "way": "func.jacrev", "seconds": 0.0}
    assert set(peers.answer(question, ways)) == {"cold", "peak"}
    assert peers.answer(question, ways)["warm"] > 0


def run_with(bench: dict[str, ModuleType], factor: float) -> dict:
    """Return a run in which jacmagic takes `factor` times torch's best."""
    timing = bench["rounds"].Timing
    return {
        "softmax of 500": [
            timing("torch", "f", 1.0, 1, [1e-6]),
            timing("torch", "func.jacrev", 1.0, 1, [2e-3, 1e-3, 9.0]),
            timing("torch", "func.jacfwd", 1.0, 1, [4e-3]),
            timing("jacmagic", "jacobian", 0.5, 1, [factor * 2e-3]),
            timing("casadi", "jacobian", error="more than 20 s"),
        ]
    }


def test_ratios_are_multiples_of_torchs_best(bench: dict[str, ModuleType]) -> None:
    """Ratios compare medians, without the function itself and without failures."""
    ratios = bench["report"].ratios(run_with(bench, 1.25))["softmax of 500"]
    assert ratios["torch func.jacrev"] == 1
    assert ratios["jacmagic jacobian"] == 1.25
    assert "casadi jacobian" not in ratios


def test_a_regression_is_named(
    bench: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than half as slow again as stored is reported, less is noise."""
    report = bench["report"]
    monkeypatch.setattr(report, "RATIOS", tmp_path / "ratios.json")
    report.RATIOS.write_text(json.dumps(report.ratios(run_with(bench, 1.0))), encoding="utf-8")
    assert report.slower(run_with(bench, 1.4)) == []
    assert report.slower(run_with(bench, 1.6)) == [
        "softmax of 500, jacmagic jacobian: 1.60 × torch's best, stored 1.00"
    ]


def test_the_page_shows_what_failed_and_why(bench: dict[str, ModuleType]) -> None:
    """Each way has a row: times and ratio, or the reason why there are none."""
    page = bench["report"].page(run_with(bench, 2.0), 3)
    assert "| jacmagic | jacobian | 4 ms | 2.00 | 500 ms | 1 MiB |" in page
    assert "| casadi | jacobian | — | | | more than 20 s |" in page
    assert "The Jacobian is 500 × 500." in page


def test_compiled_jacobians_stand_beside_the_fastest_compiled_one(
    bench: dict[str, ModuleType],
) -> None:
    """One row a case, with the fastest other library; none where none ran."""
    found, timing = run_with(bench, 1.0), bench["rounds"].Timing
    assert "| softmax of 500 |" not in bench["report"].compiled(found)
    found["softmax of 500"] += [
        timing("jacmagic", "compile", 1.0, 1, [1e-5]),
        timing("jacmagic", "compile, arrays", 1.0, 1, [2e-5]),
        timing("jax", "f", 1.0, 1, [1e-6]),
        timing("jax", "jit jacrev", 1.0, 1, [4e-5]),
        timing("asdex", "jacobian", 1.0, 1, [2e-5]),
    ]
    row = "| softmax of 500 | 10 µs | 20 µs | 20 µs | asdex jacobian | 0.50 |"
    assert row in bench["report"].compiled(found)
