"""Jacobians by tangent vectors against the formulas of the literature."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

import jacmagic

R = Rotation.from_rotvec([0.3, -0.5, 0.7]).as_matrix()
S = Rotation.from_rotvec([0.1, 0.2, -0.4]).as_matrix()
P = np.array([1.0, 2.0, 3.0])


def tensor(array) -> torch.Tensor:
    return torch.tensor(np.asarray(array), dtype=torch.float64)


def hat(v: np.ndarray) -> np.ndarray:
    return np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])


def pose(rotation: np.ndarray, translation: list[float]) -> np.ndarray:
    whole = np.eye(4)
    whole[:3, :3], whole[:3, 3] = rotation, translation
    return whole


def act(R, p):
    return R @ p


def log(R):
    angle = torch.acos((R[0, 0] + R[1, 1] + R[2, 2] - 1) / 2)
    axis = torch.stack([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
    return angle / (2 * torch.sin(angle)) * axis


@pytest.mark.parametrize(
    ("side", "expected"), [("right", -R @ hat(P)), ("left", -hat(R @ P))], ids=["right", "left"]
)
def test_a_rotated_point_has_the_derivative_of_the_books(side, expected) -> None:
    """−R[p]ₓ from the right, −[Rp]ₓ from the left; the closed form agrees."""
    J = jacmagic.jacobian(act, (tensor(R), tensor(P)), wrt=f"R=SO3:{side}")
    np.testing.assert_allclose(J.to_numpy(), expected, atol=1e-14)
    assert (J.agreement.verdict, J.refusal) == ("agree", None)
    names = {f"R_{i}_{k}" for i in range(3) for k in range(3)}
    assert {one.name for one in J.formula.free_symbols} <= names


def test_the_point_varies_as_usual_beside_the_rotation() -> None:
    """Columns δ_x, δ_y, δ_z, then those of p; the law is in the caption."""
    J = jacmagic.jacobian(act, (tensor(R), tensor(P)), wrt={"R": "SO3:right", "p": None})
    np.testing.assert_allclose(J.to_numpy(), np.hstack([-R @ hat(P), R]), atol=1e-14)
    assert J.column_labels == ["δ_x", "δ_y", "δ_z", "p[0]", "p[1]", "p[2]"]
    assert repr(J).startswith("Jacobian of act by R ← R exp(δ^) at R₀₀ = 0.6549")
    assert r"\partial \delta_{x}" in J.to_latex()
    assert "R₀₁⋅p₂" in repr(J)


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_logarithm_has_the_inverse_jacobian_of_the_exponential(side) -> None:
    """∂Log(R)/∂δ = J_r⁻¹(θ), or J_l⁻¹(θ) = J_r⁻¹(−θ) (Solà et al., equations 143 to 146)."""
    theta = np.array([0.3, -0.5, 0.7])
    angle, turn = np.linalg.norm(theta), hat(theta) * (1 if side == "right" else -1)
    factor = 1 / angle**2 - (1 + np.cos(angle)) / (2 * angle * np.sin(angle))
    J = jacmagic.jacobian(log, tensor(R), wrt=f"SO3:{side}")
    np.testing.assert_allclose(
        J.to_numpy(), np.eye(3) + turn / 2 + factor * turn @ turn, atol=1e-12
    )
    assert J.agreement.verdict == "agree"


def test_a_product_of_rotations_has_the_adjoint() -> None:
    """With a right output Sᵀ and the identity, with a left one the identity and R."""
    right = jacmagic.jacobian(
        torch.matmul, (tensor(R), tensor(S)), names="A,B", wrt="A=SO3:right,B=SO3:right",
        out="SO3:right",
    )  # fmt: skip
    np.testing.assert_allclose(right.to_numpy(), np.hstack([S.T, np.eye(3)]), atol=1e-14)
    left = jacmagic.jacobian(
        torch.matmul, (tensor(R), tensor(S)), names="A,B", wrt="A=SO3:left,B=SO3:left",
        out="SO3:left",
    )  # fmt: skip
    np.testing.assert_allclose(left.to_numpy(), np.hstack([np.eye(3), R]), atol=1e-14)
    assert right.agreement.verdict == left.agreement.verdict == "agree"


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_product_of_poses_has_the_adjoint_too(side) -> None:
    """Ad(S⁻¹) and the identity from the right, the identity and Ad(T) from the left."""
    T, U = pose(R, [1.0, 2.0, 3.0]), pose(S, [-1.0, 0.5, 0.2])

    def adjoint(whole: np.ndarray) -> np.ndarray:
        turn, shift = whole[:3, :3], whole[:3, 3]
        return np.block([[turn, np.zeros((3, 3))], [hat(shift) @ turn, turn]])

    expected = {
        "right": [adjoint(np.linalg.inv(U)), np.eye(6)],
        "left": [np.eye(6), adjoint(T)],
    }[side]
    J = jacmagic.jacobian(
        lambda A, B: A @ B, (tensor(T), tensor(U)), wrt=f"A=SE3:{side},B=SE3:{side}",
        out=f"SE3:{side}",
    )  # fmt: skip
    np.testing.assert_allclose(J.to_numpy(), np.hstack(expected), atol=1e-13)
    assert (J.agreement.verdict, J.row_labels[0]) == ("agree", "ω_x(f)")


@pytest.mark.parametrize("name", ["quat", "quat_xyzw"])
def test_a_quaternion_turns_a_point_as_its_matrix_does(name) -> None:
    """−R[p]ₓ, whichever component of the quaternion is first."""

    def turn(q, p):
        w, u = (q[0], q[1:]) if name == "quat" else (q[3], q[:3])
        twice = 2 * torch.linalg.cross(u, p)
        return p + w * twice + torch.linalg.cross(u, twice)

    q = Rotation.from_matrix(R).as_quat()
    q = q[[3, 0, 1, 2]] if name == "quat" else q
    J = jacmagic.jacobian(turn, (tensor(q), tensor(P)), wrt=f"{name}:right")
    np.testing.assert_allclose(J.to_numpy(), -R @ hat(P), atol=1e-14)
    assert J.agreement.verdict == "agree"


def test_another_point_is_given_by_its_value() -> None:
    """`.at` takes a rotation; `.point` holds it, and a tangent vector leads on from here."""
    J = jacmagic.jacobian(act, (tensor(R), tensor(P)), wrt="R=SO3:right,p")
    moved = J.at(R=tensor(S))
    np.testing.assert_allclose(moved.to_numpy()[:, :3], -S @ hat(P), atol=1e-14)
    assert torch.equal(moved.point["R"], tensor(S)) and moved.formula == J.formula
    stepped = J.at(R=[0.1, 0.0, 0.0])
    expected = R @ Rotation.from_rotvec([0.1, 0, 0]).as_matrix()
    np.testing.assert_allclose(stepped.point["R"].numpy(), expected, atol=1e-15)


def test_uncertainty_of_a_rotation_is_that_of_its_tangent_vector() -> None:
    """Standard deviations in radians; Monte Carlo over rotations agrees."""
    J = jacmagic.jacobian(act, (tensor(R), tensor(P)), wrt="R=SO3:right")
    found = J.propagate(0.001)
    draws = Rotation.from_rotvec(np.random.default_rng(0).normal(0, 0.001, (100_000, 3)))
    samples = (Rotation.from_matrix(R) * draws).apply(P)
    # relative standard deviation √(2/N) of a sample variance, 0.0045; four of them
    np.testing.assert_allclose(np.diag(np.cov(samples.T)), np.diag(found.covariance), rtol=0.02)


def test_exported_code_takes_the_values() -> None:
    """The source has the rotation's nine components as arguments."""
    J = jacmagic.jacobian(act, (tensor(R), tensor(P)), wrt="R=SO3:right,p")
    space: dict = {}
    exec(J.to_code("python"), space)
    np.testing.assert_allclose(space["jacobian_of_act"](S, P), np.hstack([-S @ hat(P), S]))


