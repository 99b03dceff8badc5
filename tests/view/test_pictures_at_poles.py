"""Pictures at points where a value or a derivative is not finite."""

from __future__ import annotations

import json

import pytest
import torch

import jacmagic
from jacmagic.view.pictures.choice import pictures_of
from jacmagic.view.pictures.sampled import first_request, sampled

F64 = torch.float64
CASES = {
    "plane": (lambda x, y: (torch.sqrt(x), y / x), (0, 1)),
    "surface": (lambda x, y: (torch.sqrt(x), y / x, x), (0, 1)),
    "volume": (lambda x, y, z: (torch.sqrt(x), y / x, z), (0, 1, 2)),
    "heights": (lambda x, y: x / y, (1, 0)),
    "curve": (lambda x: (torch.sqrt(x), 1 / x, x), (0,)),
    "constant": (lambda x, y, z: (x * 0, y * 0, z * 0), (1, 1, 1)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_has_no_place_is_left_out(name):
    """Every kind is drawn, in SVG, LaTeX and as data, without nan and without a warning."""
    f, point = CASES[name]
    tensors = tuple(torch.tensor(float(one), dtype=F64) for one in point)
    J = jacmagic.jacobian(f, tensors if len(tensors) > 1 else tensors[0])
    for kind in pictures_of(J):
        picture = J.picture(kind)
        assert "nan" not in picture.svg.partition("</desc>")[2].replace(">nan<", "")
        assert r"\begin{pgfpicture}" in picture.latex and picture.words
    json.dumps(sampled(J, first_request(J, [4.0] * len(point))), allow_nan=False)
