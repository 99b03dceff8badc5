"""The tape's interpreter in JavaScript gives the numbers that the one in Python gives."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path
from random import Random

import numpy as np
import pytest
from corpus import CORPUS
from test_corpus import attempt, nearby, numbers_of

from jacmagic.labels import Label
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import Tape, differentiate
from jacmagic.symbolic.graph.operations import OPERATIONS
from jacmagic.symbolic.trace import Trace
from jacmagic.view.explorer.live_tape import BROWSER, MAX_OPERATIONS

READER = Path(__file__).parents[2] / "jacmagic" / "view" / "static" / "tape.mjs"
IN_PYTHON_ONLY = set(OPERATIONS) - BROWSER
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, 1e300, math.inf, -math.inf, math.nan]
RELATIVE = 1e-12
# Near a zero of the function its summands cancel, and their last digits remain in both readers.
ABSOLUTE = {"lgamma": 1e-14, "digamma": 1e-14, "polygamma": 1e-14, "j0": 2e-15, "j1": 2e-15}

RUNNER = """
import { readFileSync } from "node:fs";
import { readTape } from %s;
const text = (value) => (Object.is(value, -0) ? "-0" : String(value));
const found = JSON.parse(readFileSync(process.argv[2], "utf8")).map(([json, points]) => {
  const tape = readTape(json);
  return tape && points.map((point) => Array.from(tape.evaluate(point.map(Number)), text));
});
console.log(JSON.stringify(found));
"""

Job = tuple[Tape, list[list[float]]]


def as_text(x: float) -> str:
    """Return a float as both languages read it; JSON has neither infinities nor nan."""
    return repr(float(x)).replace("inf", "Infinity")


def in_javascript(jobs: list[Job], folder: Path) -> list[np.ndarray | None]:
    """Each tape's outputs at each of its points, by one run of node; None for a tape rejected."""
    node = shutil.which("node")
    assert node, "node is needed: apt-get install nodejs"
    runner, data = folder / "run.mjs", folder / "tapes.json"
    runner.write_text(RUNNER % json.dumps(READER.as_uri()))
    written = [[t.to_json(), [[as_text(x) for x in p] for p in ps]] for t, ps in jobs]
    data.write_text(json.dumps(written, allow_nan=False))
    made = subprocess.run([node, runner, data], capture_output=True, text=True, check=True)
    return [rows and np.array(rows, dtype=float) for rows in json.loads(made.stdout)]


def in_python(tape: Tape, points: list[list[float]]) -> np.ndarray:
    """Return the same by the Python reader."""
    return np.array([tape.evaluate(point) for point in points])


def of_one(name: str) -> Tape:
    """Return a tape of a single operation on its inputs."""
    arity = OPERATIONS[name].arity
    return Tape(arity, (), ((name, *range(arity)),), (arity,))


def points_of(name: str) -> list[list[float]]:
    """Points small, middling and large, and every special number as every argument."""
    random, arity = Random(name), OPERATIONS[name].arity
    points = [
        [random.uniform(-size, size) for _ in range(arity)]
        for size in (0.1, 1, 3, 10, 100)
        for _ in range(40)
    ]
    for special in SPECIAL:
        for k in range(arity):
            points += [[*p[:k], special, *p[k + 1 :]] for p in points[:200:40]]
        points += [[special] * arity, [special, *[2.0] * (arity - 1)]]
    if name == "polygamma":  # the order is an integer
        points = [[float(k % 6), x] for k, (_, x) in enumerate(points)]
    return points


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray | None]:
    """Every operation by itself in JavaScript."""
    jobs = [(of_one(name), points_of(name)) for name in OPERATIONS]
    found = in_javascript(jobs, tmp_path_factory.mktemp("single"))
    return dict(zip(OPERATIONS, found, strict=True))


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in IN_PYTHON_ONLY])
def test_an_operation_has_the_value_it_has_in_python(name, single):
    """To 12 digits; nan, infinities and the sign of zero included."""
    points = points_of(name)
    expected, found = in_python(of_one(name), points)[:, 0], single[name]
    assert found is not None, f"tape.mjs does not know {name}"
    np.testing.assert_allclose(
        found[:, 0], expected, rtol=RELATIVE, atol=ABSOLUTE.get(name, 0), err_msg=name
    )
    zero = expected == 0
    assert (np.signbit(found[zero, 0]) == np.signbit(expected[zero])).all()


def test_what_only_python_knows_is_rejected(single):
    """A tape with an operation that the browser lacks is left to the kernel, never misread."""
    assert {name for name, found in single.items() if found is None} == IN_PYTHON_ONLY


def test_the_corpus_has_the_same_numbers_in_both(tmp_path):
    """All values and derivatives of every closed form of the corpus, at three points each."""
    jobs: list[Job] = []
    for case in CORPUS:
        found = attempt(case)
        if not isinstance(found, Trace):
            continue
        rows = differentiate(found.graph, found.outputs, found.inputs)
        columns = tuple(Label(f"v{k}") for k in range(len(found.inputs)))
        tape = ClosedForm(found, columns, tuple(rows)).tape
        known = all(name not in IN_PYTHON_ONLY for name, *_ in tape.operations)
        if known and len(tape.operations) <= MAX_OPERATIONS:
            points = [case.tensors(), nearby(case, 0), nearby(case, 1)]
            jobs.append((tape, [numbers_of(point) for point in points]))
    assert len(jobs) >= 200
    for (tape, points), found in zip(jobs, in_javascript(jobs, tmp_path), strict=True):
        expected = in_python(tape, points)
        assert found is not None
        scale = np.abs(expected[np.isfinite(expected)]).max(initial=0)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-13 * min(scale, 1))
