"""Composed functions: cameras, poses and robot arms, written in several steps."""

from __future__ import annotations

import torch
from torch import cos, sin, stack

from corpus.case import Collection

case = Collection("composed")


def hat(w):
    """Return the skew-symmetric matrix of a vector."""
    zero = torch.zeros_like(w[0])
    return stack(
        [
            stack([zero, -w[2], w[1]]),
            stack([w[2], zero, -w[0]]),
            stack([-w[1], w[0], zero]),
        ]
    )


def rodrigues(w):
    """Return the rotation matrix of a rotation vector."""
    theta = torch.linalg.norm(w)
    K = hat(w / theta)
    return torch.eye(3, dtype=w.dtype) + sin(theta) * K + (1 - cos(theta)) * K @ K


def rotation_of(q):
    """Return the rotation matrix of a quaternion (w, x, y, z), normalised first."""
    w, x, y, z = q / torch.linalg.norm(q)
    return stack(
        [
            stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)]),
            stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)]),
            stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]),
        ]
    )


def euler_zyx(angles):
    """Return the rotation matrix of yaw, pitch and roll."""
    cy, cp, cr = cos(angles)
    sy, sp, sr = sin(angles)
    return stack(
        [
            stack([cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr]),
            stack([sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr]),
            stack([-sp, cp * sr, cp * cr]),
        ]
    )


W, T, X = [0.3, -0.2, 0.4], [0.1, 0.2, 2.0], [0.5, -0.4, 1.5]
Q = [0.9, 0.1, -0.3, 0.2]


@case(W, X)
def rotate_a_point(w, X):
    """Rotation of a point by a rotation vector."""
    R = rodrigues(w)
    return R @ X


@case(W, T, X)
def pinhole(w, t, X, f=1.5):
    """Pinhole projection of a point in a posed camera."""
    R = rodrigues(w)
    Xc = R @ X + t
    return f * Xc[:2] / Xc[2]


@case(W, T, X, [500.0, 480.0, 320.0, 240.0])
def pinhole_with_intrinsics(w, t, X, k):
    """Projection into pixels; Hartley & Zisserman, Multiple View Geometry, §6.1."""
    R = rodrigues(w)
    Xc = R @ X + t
    p = Xc[:2] / Xc[2]
    return k[:2] * p + k[2:]


@case(W, T, X, [0.1, -0.05])
def radial_camera(w, t, X, k):
    """Bundle adjustment's camera with radial distortion; Agarwal et al. 2010."""
    R = rodrigues(w)
    P = R @ X + t
    p = -P[:2] / P[2]
    r2 = p @ p
    d = 1 + k[0] * r2 + k[1] * r2**2
    return 800.0 * d * p


@case(W, T, X, [0.1, -0.05, 0.001, 0.002, 0.01])
def brown_conrady(w, t, X, k):
    """OpenCV's distortion with five coefficients."""
    Xc = rodrigues(w) @ X + t
    x, y = Xc[0] / Xc[2], Xc[1] / Xc[2]
    r2 = x * x + y * y
    radial = 1 + k[0] * r2 + k[1] * r2**2 + k[4] * r2**3
    xd = x * radial + 2 * k[2] * x * y + k[3] * (r2 + 2 * x * x)
    yd = y * radial + k[2] * (r2 + 2 * y * y) + 2 * k[3] * x * y
    return stack([600 * xd + 320, 600 * yd + 240])


@case(W, T, X, [0.05, 0.01, -0.002, 0.001])
def fisheye(w, t, X, k):
    """Kannala and Brandt's camera, 2006."""
    Xc = rodrigues(w) @ X + t
    r = torch.linalg.norm(Xc[:2])
    theta = torch.atan2(r, Xc[2])
    t2 = theta * theta
    rho = theta * (1 + t2 * (k[0] + t2 * (k[1] + t2 * (k[2] + t2 * k[3]))))
    return 300 * rho * Xc[:2] / r + 250


@case(W, T, X, 0.6, -0.2)
def unified_camera(w, t, X, xi, alpha):
    """Usenko's double sphere camera, 2018."""
    Xc = rodrigues(w) @ X + t
    d1 = torch.linalg.norm(Xc)
    zs = xi * d1 + Xc[2]
    d2 = torch.sqrt(Xc[0] ** 2 + Xc[1] ** 2 + zs**2)
    return 350 * Xc[:2] / (alpha * d2 + (1 - alpha) * zs)


