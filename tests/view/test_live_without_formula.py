"""The tape is written from the graph: sliders are live where the formula is too long to write."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

import jacmagic
from jacmagic.view.captions import remarks
from jacmagic.view.explorer.live_tape import live_tape

F64 = torch.float64
STATIC = Path(__file__).parents[2] / "jacmagic" / "view" / "static"
WEIGHTS = torch.randn(40, 40, dtype=F64, generator=torch.Generator().manual_seed(0)) / 6

# Moves the sliders of a page as its host does, and prints what the view would show.
RUNNER = """
import { readFileSync } from "node:fs";
import { Follower } from "%(static)s/following.mjs";
import { Model, traits } from "%(static)s/host.mjs";
const { data, points } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const model = new Model(traits(data));
const sliders = data.sliders.map((slider) => new Model(slider));
model.widget_manager = { get_model: async (name) => sliders[Number(name.slice(1))] };
const follower = new Follower(model, undefined, { paint() {}, describe: String });
await follower.sliders.connect();
sliders.forEach((slider) => slider.on("change:value", () => follower.moved()));
const shown = points.map((point) => {
  point.forEach((value, k) => sliders[k].set("value", value));
  const { values, numbers, confirmed } = follower.shown;
  return { values: [...values], numbers: numbers.length, confirmed, notice: follower.notice };
});
follower.stop();
console.log(JSON.stringify(shown));
"""


def dense(x):
    """Return a layer of 40 units."""
    return torch.tanh(WEIGHTS @ x)


def camera(w, t, k, d, p):
    """Project a point: rotation vector, translation, Brown-Conrady distortion, intrinsics."""
    angle = torch.sqrt(w @ w)
    axis, cosine, sine = w / angle, torch.cos(angle), torch.sin(angle)
    along = axis * (axis @ p)
    there = along + cosine * (p - along) + sine * torch.linalg.cross(axis, p) + t
    x, y = there[0] / there[2], there[1] / there[2]
    r2 = x**2 + y**2
    radial = 1 + d[0] * r2 + d[1] * r2**2 + d[4] * r2**3
    u = x * radial + 2 * d[2] * x * y + d[3] * (r2 + 2 * x**2)
    v = y * radial + d[2] * (r2 + 2 * y**2) + 2 * d[3] * x * y
    return torch.stack([k[0] * u + k[2], k[1] * v + k[3]])


def example(name: str) -> jacmagic.Jacobian:
    """Return the Jacobian of one of both."""
    if name == "dense":
        return jacmagic.jacobian(dense, torch.linspace(-1, 1, 40, dtype=F64))
    point = (
        *([0.2, -0.4, 0.3], [0.1, 0.2, 4.0], [600.0, 610.0, 320.0, 240.0]),
        *([-0.2, 0.05, 0.001, -0.002, 0.01], [0.5, -0.3, 1.0]),
    )
    return jacmagic.jacobian(camera, tuple(torch.tensor(one, dtype=F64) for one in point))


def page_data(path: Path) -> dict:
    """Return the data that an exported page carries."""
    packed = re.search(r'id="jm-packed">([^<]*)<', path.read_text("utf-8"))
    assert packed
    return json.loads(json.loads(gzip.decompress(base64.b64decode(packed[1])))["data"])


@pytest.mark.parametrize("name", ["dense", "camera"])
def test_sliders_of_a_page_give_torchs_numbers(name, tmp_path):
    """A page without a kernel shows torch's Jacobian at random points of its sliders."""
    J = example(name)
    assert J.reading is None and "too long to read" in str(J.refusal)
    node = shutil.which("node")
    assert node, "node is needed: apt-get install nodejs"
    start, chance = np.array(J.problem.flat_point), np.random.default_rng(1)
    moves = chance.uniform(-0.2, 0.2, (3, len(start))) * np.maximum(abs(start), 0.1)
    points = (start + moves).tolist()
    runner, data = tmp_path / "run.mjs", tmp_path / "data.json"
    runner.write_text(RUNNER % {"static": STATIC.as_uri()})
    written = {"data": page_data(J.save_html(tmp_path / "page.html")), "points": points}
    data.write_text(json.dumps(written))
    made = subprocess.run([node, runner, data], capture_output=True, text=True, check=True)
    tape = J.closed_form.tape
    for point, found in zip(points, json.loads(made.stdout), strict=True):
        there = J.at(**J.problem.named(point)).to_numpy().reshape(-1)
        # each operation rounds once, by at most half a unit in the last place of its result
        largest = max(abs(slot) for slot in tape.slots(point))
        bound = len(tape.operations) * 2**-53 * largest
        np.testing.assert_allclose(found["values"], there, rtol=0, atol=bound)
        assert (found["numbers"], found["confirmed"], found["notice"]) == (0, False, "")


@pytest.mark.parametrize("name", ["dense", "camera"])
def test_the_tape_is_small_and_the_caption_true(name):
    """The tape takes less than 200 kB; the caption says how the closed form is shown."""
    J = example(name)
    assert len(json.dumps(live_tape(J))) < 200_000
    lines = "\n".join(remarks(J))
    assert re.search(r"the closed form, [\d,]+ symbols if written out, is shown as a chain", lines)
    assert "no closed form" not in lines


def test_another_branch_gets_a_tape_of_its_own():
    """Where a branch changes without a formula on either side, the tape changes too."""

    def f(x):
        return torch.tanh(WEIGHTS @ x) if x[0] > 0 else torch.sin(WEIGHTS @ x)

    explorer = jacmagic.jacobian(f, torch.full((40,), 0.1, dtype=F64)).explore()
    before = explorer.view.live
    explorer.move([-0.1, *[0.1] * 39])
    assert explorer.jacobian.reading is None
    assert before and explorer.view.live and explorer.view.live != before
