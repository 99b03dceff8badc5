"""What a picture shows first, and where a map of the plane is not invertible."""

from __future__ import annotations

import numpy as np
import torch

import jacmagic
from jacmagic.view.pictures.choice import pictures_of
from jacmagic.view.pictures.curves import sample_curve
from jacmagic.view.pictures.graph import graph_scene
from jacmagic.view.pictures.plane_map import plane_scene
from jacmagic.view.pictures.slices import slice_of
from jacmagic.view.pictures.units import in_units, ticks

F64 = torch.float64


def scalars(*point):
    """Return a point of scalars."""
    return tuple(torch.tensor(float(one), dtype=F64) for one in point)


def jacobian(f, *point):
    """Return the Jacobian of a function of scalars."""
    return jacmagic.jacobian(f, scalars(*point))


def test_folds_and_kinks_are_distinguished():
    """The curve det J = 0 is where it goes to zero, not where it jumps: there is a kink."""

    def ends(f, look):
        part = slice_of(jacobian(f, 0.2, 0.3), [0, 1], [0, 1])
        shapes = plane_scene(part, 1.0, 4).panels[0].shapes
        points = [at for one in shapes if one.look == look for at in one.points]
        return np.array(points).reshape(-1, 2)

    def fold(x, y):
        return torch.abs(x) * x / 2 + y * 0.3, torch.abs(x) + y  # det J = |x| − 0.3 sign x

    np.testing.assert_allclose(ends(fold, "zero")[:, 0], 0.3, atol=1e-4)
    np.testing.assert_allclose(ends(fold, "kink")[:, 0], 0, atol=1e-9)
    assert not ends(lambda x, y: (torch.abs(x), torch.relu(y)), "zero").size
    corner = ends(lambda x, y: (torch.relu(x), torch.relu(y)), "kink")
    np.testing.assert_allclose(corner.min(axis=1), 0, atol=1e-9)
    assert not ends(lambda x, y: (torch.log(torch.abs(x)), y), "kink").size
    curve = ends(lambda x, y: (x**3 - x * y, y), "zero")  # det J = 3x² − y
    np.testing.assert_allclose(curve[:, 1], 3 * curve[:, 0] ** 2, atol=2e-2)


def test_the_first_picture_shows_what_varies():
    """Of many inputs and outputs those are drawn that depend on each other."""

    def f(z, r, phi):
        return z, z**2, r * torch.cos(phi), 3 * r * torch.cos(phi), r * torch.sin(phi)

    J = jacobian(f, 1, 2, 0.5)
    pictures = pictures_of(J)
    assert pictures["map"] == ([0, 1], [0, 2]) and pictures["space"] == ([0, 1, 2], [0, 2, 4])
    assert "(z, r) = (1, 2)" in J.picture().words[0]
    assert np.linalg.matrix_rank(J.to_numpy()[[0, 2, 4]]) == 3
    assert "det J = 2" in J.picture("map", inputs=("r", "phi"), outputs=("f3", "f5")).words[1]
    assert pictures_of(jacobian(lambda x, y: (x * 0, y, x), 1, 1))["map"] == ([0, 1], [1, 2])


def test_a_hessian_is_drawn_as_level_lines_of_its_function():
    """Its gradient's map is the second picture; value, gradient and eigenvalues are those of f."""
    H = jacmagic.hessian(lambda x, y: x**2 * y, scalars(1, 2))
    assert next(iter(pictures_of(H))) == "levels" and "map" in pictures_of(H)
    words = " ".join(H.picture().words)
    assert "f = 2" in words and "gradient (4, 1)" in words
    larger, smaller = sorted(np.linalg.eigvalsh(H.to_numpy()), reverse=True)
    assert f"eigenvalues {larger:.4g} and −{-smaller:.4g}: a saddle" in words
    assert "hyperbolas" in words


def test_equilibria_of_other_kinds():
    """A zero of higher order is found, a line of zeros is called one, a kink has no eigenvalues."""

    def words(f):
        return " ".join(jacobian(f, 0.3, 0.2).picture("field").words)

    assert "At (0, 0): degenerate, λ = 0 and 0" in words(lambda x, y: (x * x - y * y, 2 * x * y))
    assert "not isolated" in words(lambda x, y: (x - y, 2 * (x - y)))
    assert "At (0, 0): at a kink" in words(lambda x, y: (torch.relu(x) - y, x))
    assert "At (0, 0): degenerate, λ = 1 and 0" in words(lambda x, y: (x * x, y))
    assert "At (0.3, 0.2): degenerate" in words(lambda x, y: ((x - 0.3) ** 2, y - 0.2))
    assert "isolated" not in words(lambda x, y: (torch.sin(6 * x) ** 2, torch.sin(6 * y) ** 2))
    beside = words(lambda x, y: (x * (x + y - 0.3), y * (x + y - 0.3)))
    assert "At (0, 0): stable node" in beside and "Other equilibria are not isolated" in beside
    stiff = words(lambda x, y: (1e6 * x + y, x - 1e-6 * y))
    assert stiff.count("saddle, λ = 1e6 and −2e-6") == 1 and "isolated" not in stiff
    assert "At (0, 0): stable node, λ = −1 and −1" in words(lambda x, y: (y - x, -y))
    assert "no equilibrium was found" in words(lambda x, y: (x * x + 1, y))


