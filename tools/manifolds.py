"""Compare Jacobians by tangent vectors with those of GTSAM, at random rotations and poses.

    python tools/manifolds.py [points]

GTSAM (https://gtsam.org, in the bench extra) has derivatives written by hand. Its tangent vectors
act from the right; those of a pose have the rotation first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import gtsam
import numpy as np
import torch

import jacmagic

TOLERANCE = 1e-9  # of entries up to about 10: logarithms lose half the digits near 0 and π
Case = tuple[np.ndarray, np.ndarray]  # ours, GTSAM's


def rotation_of(angles: np.ndarray) -> gtsam.Rot3:
    """Return a rotation by its rotation vector."""
    return gtsam.Rot3.Expmap(angles)


def tensor(values: Any) -> torch.Tensor:
    """Return numbers as a float64 tensor."""
    return torch.tensor(np.asarray(values, dtype=float))


def by_gtsam(call: Callable[..., Any], *shapes: tuple[int, int]) -> list[np.ndarray]:
    """Return the matrices that GTSAM writes into its arguments."""
    matrices = [np.zeros(shape, order="F") for shape in shapes]
    call(*matrices)
    return matrices


def logarithm(R: torch.Tensor) -> torch.Tensor:
    """Return the rotation vector of a rotation matrix."""
    angle = torch.acos((R[0, 0] + R[1, 1] + R[2, 2] - 1) / 2)
    axis = torch.stack([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
    return angle / (2 * torch.sin(angle)) * axis


def invert(T: torch.Tensor) -> torch.Tensor:
    """Return the inverse of a pose by its blocks."""
    turned = T[:3, :3].T
    upper = torch.cat([turned, -(turned @ T[:3, 3:])], 1)
    return torch.cat([upper, T[3:]])


def project(T: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """Return the pixel of a point in a camera at pose T, as a pinhole camera sees it."""
    local = T[:3, :3].T @ (p - T[:3, 3])
    return torch.stack([500 * local[0] / local[2] + 320, 510 * local[1] / local[2] + 240])


def rotations(random: np.random.Generator) -> Iterator[tuple[str, Case]]:
    """Yield the derivatives by rotations."""
    R, p = rotation_of(random.uniform(-1.5, 1.5, 3)), random.normal(size=3)
    inputs = (tensor(R.matrix()), tensor(p))
    for name, function, call in (
        ("Rot3.rotate", lambda R, p: R @ p, R.rotate),
        ("Rot3.unrotate", lambda R, p: R.T @ p, R.unrotate),
    ):
        ours = jacmagic.jacobian(function, inputs, wrt="R=SO3:right,p").to_numpy()
        theirs = by_gtsam(lambda *H, call=call: call(p, *H), (3, 3), (3, 3))
        yield name, (ours, np.hstack(theirs))
    ours = jacmagic.jacobian(logarithm, inputs[0], wrt="SO3:right").to_numpy()
    yield "Rot3.Logmap", (ours, by_gtsam(lambda H: gtsam.Rot3.Logmap(R, H), (3, 3))[0])


def poses(random: np.random.Generator) -> Iterator[tuple[str, Case]]:
    """Yield the derivatives by poses."""
    T, U = (
        gtsam.Pose3(rotation_of(random.uniform(-1.5, 1.5, 3)), random.normal(size=3))
        for _ in range(2)
    )
    p = random.normal(size=3)
    inputs = (tensor(T.matrix()), tensor(p))
    for name, function, call in (
        ("Pose3.transformFrom", lambda T, p: T[:3, :3] @ p + T[:3, 3], T.transformFrom),
        ("Pose3.transformTo", lambda T, p: T[:3, :3].T @ (p - T[:3, 3]), T.transformTo),
    ):
        ours = jacmagic.jacobian(function, inputs, wrt="T=SE3:right,p").to_numpy()
        theirs = by_gtsam(lambda *H, call=call: call(p, *H), (3, 6), (3, 3))
        yield name, (ours, np.hstack(theirs))
    both = (inputs[0], tensor(U.matrix()))
    for name, function, compose in (
        ("Pose3.compose", lambda T, U: T @ U, T.compose),
        ("Pose3.between", lambda T, U: invert(T) @ U, T.between),
    ):
        wrt = "T=SE3:right,U=SE3:right"
        ours = jacmagic.jacobian(function, both, wrt=wrt, out="SE3:right").to_numpy()
        theirs = by_gtsam(lambda *H, compose=compose: compose(U, *H), (6, 6), (6, 6))
        yield name, (ours, np.hstack(theirs))
    ours = jacmagic.jacobian(invert, inputs[0], wrt="SE3:right", out="SE3:right").to_numpy()
    yield "Pose3.inverse", (ours, by_gtsam(T.inverse, (6, 6))[0])
    yield "PinholeCamera.project", _projected(T, p)


def _projected(T: gtsam.Pose3, p: np.ndarray) -> Case:
    """Return the derivatives of a pinhole camera's pixel by its pose and by the point."""
    seen = T.transformFrom(np.array([p[0], p[1], 5 + abs(p[2])]))
    camera = gtsam.PinholeCameraCal3_S2(T, gtsam.Cal3_S2(500.0, 510.0, 0.0, 320.0, 240.0))
    inputs = (tensor(T.matrix()), tensor(seen))
    ours = jacmagic.jacobian(project, inputs, wrt="T=SE3:right,p").to_numpy()
    theirs = by_gtsam(lambda *H: camera.project(seen, *H), (2, 6), (2, 3), (2, 5))
    return ours, np.hstack(theirs[:2])


def main(points: int) -> int:
    """Print the largest relative difference of each function; return 1 if one is too large."""
    random, largest = np.random.default_rng(0), dict[str, float]()
    for _ in range(points):
        for name, (ours, theirs) in (*rotations(random), *poses(random)):
            gap = np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max())
            largest[name] = max(largest.get(name, 0.0), float(gap))
    for name, gap in largest.items():
        print(f"{name:24} {points} points, largest relative difference {gap:.1e}")
    return int(max(largest.values()) > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
