"""Manifolds: retractions against SciPy's rotations, inverses, and what is not on them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from scipy.spatial.transform import Rotation

from jacmagic.errors import PointError
from jacmagic.function.manifolds import MANIFOLDS, evaluated
from jacmagic.function.tangents import split_wrt

TURN = Rotation.from_rotvec([0.3, -0.5, 0.7])
POSE = np.eye(4)
POSE[:3, :3], POSE[:3, 3] = TURN.as_matrix(), [1.0, 2.0, 3.0]
SMALL = np.array([0.1, 0.2, -0.3])
VALUES = {
    "SO3": TURN.as_matrix(),
    "SE3": POSE,
    "quat": TURN.as_quat()[[3, 0, 1, 2]],
    "quat_xyzw": TURN.as_quat(),
}


def tensor(array) -> torch.Tensor:
    return torch.tensor(np.asarray(array), dtype=torch.float64)


@pytest.mark.parametrize("side", ["right", "left"])
def test_rotations_and_quaternions_turn_as_in_scipy(side: str) -> None:
    """δ is a rotation vector; it acts behind the value or before it."""
    step = Rotation.from_rotvec(SMALL)
    turned = TURN * step if side == "right" else step * TURN
    for name, expected in {
        "SO3": turned.as_matrix(),
        "quat": turned.as_quat()[[3, 0, 1, 2]],
        "quat_xyzw": turned.as_quat(),
    }.items():
        found = MANIFOLDS[f"{name}:{side}"].retract(tensor(VALUES[name]), tensor(SMALL))
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-15)


@pytest.mark.parametrize("side", ["right", "left"])
def test_poses_move_by_the_exponential_of_rotation_and_translation(side: str) -> None:
    """δ = (ω, v), the rotation first."""
    delta, twist = np.array([0.1, 0.2, -0.3, 0.5, -0.1, 0.4]), np.zeros((4, 4))
    twist[:3, :3] = [[0, 0.3, 0.2], [-0.3, 0, -0.1], [-0.2, 0.1, 0]]
    twist[:3, 3] = delta[3:]
    step = scipy.linalg.expm(twist)
    expected = POSE @ step if side == "right" else step @ POSE
    found = MANIFOLDS[f"SE3:{side}"].retract(tensor(POSE), tensor(delta))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-14)


@pytest.mark.parametrize("spelled", MANIFOLDS)
def test_the_basis_is_the_derivative_of_the_retraction(spelled: str) -> None:
    """At δ = 0; the inverse takes its columns back to unit vectors."""
    chart = MANIFOLDS[spelled]
    value, n = tensor(VALUES[chart.name]), len(chart.axes)
    chart.require(value, "x")
    basis = evaluated(chart.basis, (value.numel(), n), value)
    zero = torch.zeros(n, dtype=torch.float64)
    found = torch.autograd.functional.jacobian(lambda d: chart.retract(value, d).reshape(-1), zero)
    np.testing.assert_allclose(found.numpy(), basis, atol=1e-15)
    np.testing.assert_allclose(chart.inverse_at(value) @ basis, np.eye(n), atol=1e-14)


@pytest.mark.parametrize(
    ("spelled", "value", "message"),
    [
        ("SO3:right", 2 * np.eye(3), "a rotation matrix for R; found one that is off by 3"),
        ("SO3:right", np.diag([1.0, 1.0, -1.0]), "off by 2"),
        ("SO3:left", np.eye(4), r"of shape \(3, 3\) on SO3"),
        ("SE3:right", np.diag([1.0, 1.0, 1.0, 2.0]), "off by 1"),
        ("quat:right", np.array([1.0, 1.0, 0.0, 0.0]), r"write R / R.norm\(\)"),
    ],
)
def test_values_off_a_manifold_are_refused(spelled, value, message) -> None:
    """Shape, orthogonality, handedness, last row and norm."""
    with pytest.raises(PointError, match=message):
        MANIFOLDS[spelled].require(tensor(value), "R")


def test_wrt_names_inputs_and_manifolds() -> None:
    """A text, a list and a dict; names without a manifold stay what they were."""
    right = MANIFOLDS["SO3:right"]
    assert split_wrt("x,y") == ("x,y", {})
    assert split_wrt(None) == (None, {})
    assert split_wrt("SO3:right") == (None, {"": right})
    assert split_wrt("R=SO3:right, t") == (["R", "t"], {"R": right})
    assert split_wrt(["R=SO3:right"]) == ("R", {"R": right})
    assert split_wrt({"R": "SO3:right", "t": None}) == (["R", "t"], {"R": right})


@pytest.mark.parametrize("wrt", ["SO3", "SO4:right", "R=SO3:up", {"R": "SO(3)"}])
def test_manifolds_that_do_not_exist_are_refused(wrt) -> None:
    """Also one without a side, as there is no usual one."""
    with pytest.raises(PointError, match="a manifold among SO3, SE3, quat, quat_xyzw with"):
        split_wrt(wrt)
