"""`--quiz`, `--seeds` and `--save` on the magic's line."""

from __future__ import annotations

from pathlib import Path

import pytest

from jacmagic.view.exercise import Exercise

CELL = "x**2*y\nsin(x*y)"


@pytest.mark.parametrize(
    ("line", "kind", "count", "variants"),
    [
        ("x=3 y=2 --quiz", "entries", 4, 1),
        ("--quiz x=3 y=2", "entries", 4, 1),
        ("--quiz entries=3 x=3 y=2", "entries", 3, 1),
        ("x=3 --quiz=steps y=2", "steps", 3, 1),
        ("x=3 y=2 --quiz rules", "rules", 6, 1),
        ("x=3 y=2 --quiz entries=2 --seeds 40", "entries", 2, 40),
    ],
)
def test_an_exercise_is_asked_for_on_the_line(shell, line, kind, count, variants):
    """The kind may be left out, also before the point."""
    result = shell.run_cell_magic("jacobian", f"{line} -q", CELL)
    assert isinstance(result, Exercise) and result.options.kind == kind
    assert len(result.questions) == count and len(result.variants) == variants


def test_what_is_shown_is_saved(shell, tmp_path):
    """A page of the exercise, and one of an ordinary Jacobian."""
    for line, title in [("--quiz", "Exercise: Jacobian of"), ("", "Jacobian of")]:
        path = tmp_path / "page.html"
        shell.run_cell_magic("jacobian", f"x=3 y=2 {line} --save {path} -q", CELL)
        assert f"<title>{title}" in Path(path).read_text("utf-8")
