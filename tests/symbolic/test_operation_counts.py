"""Generated code needs no more operations than wrenfold's, and conditions stay as written."""

from __future__ import annotations

import functools
import itertools
import operator

import pytest
import torch
from traces import F64, traced

from jacmagic.symbolic.economy import cheapest, count, economical
from jacmagic.symbolic.graph import ZERO, differentiate, write_tape

# Operations of value and Jacobian that wrenfold 0.5.3 generates for the same expressions, the
# fewest of its settings (0, 1, 2, 3, 4 and 8 passes of factorisation).
WRENFOLD = {
    "pinhole": 16,
    "brown_conrady": 61,
    "quaternion": 101,
    "so3_exponential": 207,
    "se3_transform": 267,
    "reprojection": 330,
    "planar_10": 98,
    "homography": 38,
}
MOST = 1.1  # of wrenfold's count


def rotation(w):
    """Rodrigues' formula, entry by entry."""
    x, y, z = w
    square = x * x + y * y + z * z
    angle = torch.sqrt(square)
    a, b = torch.sin(angle) / angle, (1 - torch.cos(angle)) / square
    return [
        [1 - b * (y * y + z * z), b * x * y - a * z, b * x * z + a * y],
        [b * x * y + a * z, 1 - b * (x * x + z * z), b * y * z - a * x],
        [b * x * z - a * y, b * y * z + a * x, 1 - b * (x * x + y * y)],
    ]


def times(matrix, vector):
    """Multiply a matrix by a vector, entry by entry."""
    products = [[a * b for a, b in zip(row, vector, strict=True)] for row in matrix]
    return [functools.reduce(operator.add, row) for row in products]


def pinhole(v):
    """K and a point."""
    fx, fy, cx, cy, x, y, z = v
    return torch.stack([fx * x / z + cx, fy * y / z + cy])


def brown_conrady(v):
    """Five coefficients and a point."""
    k1, k2, p1, p2, k3, x, y = v
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    u = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    return torch.stack([u, y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y])


def quaternion(v):
    """Rotate a vector by a unit quaternion."""
    w, x, y, z = v[:4]
    matrix = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack(times(matrix, v[4:]))


def so3_exponential(v):
    """Return a rotation of a rotation vector."""
    return torch.stack([entry for row in rotation(v) for entry in row])


def se3_transform(v):
    """Rotation vector, translation, point."""
    return torch.stack(times(rotation(v[:3]), v[6:])) + v[3:6]


def reprojection(v):
    """Rotation vector, translation, K, point."""
    x, y, z = (a + b for a, b in zip(times(rotation(v[:3]), v[10:]), v[3:6], strict=True))
    return torch.stack([v[6] * x / z + v[8], v[7] * y / z + v[9]])


def planar_10(v):
    """Ten links in the plane."""
    lengths = torch.tensor([round(1 - 0.06 * k, 2) for k in range(10)], dtype=F64)
    angles = torch.cumsum(v, 0)
    return torch.stack([(lengths * torch.cos(angles)).sum(), (lengths * torch.sin(angles)).sum()])


def homography(v):
    """Eight entries and a point."""
    below = v[6] * v[8] + v[7] * v[9] + 1
    above = [v[0] * v[8] + v[1] * v[9] + v[2], v[3] * v[8] + v[4] * v[9] + v[5]]
    return torch.stack([one / below for one in above])


SIZES = dict(zip(WRENFOLD, (7, 7, 7, 3, 9, 13, 10, 10), strict=True))


@pytest.mark.parametrize("name", WRENFOLD)
def test_operations_beside_wrenfold(name: str) -> None:
    """At most 1.1 times wrenfold's operations, and the same numbers as the graph's."""
    torch.manual_seed(0)
    n = SIZES[name]
    x = torch.rand(n, dtype=F64) + 0.3
    found = traced(globals()[name], x)
    rows = differentiate(found.graph, found.outputs, found.inputs)
    places = list(itertools.product(range(len(rows)), range(n)))
    program = cheapest(found.graph, found.inputs, found.outputs, rows, places)
    assert count(program.graph, program.roots).total <= MOST * WRENFOLD[name]
    plain = [*found.outputs, *(rows[i].get(j, ZERO) for i, j in places)]
    expected = write_tape(found.graph, plain, found.inputs).evaluate(x.tolist())
    written = write_tape(program.graph, program.roots, program.variables).evaluate(x.tolist())
    assert written == pytest.approx(expected, rel=1e-13, abs=1e-13 * max(map(abs, expected)))


def test_conditions_are_computed_as_written() -> None:
    """What decides a branch keeps its order of operations, bit for bit."""

    def f(x):
        return torch.where(x[0] * 0.1 + x[1] * 0.1 > x[2] * 0.1, x[0] * x[1] + x[0] * x[2], x[2])

    x = torch.tensor([1.0, 2.0, 3.0], dtype=F64)
    found = traced(f, x)
    program = economical(found.graph, found.inputs, found.outputs)
    operations = [program.graph.operations[k] for k in program.graph.reach(program.roots)]
    assert operations.count("mul") == 4  # three in the condition, one in the factored sum
    for step in range(-8, 9):
        moved = x + torch.tensor([0, 0, step * 2.0**-51], dtype=F64)
        tape = write_tape(program.graph, program.roots, program.variables)
        assert tape.evaluate(moved.tolist()) == f(moved).reshape(-1).tolist()


def test_nothing_with_a_pole_is_cancelled() -> None:
    """x·x/x stays nan at 0."""
    x = torch.tensor([0.5], dtype=F64)
    found = traced(lambda x: x[0] * x[0] / x[0], x)
    program = economical(found.graph, found.inputs, found.outputs)
    tape = write_tape(program.graph, program.roots, program.variables)
    assert tape.evaluate([0.5]) == [0.5]
    (value,) = tape.evaluate([0.0])
    assert value != value
