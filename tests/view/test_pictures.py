"""Pictures: equal to the browser's, and right by independent numbers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

import jacmagic
from jacmagic.errors import OptionError
from jacmagic.view.pictures.curves import level_line, round_numbers, sample_curve
from jacmagic.view.pictures.field import equilibria, field_scene
from jacmagic.view.pictures.graph import graph_scene
from jacmagic.view.pictures.levels import level_scene
from jacmagic.view.pictures.plane_map import plane_scene
from jacmagic.view.pictures.slices import slice_of
from jacmagic.view.pictures.space import TILT, TURN, space_scene

F64 = torch.float64
STATIC = Path(jacmagic.__file__).parent / "view" / "static"


def jacobian(f, *point):
    """Return the Jacobian of a function of scalars."""
    tensors = tuple(torch.tensor(float(one), dtype=F64) for one in point)
    return jacmagic.jacobian(f, tensors if len(tensors) > 1 else tensors[0])


def polar(r, phi):
    """Polar coordinates."""
    return r * torch.cos(phi), r * torch.sin(phi)


def hunt(x, y):
    """Prey and predators, at rest at (4, 2.75)."""
    return 1.1 * x - 0.4 * x * y, 0.1 * x * y - 0.4 * y


CASES = {
    "map": (polar, (2, 0.5), plane_scene),
    "fold": (lambda x, y: (x**2, y + x * y), (0.1, 0.5), plane_scene),
    "kink of a map": (lambda x, y: (abs(x) * y, x + abs(y)), (0, 1), plane_scene),
    "fold and kinks": (
        lambda x, y: (abs(x) * x / 2 + y * 0.3, abs(x) + torch.relu(y)),
        (0.2, 0.3),
        plane_scene,
    ),
    "kink along a diagonal": (lambda x, y: (torch.maximum(x, y), x * y), (1, 1), plane_scene),
    "large numbers": (lambda x, y: (1e160 * (x + y), 1e160 * y), (1, 1), plane_scene),
    "field": (hunt, (3.8, 2.5), field_scene),
    "field of z²": (lambda x, y: (x**2 - y**2, 2 * x * y), (0, 0), field_scene),
    "field at rest in a quadrant": (
        lambda x, y: (torch.relu(x), torch.relu(y)),
        (0.1, 0.1),
        field_scene,
    ),
    "field of a pole": (lambda x, y: (torch.log(x) * y, x * y), (0.3, 0), field_scene),
    "levels": (lambda x, y: x**2 * y + torch.sin(3 * y), (1, 0.5), level_scene),
    "crease": (lambda x, y: abs(x) + y, (0, 1), level_scene),
    "curvature of an ellipse": (lambda x, y: x**3 - 3 * x * y + y**2, (1, 0.5), level_scene),
    "curvature of hyperbolas": (lambda x, y: x * y**2, (1, 0.5), level_scene),
    "curvature of lines": (lambda x, y: (2 * x + y) ** 2, (1, 0.5), level_scene),
    "graph": (lambda x: torch.sin(x) / x, (1,), graph_scene),
    "kink": (abs, (0,), graph_scene),
    "pole": (lambda x: 1 / (x - 1.3), (1,), graph_scene),
    "surface": (
        lambda u, v: ((2 + torch.cos(v)) * torch.cos(u), (2 + torch.cos(v)) * torch.sin(u), v**2),
        (0.5, 0.7),
        space_scene,
    ),
    "volume": (lambda x, y, z: (x + y, z * x, y**3), (3, 4, 5), space_scene),
    "helix": (lambda s: (torch.cos(s), torch.sin(s), s / 3), (1,), space_scene),
    "curve": (lambda s: (torch.cos(s), torch.sin(2 * s)), (1,), graph_scene),
}

SCRIPT = """
import {{ Formula }} from "{static}/live.mjs";
import {{ sliceOf }} from "{static}/slice.mjs";
import {{ {name}Scene as build }} from "{static}/scene_{module}.mjs";
const given = {given};
const formula = new Formula(given.live, given.values.length, given.point.length);
const point = Float64Array.from(given.point);
const around = {{ ...given, point, evaluate: (there) => formula.at(there) }};
const camera = {{ turn: {turn}, tilt: {tilt} }};
const shown = {{ radius: {radius}, digits: 4, step: [0, 0], weight: [0, 0], ...camera }};
console.log(JSON.stringify(build(sliceOf(around, {columns}, {rows}), shown)));
"""
BROWSERS = {
    plane_scene: "map",
    field_scene: "field",
    level_scene: "level",
    graph_scene: "graph",
    space_scene: "space",
}


def browsers_scene(J, name, rows, columns, radius):
    """Return the scene that the browser's modules build for the same function."""
    form = J.closed_form
    given = {
        "live": {
            "tape": form.live_tape().to_json(),
            "conditions": len(form.trace.assumptions),
            "clauses": 0,
            "values": J.shape[0],
            "potentials": len(form.potential),
            "constants": [],
        },
        "point": J.problem.flat_point,
        "values": J.matrix.reshape(-1).tolist(),
        "outputs": J.flat_value.tolist(),
        "labels": [one.unicode for one in J.columns],
        "rows": [one.unicode for one in J.rows],
        "name": J.title,
        "potential": J.title,
    }
    script = SCRIPT.format(
        static=STATIC.as_uri(),
        name=name,
        module="levels" if name == "level" else name,
        given=json.dumps(given),
        rows=rows,
        columns=columns,
        radius=radius,
        turn=TURN,
        tilt=TILT,
    )
    done = subprocess.run(
        ["node", "--input-type=module"], input=script, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CASES)
