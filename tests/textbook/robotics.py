"""Arms made of rotation matrices, and Denavit–Hartenberg tables with right angles."""

from __future__ import annotations

import math

import numpy as np
import torch

from textbook.case import Form

L1, L2, L3 = 0.5, 0.4, 0.3


def rotation(q):
    return torch.stack(
        [
            torch.stack([torch.cos(q), -torch.sin(q)]),
            torch.stack([torch.sin(q), torch.cos(q)]),
        ]
    )


def arm_of_two_matrices(q):
    e = torch.tensor([1.0, 0.0], dtype=torch.float64)
    first = rotation(q[0])
    return L1 * first @ e + L2 * first @ rotation(q[1]) @ e


def arm_of_three_matrices(q):
    e = torch.tensor([1.0, 0.0], dtype=torch.float64)
    first = rotation(q[0])
    second = first @ rotation(q[1])
    return L1 * first @ e + L2 * second @ e + L3 * (second @ rotation(q[2])) @ e


def arm_from_the_tip(q):
    e = torch.tensor([1.0, 0.0], dtype=torch.float64)
    return rotation(q[0]) @ (L1 * e + rotation(q[1]) @ (L2 * e))


def arm_of_products(q):
    c1, s1 = torch.cos(q[0]), torch.sin(q[0])
    c2, s2 = torch.cos(q[1]), torch.sin(q[1])
    return torch.stack([L1 * c1 + L2 * (c1 * c2 - s1 * s2), L1 * s1 + L2 * (s1 * c2 + c1 * s2)])


def arm_of_numpy(q):
    def turn(a):
        return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])

    e = np.array([1.0, 0.0])
    return L1 * turn(q[0]) @ e + L2 * turn(q[0]) @ turn(q[1]) @ e


def link(q, length):
    c, s, zero, one = torch.cos(q), torch.sin(q), torch.zeros_like(q), torch.ones_like(q)
    return torch.stack(
        [
            torch.stack([c, -s, length * c]),
            torch.stack([s, c, length * s]),
            torch.stack([zero, zero, one]),
        ]
    )


def arm_of_transforms(q):
    return (link(q[0], L1) @ link(q[1], L2))[:2, 2]


def rotated_twice(q, x):
    return rotation(q) @ rotation(-q) @ x


def denavit_hartenberg(theta, d, a, alpha):
    ct, st = torch.cos(theta), torch.sin(theta)
    ca, sa = math.cos(alpha), math.sin(alpha)
    zero, one = torch.zeros_like(theta), torch.ones_like(theta)
    return torch.stack(
        [
            torch.stack([ct, -st * ca, st * sa, a * ct]),
            torch.stack([st, ct * ca, -ct * sa, a * st]),
            torch.stack([zero, zero + sa, zero + ca, zero + d]),
            torch.stack([zero, zero, zero, one]),
        ]
    )


def elbow_of_a_table(q):
    first = denavit_hartenberg(q[0], 0.3, 0.0, math.pi / 2)
    return (first @ denavit_hartenberg(q[1], 0.0, 0.5, 0.0))[:3, 3]


def right_angle_in_the_function(q):
    alpha = math.pi / 2
    c, s = math.cos(alpha), math.sin(alpha)
    return torch.stack([q[0] * c + q[1] * s, torch.sin(q[0]) * s - 0.3 * c * torch.cos(q[1])])


PLANAR = (
    "-L₁*sin(q₀) - L₂*sin(q₀ + q₁) | -L₂*sin(q₀ + q₁) | "
    "L₁*cos(q₀) + L₂*cos(q₀ + q₁) | L₂*cos(q₀ + q₁)"
)
THREE = (
    "-L₁*sin(q₀) - L₂*sin(q₀ + q₁) - L₃*sin(q₀ + q₁ + q₂) | "
    "-L₂*sin(q₀ + q₁) - L₃*sin(q₀ + q₁ + q₂) | -L₃*sin(q₀ + q₁ + q₂) | "
    "L₁*cos(q₀) + L₂*cos(q₀ + q₁) + L₃*cos(q₀ + q₁ + q₂) | "
    "L₂*cos(q₀ + q₁) + L₃*cos(q₀ + q₁ + q₂) | L₃*cos(q₀ + q₁ + q₂)"
)
ELBOW = (
    "-sin(q₀)*cos(q₁)/2 | -cos(q₀)*sin(q₁)/2 | cos(q₀)*cos(q₁)/2 | -sin(q₀)*sin(q₁)/2 | "
    "0 | cos(q₁)/2"
)
FORMS = [
    *(
        Form(arm, ([0.3, -0.7],), PLANAR)
        for arm in (
            arm_of_two_matrices,
            arm_from_the_tip,
            arm_of_products,
            arm_of_numpy,
            arm_of_transforms,
        )
    ),
    Form(arm_of_three_matrices, ([0.1, 0.2, 0.3],), THREE),
    Form(rotated_twice, (0.3, [1.0, 2.0]), "0 | 1 | 0 | 0 | 0 | 1"),
    Form(elbow_of_a_table, ([0.3, -0.7],), ELBOW),
    Form(right_angle_in_the_function, ([0.3, -0.7],), "0 | 1 | cos(q₀) | 0"),
]