@case(Q, T, X)
def quaternion_camera(q, t, X):
    """Projection with a pose as a quaternion."""
    R = rotation_of(q)
    Xc = R.T @ (X - t)
    return Xc[:2] / Xc[2]


@case([0.3, -0.2, 0.4], T, X)
def euler_camera(angles, t, X):
    """Projection with yaw, pitch and roll."""
    R = euler_zyx(angles)
    Xc = R @ X + t
    return Xc[:2] / Xc[2]


@case(W, T, X, [0.52, -0.1])
def reprojection_error(w, t, X, observed):
    """Squared reprojection error of one point."""
    Xc = rodrigues(w) @ X + t
    p = Xc[:2] / Xc[2]
    e = p - observed
    return e @ e


@case(W, T, X, [0.52, -0.1])
def robust_reprojection_error(w, t, X, observed):
    """Reprojection error under a Cauchy loss."""
    Xc = rodrigues(w) @ X + t
    e = Xc[:2] / Xc[2] - observed
    s = e @ e / 0.01
    return torch.log1p(s)


@case(W, T, X)
def stereo_pair(w, t, X, b=0.2):
    """Projections into two cameras with a baseline."""
    Xl = rodrigues(w) @ X + t
    Xr = Xl - torch.tensor([b, 0.0, 0.0], dtype=X.dtype)
    return torch.cat([Xl[:2] / Xl[2], Xr[:2] / Xr[2]])


@case(W, T, [-0.1, 0.2, 0.1], [0.0, 0.1, 0.3], X)
def camera_on_a_rig(w1, t1, w2, t2, X):
    """Evaluate a camera mounted on a moving rig."""
    Xr = rodrigues(w1) @ X + t1
    Xc = rodrigues(w2) @ Xr + t2
    return Xc[:2] / Xc[2]


@case([0.01, 0.02, 0.9, 0.1, 0.2, 0.05, 0.001, 0.002], [0.3, 0.4])
def homography_transfer(h, x):
    """Transfer by a homography with its last entry 1."""
    H = torch.cat([h, torch.ones(1, dtype=h.dtype)]).reshape(3, 3)
    y = H @ torch.cat([x, torch.ones(1, dtype=x.dtype)])
    return y[:2] / y[2]


@case(W, T, [0.3, 0.4], [0.2, 0.5])
def sampson_error(w, t, x1, x2):
    """Sampson's error of the epipolar constraint."""
    one = torch.ones(1, dtype=w.dtype)
    a, b = torch.cat([x1, one]), torch.cat([x2, one])
    E = hat(t) @ rodrigues(w)
    l1, l2 = E @ a, E.T @ b
    return (b @ l1) ** 2 / (l1[0] ** 2 + l1[1] ** 2 + l2[0] ** 2 + l2[1] ** 2)


@case([0.3, -0.2, 0.4, 0.1, 0.2, 2.0])
def se3_exponential(xi):
    """Evaluate the translation of the exponential map of SE(3)."""
    rho, w = xi[3:], xi[:3]
    theta = torch.linalg.norm(w)
    K = hat(w / theta)
    eye = torch.eye(3, dtype=xi.dtype)
    V = eye + (1 - cos(theta)) / theta * K + (theta - sin(theta)) / theta * K @ K
    return V @ rho


@case(Q, [0.8, -0.2, 0.1, 0.5])
def quaternion_product(p, q):
    """Evaluate the product of two quaternions, normalised."""
    a, u = p[0], p[1:]
    b, v = q[0], q[1:]
    scalar = a * b - u @ v
    vector = a * v + b * u + torch.linalg.cross(u, v)
    r = torch.cat([scalar[None], vector])
    return r / torch.linalg.norm(r)


@case(Q, [0.1, -0.2, 0.3])
def attitude_step(q, omega, dt=0.1):
    """One step of an attitude filter's prediction."""
    dq = torch.cat([torch.ones(1, dtype=q.dtype), 0.5 * dt * omega])
    w, v = q[0], q[1:]
    s = w * dq[0] - v @ dq[1:]
    u = w * dq[1:] + dq[0] * v + torch.linalg.cross(v, dq[1:])
    r = torch.cat([s[None], u])
    return r / torch.linalg.norm(r)