def test_python_and_the_browser_draw_the_same(name):
    """Both build the same shapes, labels, frames and words; the browser adds what is dragged."""
    f, point, build = CASES[name]
    J, radius = jacobian(f, *point), 0.5
    if name.startswith("curvature"):
        J = jacmagic.hessian(f, tuple(torch.tensor(float(one), dtype=F64) for one in point))
    count = 3 if build is space_scene else 2
    rows, columns = list(range(min(J.shape[0], count))), list(range(len(point)))
    rows = [] if J.problem.potential else rows
    with np.errstate(all="ignore"):
        ours = build(slice_of(J, rows, columns), radius, 4)
    theirs = browsers_scene(J, BROWSERS[build], rows, columns, radius)
    assert list(ours.words) == theirs["words"]
    for panel, other in zip(ours.panels, theirs["panels"], strict=True):
        assert list(panel.axes) == other["axes"]
        np.testing.assert_allclose(panel.across, other["frame"]["x"], rtol=1e-9)
        np.testing.assert_allclose(panel.up, other["frame"]["y"], rtol=1e-9)
        kept = [one for one in other["shapes"] if one["look"] not in ("step", "cotangent")]
        assert [one.kind + one.look for one in panel.shapes] == [
            one["kind"] + one["look"] for one in kept
        ]
        for mine, its in zip(panel.shapes, kept, strict=True):
            assert mine.label == (its.get("label") or "")
            if not mine.label.startswith("σ"):  # an axis has two directions
                np.testing.assert_allclose(mine.points, its["points"], rtol=1e-6, atol=1e-9)


def test_the_signed_area_is_the_determinant():
    """The parallelogram's area is det J times the square's."""
    J = jacobian(lambda x, y: (y, x * y), 2, 3)
    scene = plane_scene(slice_of(J, [0, 1], [0, 1]), 0.1, 4)
    (image,) = [one for one in scene.panels[1].shapes if one.kind == "area"]
    x, y = np.array(image.points).T
    area = float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    assert area == pytest.approx(np.linalg.det(J.to_numpy()) * 0.2**2)
    assert "turns them over" in scene.words[1]


def test_equilibria():
    """Newton's method finds the point of rest, and the words name its kind."""
    part = slice_of(jacobian(hunt, 3.8, 2.5), [0, 1], [0, 1])
    ((x, y),) = equilibria(part, 1.0)
    assert (x, y) == pytest.approx((4, 2.75))
    assert "centre of the linear part" in field_scene(part, 1.0, 4).words[1]


def test_curves_and_levels():
    """Samples lie on the curve, level lines on their level; ticks are round."""
    (points,) = sample_curve(lambda t: (t, np.sin(9 * t)), 1)
    np.testing.assert_allclose([y for _, y in points], [np.sin(9 * x) for x, _ in points])
    grid = np.hypot(*np.meshgrid(np.arange(41) - 20, np.arange(41) - 20))
    ends = np.array(level_line(grid, 15, lambda j, i: (j - 20, i - 20))).reshape(-1, 2)
    np.testing.assert_allclose(np.hypot(*ends.T), 15, rtol=2e-3)
    assert round_numbers(-3e-12, 3e-12, 3) == [-2e-12, 0, 2e-12]


@pytest.mark.parametrize("kind", ["map", "field", "matrix"])
def test_a_picture_is_valid_svg_with_words(kind):
    """The drawing parses, has a title and a description, and its words are its text form."""
    picture = jacobian(polar, 2, 0.5).picture(kind)
    root = ElementTree.fromstring(picture.svg)
    assert root.tag.endswith("svg")
    assert [child.tag.split("}")[1] for child in root][:2] == ["title", "desc"]
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/latex", "text/plain"}
    assert bundle["text/plain"] == "\n".join(picture.words)


def test_names_are_escaped():
    """A hostile name is text in the drawing."""
    two = torch.tensor(2.0, dtype=F64)
    hostile = "<script>alert(1)</script>"
    J = jacmagic.jacobian(lambda x: x**2, two, names=[hostile])
    assert "<script" not in J.picture().html


def test_wrong_kinds_and_labels():
    """What cannot be drawn is refused with what can."""
    J = jacobian(polar, 2, 0.5)
    with pytest.raises(OptionError, match=r"map, field, matrix; found 'levels'"):
        J.picture("levels")
    with pytest.raises(OptionError, match=r"expected 2 of r, phi; found z"):
        J.picture("map", inputs=["z"])
    with pytest.raises(OptionError, match="positive zoom; found 0"):
        J.picture("map", zoom=0)


def test_tangent_vectors_of_a_manifold_are_no_plane():
    """On a manifold only the matrix is drawn: its columns are directions at one point."""
    p = torch.tensor([1.0, 2.0, 3.0], dtype=F64)
    R = torch.eye(3, dtype=F64)
    J = jacmagic.jacobian(lambda R, p: R @ p, (R, p), wrt={"R": "SO3:right"})
    assert J.picture().kind == "matrix"
    with pytest.raises(OptionError, match="found 'map'"):
        J.picture("map")
