"""Composed functions: filters, localisation and planar bundle adjustment."""

from __future__ import annotations

import torch
from torch import cos, sin, stack

from corpus.case import Collection

case = Collection("composed")


@case([0.5, -0.2, 0.3, 1.0], [0.4, 0.1])
def bicycle_prediction(x, u, dt=0.1):
    """Prediction of a car's pose by the bicycle model."""
    px, py, theta, v = x
    a, delta = u
    beta = torch.atan(0.5 * torch.tan(delta))
    px = px + dt * v * cos(theta + beta)
    py = py + dt * v * sin(theta + beta)
    theta = theta + dt * v / 1.2 * sin(beta)
    return stack([px, py, theta, v + dt * a])


@case([0.5, -0.2, 0.3], [2.0, 1.0])
def range_and_bearing(x, landmark):
    """Evaluate a landmark's range and bearing; Thrun et al., Probabilistic Robotics, §7."""
    d = landmark - x[:2]
    r = torch.linalg.norm(d)
    bearing = torch.atan2(d[1], d[0]) - x[2]
    return stack([r, bearing])


@case([0.5, -0.2], [[0.3, 0.1], [0.1, 0.4]], [0.7])
def kalman_update(x, P, z):
    """Evaluate a Kalman filter's update of the mean."""
    H = torch.tensor([[1.0, 0.5]], dtype=x.dtype)
    S = H @ P @ H.T + 0.1
    K = P @ H.T / S
    y = z - H @ x
    return x + K @ y


@case([0.5, -0.2, 0.3], [0.7])
def ekf_step(x, z, dt=0.1):
    """Evaluate an extended Kalman filter's mean after predicting and correcting."""
    F = torch.tensor([[1.0, dt, 0.0], [0.0, 1.0, dt], [0.0, 0.0, 1.0]], dtype=x.dtype)
    xp = F @ x
    h = torch.sqrt(xp[0] ** 2 + 1)
    H = stack([xp[0] / h, 0 * h, 0 * h])
    P = F @ F.T + 0.01 * torch.eye(3, dtype=x.dtype)
    S = H @ P @ H + 0.1
    K = P @ H / S
    return xp + K * (z - h)


@case([0.1, 0.9, -0.2, 0.3], [0.4, 0.1, 0.2])
def imu_preintegration(q, a, dt=0.1):
    """Velocity and position after one inertial measurement."""
    w, x, y, z = q / torch.linalg.norm(q)
    u = stack([x, y, z])
    c = torch.linalg.cross(u, a)
    g = a + 2 * w * c + 2 * torch.linalg.cross(u, c)
    v = g * dt
    return torch.cat([v, 0.5 * v * dt])


@case([0.1, 0.2, -0.3], [0.4, -0.2, 0.5], [0.3, 0.1])
def two_view_residual(pose, point, observed):
    """Evaluate a residual of planar bundle adjustment."""
    c, s = cos(pose[2]), sin(pose[2])
    R = stack([stack([c, -s]), stack([s, c])])
    d = R.T @ (point[:2] - pose[:2])
    p = d / (1 + point[2] ** 2)
    return p - observed
