"""Composed functions: robot arms by Denavit–Hartenberg parameters."""

from __future__ import annotations

import math

import torch
from torch import cos, sin, stack

from corpus.cameras import X
from corpus.case import Collection
from corpus.robotics import denavit_hartenberg

case = Collection("composed")


def arm(q, links):
    """Return the pose of an arm's last frame."""
    pose = torch.eye(4, dtype=q.dtype)
    for angle, (d, a, alpha) in zip(q, links, strict=True):
        pose = pose @ denavit_hartenberg(angle, d, a, alpha)
    return pose


HALF = math.pi / 2
SCARA = [(0.4, 0.3, 0.0), (0.0, 0.25, math.pi), (0.1, 0.0, 0.0), (0.05, 0.0, 0.0)]
PUMA = [
    *((0.67, 0.0, HALF), (0.0, 0.43, 0.0), (0.15, 0.02, -HALF)),
    *((0.43, 0.0, HALF), (0.0, 0.0, -HALF), (0.06, 0.0, 0.0)),
]
IIWA = [
    (d, 0.0, s * HALF)
    for d, s in zip([0.34, 0, 0.4, 0, 0.4, 0, 0.1], [-1, 1, 1, -1, -1, 1, 0], strict=True)
]


@case([0.3, -0.5, 0.2, 0.4])
def scara(q):
    """Evaluate an arm with four joints."""
    return arm(q, SCARA)[:3, 3]


@case([0.3, -0.5, 0.2, 0.4, 0.1])
def five_joints(q):
    """Evaluate an arm with five joints."""
    return arm(q, PUMA[:5])[:3, 3]


@case([0.3, -0.5, 0.2, 0.4, 0.1, -0.6])
def puma(q):
    """Evaluate the Puma 560's position; Corke, Robotics, Vision and Control, §7."""
    return arm(q, PUMA)[:3, 3]


@case([0.3, -0.5, 0.2, 0.4, 0.1, -0.6, 0.5])
def iiwa(q):
    """Evaluate the position of an arm with seven joints."""
    return arm(q, IIWA)[:3, 3]


@case([0.3, -0.5, 0.2, 0.4, 0.1, -0.6])
def pose_of_puma(q):
    """Position and approach direction of an arm."""
    T = arm(q, PUMA)
    p, z = T[:3, 3], T[:3, 2]
    return torch.cat([p, z])


@case([0.3, -0.5, 0.2, 0.4, 0.1, -0.6], X)
def camera_in_hand(q, X):
    """Evaluate a point seen by a camera on an arm's last link."""
    T = arm(q, PUMA)
    Xc = T[:3, :3].T @ (X - T[:3, 3])
    return Xc[:2] / Xc[2]


@case([0.3, -0.5, 0.2, 0.4], [0.1, 0.2, -0.1, 0.3], [0.0, 1.0, 0.5, 0.2])
def planar_chain(q, lengths, target):
    """Squared distance of a planar arm's end from a target."""
    phi = torch.cumsum(q, 0)
    p = stack([(lengths * cos(phi)).sum(), (lengths * sin(phi)).sum()])
    e = p - target[:2]
    return e @ e + target[2] * (q @ q)
