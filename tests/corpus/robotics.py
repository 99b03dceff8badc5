"""Kinematics, rotations, cameras and filters."""

from __future__ import annotations

import math

import torch
from torch import cos, sin, stack

from corpus.case import Collection

case = Collection("robotics")


def rotation_z(angle):
    """Return a rotation about the third axis."""
    c, s, zero, one = cos(angle), sin(angle), 0 * angle, 0 * angle + 1
    return stack([stack([c, -s, zero]), stack([s, c, zero]), stack([zero, zero, one])])


def rotation_x(angle):
    """Return a rotation about the first axis."""
    c, s, zero, one = cos(angle), sin(angle), 0 * angle, 0 * angle + 1
    return stack([stack([one, zero, zero]), stack([zero, c, -s]), stack([zero, s, c])])


@case([0.4, 0.9])
def planar_arm(q, l1=1.0, l2=0.5):
    """Two links in the plane: Craig, Introduction to Robotics, §3.4."""
    x = l1 * cos(q[0]) + l2 * cos(q[0] + q[1])
    y = l1 * sin(q[0]) + l2 * sin(q[0] + q[1])
    return stack([x, y, q.sum()])


@case([0.4, 0.9, -0.3, 0.2])
def serial_chain(q):
    """Any number of links by running sums: Lynch & Park, Modern Robotics, §4.1."""
    angles = torch.cumsum(q, 0)
    return cos(angles).sum(), sin(angles).sum()


def denavit_hartenberg(theta, d, a, alpha):
    """One link's transform."""
    ct, st, ca, sa = cos(theta), sin(theta), math.cos(alpha), math.sin(alpha)
    zero, one = 0 * theta, 0 * theta + 1
    return stack(
        [
            stack([ct, -st * ca, st * sa, a * ct]),
            stack([st, ct * ca, -ct * sa, a * st]),
            stack([zero, sa * one, ca * one, d * one]),
            stack([zero, zero, zero, one]),
        ]
    )


@case([0.4, 0.9, -0.3])
def anthropomorphic_arm(q):
    """Three joints by Denavit–Hartenberg: Siciliano et al., Robotics, §2.9.4."""
    pose = denavit_hartenberg(q[0], 0.0, 0.0, math.pi / 2)
    pose = pose @ denavit_hartenberg(q[1], 0.0, 0.8, 0.0)
    pose = pose @ denavit_hartenberg(q[2], 0.0, 0.6, 0.0)
    return pose[:3, 3]


@case([0.4, 0.9, 0.5])
def scara(q):
    """Return a SCARA robot: Siciliano et al., Robotics, §2.9."""
    x = 0.5 * cos(q[0]) + 0.4 * cos(q[0] + q[1])
    y = 0.5 * sin(q[0]) + 0.4 * sin(q[0] + q[1])
    return x, y, 1 - q[2]


@case([1.0, 2.0], 0.5)
def rotate(p, theta):
    """Return a plane rotation: Strang, Introduction to Linear Algebra, §8.1."""
    c, s = torch.cos(theta), torch.sin(theta)
    R = torch.stack([torch.stack([c, -s]), torch.stack([s, c])])
    return R @ p


@case(0.3, 0.7, -0.4)
def euler_zxz(phi, theta, psi):
    """Euler's angles: Goldstein, Classical Mechanics, §4.4."""
    return rotation_z(phi) @ rotation_x(theta) @ rotation_z(psi)


@case([0.8, 0.1, -0.3, 0.5])
def quaternion_to_matrix(q):
    """Return a unit quaternion's rotation: Shoemake, SIGGRAPH 1985."""
    w, x, y, z = q / q.norm()
    return stack(
        [
            stack([1 - 2 * (y**2 + z**2), 2 * (x * y - w * z), 2 * (x * z + w * y)]),
            stack([2 * (x * y + w * z), 1 - 2 * (x**2 + z**2), 2 * (y * z - w * x)]),
            stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x**2 + y**2)]),
        ]
    )


@case([0.8, 0.1, -0.3, 0.5], [0.2, 0.4, 0.1, -0.6])
def quaternion_product(p, q):
    """Hamilton's product: Kuipers, Quaternions and Rotation Sequences, §5.6."""
    scalar = p[0] * q[0] - torch.dot(p[1:], q[1:])
    vector = p[0] * q[1:] + q[0] * p[1:] + torch.linalg.cross(p[1:], q[1:])
    return torch.cat([scalar[None], vector])


@case([0.8, 0.1, -0.3, 0.5])
def quaternion_to_euler(q):
    """Roll, pitch and yaw: Diebel, Representing Attitude (2006), eq. 290."""
    w, x, y, z = q.unbind()
    roll = torch.atan2(2 * (w * x + y * z), 1 - 2 * (x**2 + y**2))
    pitch = torch.asin(torch.clamp(2 * (w * y - z * x), -1, 1))
    return roll, pitch, torch.atan2(2 * (w * z + x * y), 1 - 2 * (y**2 + z**2))