def test_words_where_something_is_missing():
    """No gradient at a kink, no tangent at a pole, no level line at a minimum; J is a block."""

    def words(f, *point, kind=None, of=jacmagic.jacobian):
        at = scalars(*point)
        return " ".join(of(f, at if len(at) > 1 else at[0]).picture(kind).words)

    assert "At this kink f has no single gradient" in words(lambda x, y: abs(x) + abs(y), 0, 0)
    bowl = words(lambda x, y: x * x + 3 * y * y, 0, 0, of=jacmagic.hessian)
    assert "; here f = 0. The gradient is 0" in bowl and "eigenvalues 6 and 2" in bowl
    assert "it has no tangent at x = 0" in words(lambda x: 1 / x, 0)
    assert "stretched by 0.7071 and 0." in words(
        lambda x, y: (0.1 * x + 0.2 * y, 0.3 * x + 0.6 * y), 1, 1
    )
    block = words(lambda x, y, z: (x * y, z, x), 1, 2, 3, kind="map")
    assert "Here J is the block of (f₁, f₃) by (x, y). The other inputs are held." in block
    assert "Of 4 outputs it shows f₁, f₂" in words(lambda t: (t, t**2, t**3, t**4), 1)
    assert "det J = 1." in words(lambda x, y: (1e-200 * x, 1e-200 * y), 1, 1)


def test_jumps_are_not_joined_and_axes_say_what_ticks_share():
    """A graph breaks at a jump; numbers of one size or far from zero are written once."""

    def graph(x):
        return torch.where(x > 0.2, x + 1, x)

    J = jacmagic.jacobian(graph, torch.tensor(0.0, dtype=F64))
    drawn = graph_scene(slice_of(J, [0], [0]), 0.5, 4).panels[0].shapes
    first, second = (one.points for one in drawn if one.look == "function")
    assert first[-1][0] < 0.2 < second[0][0] and second[0][1] - first[-1][1] > 0.9
    steep = sample_curve(lambda t: (t, np.cbrt(t - 0.3)), 1.0)
    assert len(steep) == 1
    assert ticks((0, 4e6), "x")[1] == "x / 10⁶" and ticks((-2e-12, 2e-12), "x")[1] == "x / 10⁻¹²"
    near, label = ticks((2 - 3e-9, 2 + 3e-9), "x")
    assert label == "(x − 2) / 10⁻⁹" and ("0" in [text for _, text in near])
    assert ticks((-1, 1), "x") == (
        [(one, f"{one:g}".replace("-", "−")) for one in np.arange(-2, 3) / 2],
        "x",
    )


def test_second_derivatives_that_vanish():
    """Differences of the gradient do not make a bowl of x⁴ + y⁴ at 0."""
    assert (
        "0 and 0: flat in all directions"
        in jacobian(lambda x, y: x**4 + y**4, 0, 0).picture().words[2]
    )


def test_inputs_and_outputs_of_other_sizes_have_units():
    """Level lines, images and fields of a pressure and a temperature are drawn in powers of ten."""
    J = jacobian(lambda T, p: (8.3 * T / p, p * T), 300, 1e5)
    part, radius, note = in_units(slice_of(J, [0, 1], [0, 1]), "map", 1)
    scene = plane_scene(part, radius, 4)
    assert part.inputs == ["T / 10³", "p / 10⁵"] and len(note) == 1
    arrows = [one.label for one in scene.panels[1].shapes if one.kind == "arrow"]
    assert arrows == [f"∂{part.name}/∂T", f"∂{part.name}/∂p"]
    (area,) = (one.points for one in scene.panels[1].shapes if one.kind == "area")
    back = (np.array(area) - part.here.value) * np.array([10.0**k for k in (-2, 7)])
    corners = radius * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * [1e3, 1e5]
    np.testing.assert_allclose(back, corners @ J.to_numpy().T)
    assert J.picture().words[-1] == note[0]
    field = jacobian(lambda x, v: (v, -1e6 * x), 1e-3, 1).picture("field").words
    assert "λ = 0 ± 1000 i" in field[1]
