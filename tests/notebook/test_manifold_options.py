"""Manifolds on the magic's line: `--wrt R=SO3:right` and `--out`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jacmagic.function import manifolds
from jacmagic.notebook.completion import MANIFOLDS

CELL = "def act(R, p):\n    return R @ p\n"


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """Return a new shell with the extension and a rotation."""
    settings = Config()
    settings.HistoryManager.enabled = False
    shell = InteractiveShell(config=settings)
    shell.Completer.use_jedi = False
    shell.run_line_magic("load_ext", "jacmagic")
    turn = torch.linalg.matrix_exp(torch.tensor([[0, -0.3, 0.1], [0.3, 0, -0.2], [-0.1, 0.2, 0]]))
    shell.push({"turn": turn.double()})
    yield shell
    shell.run_line_magic("unload_ext", "jacmagic")


def run(shell: InteractiveShell, line: str) -> Any:
    """Return the value of the cell below a line, or the exception it raises."""
    done = shell.run_cell(f"%%jacobian {line} -q\n{CELL}")
    return done.error_in_exec or done.result


@pytest.fixture
def rotation(shell: InteractiveShell) -> np.ndarray:
    """Return the rotation as the function's inputs have it, orthogonal in float64."""
    left, _, right = torch.linalg.svd(shell.user_ns["turn"])
    shell.push({"turn": left @ right})
    return (left @ right).numpy()


def test_an_input_is_differentiated_by_its_tangent_vector(shell, rotation) -> None:
    """By name beside others, or alone where one input has the shape."""
    both = run(shell, "R=turn p=[1, 2, 3] --wrt R=SO3:right,p")
    assert both.column_labels == ["δ_x", "δ_y", "δ_z", "p[0]", "p[1]", "p[2]"]
    alone = run(shell, "R=turn p=[1, 2, 3] --wrt SO3:left")
    x, y, z = rotation @ [1, 2, 3]
    np.testing.assert_allclose(alone.to_numpy(), [[0, z, -y], [-z, 0, x], [y, -x, 0]], atol=1e-14)


def test_the_output_may_be_on_a_manifold_too(shell, rotation) -> None:
    """Rᵀ R' of a product; rows are the tangent vector's components."""
    shell.run_cell("def double(R): return R @ R")
    shell.run_cell("J = get_ipython().run_line_magic('jacobian', "
                   "'double R=turn --wrt R=SO3:right --out SO3:right -q')")  # fmt: skip
    J = shell.user_ns["J"]
    np.testing.assert_allclose(J.to_numpy(), rotation.T + np.eye(3), atol=1e-14)
    assert J.row_labels == ["δ_x(double)", "δ_y(double)", "δ_z(double)"]


@pytest.mark.parametrize(
    ("line", "message", "marked"),
    [
        ("R=turn p=[1, 2, 3] --wrt R=SO4:right", "a manifold among SO3", "R=SO4:right"),
        ("R=2*turn p=[1, 2, 3] --wrt R=SO3:right", "found one that is off by", "R=SO3:right"),
        ("R=turn p=[1, 2, 3] --wrt q=SO3:right", "--wrt names q, which is not an input", "q"),
        ("R=turn p=[1, 2, 3] --wrt R --out SO3", "found 'SO3'; write SO3:right", "SO3"),
        ("R=turn p=[1, 2, 3] --wrt R --out SO3:right", "the output of shape", "SO3:right"),
    ],
)
def test_mistakes_are_one_line_with_a_caret(shell, rotation, line, message, marked) -> None:
    """The caret stands below the option's value."""
    text = str(run(shell, line))
    assert message in text
    drawn, carets = text.splitlines()[-2:]
    start = carets.index("^")
    assert drawn[start : start + carets.count("^")] == marked


def test_the_line_completes_manifolds(shell) -> None:
    """After an input's name and `=`, and after `--out`; all of the table."""
    assert set(MANIFOLDS) == set(manifolds.MANIFOLDS)
    for line, expected in (
        ("%%jacobian --wrt R=SO", ["R=SO3:right", "R=SO3:left"]),
        ("%%jacobian --wrt p,R=quat_", ["p,R=quat_xyzw:right", "p,R=quat_xyzw:left"]),
        ("%%jacobian --out SE", ["SE3:right", "SE3:left"]),
    ):
        with provisionalcompleter():
            found = [one.text for one in shell.Completer.completions(f"{line}\n{CELL}", len(line))]
        assert found == expected
