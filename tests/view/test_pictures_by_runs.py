"""Pictures of a function without a closed form, which is run for its values."""

from __future__ import annotations

import json
import re

import numpy as np
import torch

import jacmagic
from jacmagic.view.pictures import slices
from jacmagic.view.pictures.plane_map import plane_scene
from jacmagic.view.pictures.sampled import first_request, sampled
from jacmagic.view.pictures.slices import slice_of

F64 = torch.float64


def jacobian(f, *point):
    """Return the Jacobian of a function of scalars."""
    return jacmagic.jacobian(f, tuple(torch.tensor(float(one), dtype=F64) for one in point))


def spectrum(x, y):
    """Return eigenvalues without a closed form worth reading, and print."""
    print("runs")
    matrix = torch.stack([x, y, y, x * y, x, y, y, x, x * x]).reshape(3, 3)
    return torch.linalg.eigvalsh(matrix + matrix.T)[:2]


def test_a_function_without_closed_form_is_drawn_by_running_it(capsys):
    """Values come from the function itself, the linear part from torch; nothing is printed."""
    J = jacobian(spectrum, 1, 2)
    assert J.formula is None
    capsys.readouterr()
    part = slice_of(J, [0, 1], [0, 1])
    scene = plane_scene(part, 0.1, 4)
    assert capsys.readouterr().out == ""
    drawn = [one for one in scene.panels[1].shapes if one.look == "function"]
    assert len(drawn) == 18 and any(one.kind == "area" for one in scene.panels[1].shapes)
    expected = spectrum(*torch.tensor([1.1, 2.0], dtype=F64))
    np.testing.assert_allclose(part.at([1.1, 2.0]).value, expected)
    closer = plane_scene(part, 0.01, 4)
    far, near = (re.search(r"at most ([\d.]+) %", one.words[-1])[1] for one in (scene, closer))
    assert float(near) < float(far) / 5
    assert "equilibri" not in str(J.picture("field"))


def test_the_kernel_computes_what_the_browser_cannot():
    """A picture as data answers a request of the browser; a wrong request has no answer."""
    J = jacobian(spectrum, 1, 2)
    asked = first_request(J, [4, 8])
    found = sampled(J, asked)
    assert (asked["picture"], asked["radius"], found["at"]) == ("map", 1, [1, 2])
    assert sum(one["look"] == "function" for one in found["panels"][1]["shapes"]) >= 18
    json.dumps(found, allow_nan=False)
    for wrong in (
        {"picture": "levels"}, {"picture": "<svg>"}, {"inputs": [0, 7]}, {"inputs": [1, 1]},
        {"outputs": "all"}, {"radius": 0}, {"radius": float("nan")}, {"turn": None},
    ):  # fmt: skip
        assert sampled(J, {**asked, **wrong}) == {}


def test_a_slow_function_is_not_run_for_long(monkeypatch):
    """When the time for a picture is over, the linear part stands alone."""
    monkeypatch.setattr(slices, "MAX_SECONDS", -1)
    svg = jacobian(spectrum, 1, 2).picture("map").svg
    assert re.search('fill-opacity="0.14"', svg)
    assert 'stroke-width="1.5"' not in svg


def test_a_hessian_without_closed_form_is_drawn_by_running_its_function():
    """Level lines are those of the function, not of its gradient."""
    H = jacmagic.hessian(lambda x, y: spectrum(x, y)[0], tuple(torch.tensor([1.0, 2.0], dtype=F64)))
    value = float(spectrum(*torch.tensor([1.0, 2.0], dtype=F64))[0])
    assert H.formula is None and f"{value:.4g}".replace("-", "−") in H.picture().words[0]
    found = sampled(H, first_request(H, [4, 8]))
    assert (found["picture"], found["outputs"]) == ("levels", [])
    assert any(one["look"] == "function" for one in found["panels"][0]["shapes"])
