"""The picture of a sparse pattern: sent to the browser, and its products give the matrix."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
import torch

import jacmagic
from jacmagic.errors import OptionError
from jacmagic.view.pictures.colouring import colouring_of

F64 = torch.float64


def heat(u):
    """Take a step of a nonlinear heat equation: bands."""
    return torch.cat([u[:1], u[:-2] - 2 * u[1:-1] + u[2:] + u[1:-1] ** 2, u[-1:]])


def arrow(x):
    """Return an arrow: a dense row, a dense column and a diagonal."""
    return torch.cat([x.sum()[None] ** 2, x[1:] * x[0]])


CASES = {"heat": (heat, 9, 3), "arrow": (arrow, 8, 3)}


@pytest.mark.parametrize("name", CASES)
def test_the_products_give_every_entry(name):
    """Every entry stands alone in its product; the browser gets the same grids and words."""
    f, n, passes = CASES[name]
    J = jacmagic.jacobian(f, torch.linspace(1, 2, n, dtype=F64))
    found, matrix = colouring_of(J), J.to_numpy()
    assert found.forward + found.backward == passes
    for i, j in np.argwhere(matrix):
        group = found.groups[i, j]
        alike = found.groups == group
        along = alike[i] if group <= found.forward else alike[:, j]
        others = matrix[i] if group <= found.forward else matrix[:, j]
        assert others[along].sum() == matrix[i, j]
    sent = J.explore().view.colouring
    assert [grid["name"] for grid in sent["grids"]] == [name for name, _ in found.grids]
    for grid, (_, cells) in zip(sent["grids"], found.grids, strict=True):
        bytes_of_grid = np.frombuffer(grid["cells"], np.uint8)
        assert np.array_equal(bytes_of_grid.reshape(-1, grid["width"]), cells)
    assert sent["words"] == found.words
    picture = J.picture("colouring")
    assert ElementTree.fromstring(picture.svg).tag.endswith("svg")
    assert f"{passes} passes instead of {n}" in str(picture)


def test_a_dense_matrix_has_none():
    """Where no pass is saved there is no such picture."""
    J = jacmagic.jacobian(lambda x: torch.softmax(x, 0), torch.ones(3, dtype=F64))
    assert colouring_of(J) is None
    with pytest.raises(OptionError, match="found 'colouring'"):
        J.picture("colouring")