def test_sliders_move_ordinary_inputs_alone() -> None:
    """A tangent vector stays 0; the other components have sliders."""
    J = jacmagic.jacobian(act, (tensor(R), tensor(P)), wrt="R=SO3:right,p")
    explorer = J.explore()
    assert [one.description for one in explorer.sliders] == ["p₀", "p₁", "p₂"]
    explorer.sliders[0].value = 5.0
    moved = np.array([5.0, 2.0, 3.0])
    np.testing.assert_allclose(
        explorer.jacobian.to_numpy(), np.hstack([-R @ hat(moved), R]), atol=1e-14
    )
    assert J.shown().explore().sliders[0].value == 1.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: jacmagic.jacobian(act, x, wrt="quat:right"), "PointError", "one input of shape"),
        (lambda x: jacmagic.jacobian(act, x, wrt="q=SO3:right"), "PointError", "names of inputs"),
        (lambda x: jacmagic.jacobian(act, x, out="SO3:right"), "PointError", "the output of shape"),
        (lambda x: jacmagic.hessian(act, x, wrt="R=SO3:right"), "FunctionError", "for a Hessian"),
        (
            lambda x: jacmagic.jacobian(act, x, wrt="R=SO3:right", batch=True),
            "OptionError",
            "batch=True",
        ),
        (lambda x: jacmagic.compile(act, *x, wrt="R=SO3:right"), "OptionError", "to compile"),
    ],
)
def test_what_manifolds_do_not_fit_is_refused(call, error, message) -> None:
    """Wrong shapes and names, Hessians, batches and compiled Jacobians."""
    with pytest.raises(getattr(jacmagic, error), match=message):
        call((tensor(R), tensor(P)))


def test_it_is_pickled_with_its_rotation() -> None:
    """Also after `.at`: the value travels, not the tangent vector."""
    J = jacmagic.jacobian(act, (tensor(R), tensor(P)), wrt="R=SO3:right,p").at(R=tensor(S))
    again = pickle.loads(pickle.dumps(J))
    np.testing.assert_array_equal(again.to_numpy(), J.to_numpy())
    assert torch.equal(again.point["R"], tensor(S))