@case([0.3, -0.5, 0.7], [1.0, 0.2, -0.4])
def rodrigues(w, v):
    """Rodrigues' rotation formula: Murray, Li & Sastry, §2.2."""
    angle = torch.linalg.norm(w)
    k = w / angle
    turned = v * cos(angle) + torch.linalg.cross(k, v) * sin(angle)
    return turned + k * torch.dot(k, v) * (1 - cos(angle))


@case([0.3, -0.5, 0.7])
def exponential_of_a_twist(w):
    """Return the matrix exponential of a skew matrix: Murray, Li & Sastry, §2.2."""
    zero = torch.zeros((), dtype=w.dtype)
    K = stack([stack([zero, -w[2], w[1]]), stack([w[2], zero, -w[0]]), stack([-w[1], w[0], zero])])
    return torch.matrix_exp(K)


@case(1.0, 2.0, 0.5, 0.8, 0.3)
def unicycle(x, y, theta, v, omega, dt=0.1):
    """Return a unicycle's step: Thrun, Burgard & Fox, Probabilistic Robotics, §5.3."""
    return x + v * cos(theta) * dt, y + v * sin(theta) * dt, theta + omega * dt


@case([1.0, 2.0, 0.5, 0.8], [0.3, 0.1])
def bicycle(state, u, wheelbase=2.5):
    """Return the kinematic bicycle: Rajamani, Vehicle Dynamics and Control, §2.2."""
    _, _, heading, v = state
    steering, acceleration = u
    slip = torch.atan(torch.tan(steering) / 2)
    return stack(
        [v * cos(heading + slip), v * sin(heading + slip), v / wheelbase * sin(slip), acceleration]
    )


@case([1.0, 2.0, 0.5], [3.0, 4.0])
def range_and_bearing(pose, landmark):
    """Return the measurement model of SLAM: Thrun, Burgard & Fox, Probabilistic Robotics, §6.6."""
    dx, dy = landmark - pose[:2]
    return torch.sqrt(dx**2 + dy**2), torch.atan2(dy, dx) - pose[2]


@case([0.2, -0.1, 2.0])
def pinhole(p, f=500.0, cx=320.0, cy=240.0):
    """Return a pinhole camera: Hartley & Zisserman, Multiple View Geometry, §6.1."""
    x, y, z = p
    return f * x / z + cx, f * y / z + cy


@case([0.2, -0.1])
def brown_distortion(p, k1=-0.3, k2=0.1, p1=0.001, p2=-0.002):
    """Lens distortion: Brown, Photogrammetric Engineering 37 (1971)."""
    x, y = p
    r2 = (p**2).sum()
    radial = 1 + k1 * r2 + k2 * r2**2
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2),
        y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y,
    )


@case([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.3, -0.2])
def homography(h, p):
    """Return a plane homography: Hartley & Zisserman, Multiple View Geometry, §2.3."""
    H = torch.cat([h, torch.ones(1, dtype=h.dtype)]).reshape(3, 3)
    q = H @ torch.cat([p, torch.ones(1, dtype=p.dtype)])
    return q[:2] / q[2]


@case([0.3, 0.1], [0.5, 0.2, 0.2, 0.4])
def kalman_update(mean, flat):
    """Return a Kalman filter's update: Thrun, Burgard & Fox, Probabilistic Robotics, §3.2."""
    P, C = flat.reshape(2, 2), torch.tensor([[1.0, 0.5]], dtype=mean.dtype)
    R, z = torch.tensor([[0.1]], dtype=mean.dtype), torch.tensor([0.7], dtype=mean.dtype)
    S = C @ P @ C.T + R
    gain = P @ C.T @ torch.linalg.inv(S)
    return mean + gain @ (z - C @ mean)


@case([0.4, 0.9], [0.1, -0.3])
def manipulator_dynamics(q, v, m1=1.0, m2=0.8, a=0.5, g=9.81):
    """Torques of a two-link arm: Spong, Robot Modeling and Control, §7.4."""
    h = m2 * a**2 * sin(q[1])
    M = stack(
        [
            stack([(m1 + 2 * m2) * a**2 + 2 * m2 * a**2 * cos(q[1]), m2 * a**2 * (1 + cos(q[1]))]),
            stack([m2 * a**2 * (1 + cos(q[1])), m2 * a**2 + 0 * q[1]]),
        ]
    )
    bias = stack([-h * (2 * v[0] * v[1] + v[1] ** 2), h * v[0] ** 2])
    weight = g * a * stack([(m1 + m2) * cos(q[0]) + m2 * cos(q.sum()), m2 * cos(q.sum())])
    return torch.linalg.solve(M, -bias - weight)


@case([0.3, 0.2, 1.0], [0.1, -0.2, 0.3])
def rigid_body(omega, torque):
    """Euler's equations: Goldstein, Classical Mechanics, §5.5."""
    inertia = torch.tensor([1.0, 2.0, 3.0], dtype=omega.dtype)
    return (torque - torch.linalg.cross(omega, inertia * omega)) / inertia


@case([0.4, 0.2, 0.9])
def delta_leg(p, reach=1.2):
    """Inverse kinematics of one leg of a delta robot: Clavel (1988)."""
    x, y, z = p
    level = torch.sqrt(reach**2 - y**2)
    return torch.atan2(z, x) - torch.acos((x**2 + z**2 + 0.25 - level**2) / (torch.hypot(x, z)))
