"""Explorers on screen: one for each output, closed when its cell runs again."""

from __future__ import annotations

import ipywidgets
import pytest
import torch

import jacmagic
from jacmagic.view import export, reruns
from jacmagic.view import jacobian as face
from jacmagic.view.explorer import widget

F64 = torch.float64


def seed(x1, x2, x3):
    return (x1 + x2, x3 * x1, x2**3)


@pytest.fixture
def in_a_notebook(monkeypatch):
    """Return a function that shows a new Jacobian as a cell does."""
    monkeypatch.setattr(face, "is_kernel", lambda: True)
    monkeypatch.setattr(reruns, "_OUTPUTS", [])
    monkeypatch.setattr(reruns, "_REPLACED", [])

    def show(cell, execution, J=None):
        monkeypatch.setattr(reruns, "_running", lambda: (cell, execution))
        J = J or jacmagic.jacobian(seed, tuple(torch.tensor(v, dtype=F64) for v in (3, 4, 5)))
        J._repr_mimebundle_()
        return J

    return show


def test_a_jacobian_shown_again_is_the_same_widget(in_a_notebook):
    """Two outputs of one Jacobian share an explorer, open while either exists."""
    J = in_a_notebook("a", "1")
    explorer = J.explorer
    before = len(ipywidgets.widgets.widget._instances)
    assert in_a_notebook("b", "2", J).explorer is explorer
    assert len(ipywidgets.widgets.widget._instances) == before
    in_a_notebook("a", "3")
    assert explorer.comm is not None
    in_a_notebook("b", "4")
    in_a_notebook("b", "5")
    assert explorer.comm is None
    assert J.explorer is None or J.explorer.comm is None


def test_a_jacobian_shown_again_names_the_widget_on_screen(in_a_notebook):
    """`J.explorer` is the widget shown last, whatever was explored in between."""
    J = in_a_notebook("a", "1")
    shown = J.explorer
    between = J.explore()
    assert J.explorer is between
    assert in_a_notebook("b", "2", J).explorer is shown


def test_a_cell_that_runs_again_closes_what_it_showed(in_a_notebook):
    """Running a cell again and again keeps one explorer; other cells keep theirs."""
    other = in_a_notebook("other", "0")
    in_a_notebook("cell", "1")
    in_a_notebook("cell", "2")
    before = len(ipywidgets.widgets.widget._instances)
    for execution in range(3, 12):
        last = in_a_notebook("cell", str(execution))
    assert len(ipywidgets.widgets.widget._instances) == before
    assert other.explorer.comm is not None and last.explorer.comm is not None


def test_a_cell_whose_explorer_was_closed_runs_again(in_a_notebook):
    """A cell whose explorer was closed, or its box, runs; no part stays open."""
    before = len(ipywidgets.widgets.widget._instances)
    export.close(in_a_notebook("cell", "1").explorer)
    in_a_notebook("cell", "2").explorer.close()
    export.close(in_a_notebook("cell", "3").explorer)
    assert len(ipywidgets.widgets.widget._instances) == before


def test_very_many_cells_keep_a_bounded_number_of_widgets(in_a_notebook, monkeypatch):
    """The oldest explorers are released; saving a page leaves none."""
    monkeypatch.setattr(reruns, "MAX_EXPLORERS", 3)
    views = [in_a_notebook(None, None).explorer.view for _ in range(3)]
    full = len(ipywidgets.widgets.widget._instances)
    for _ in range(5):
        in_a_notebook(None, None)
    assert len(ipywidgets.widgets.widget._instances) == full
    assert [view.followed for view in views] == [False] * 3


def test_a_failing_run_shows_the_last_result_again(in_a_notebook, monkeypatch):
    """Its widget and still form warn; another cell shows nothing, the next good run replaces it."""
    published = []
    monkeypatch.setattr(widget, "publish", lambda *parts: published.append(parts))
    J = in_a_notebook("cell", "1")
    explorer = J.explorer
    in_a_notebook("cell", "2", J)
    runs = explorer.jacobian.agreement
    for execution in ("3", "4"):
        monkeypatch.setattr(reruns, "_running", lambda one=execution: ("cell", one))
        reruns.show_last(ValueError("no y"))
    failed = "The cell failed: ValueError: no y. The last good result is shown."
    assert [view for _, view, _ in published] == [explorer.view] * 2
    assert explorer.view.status["stale"] == failed
    assert published[-1][0]["text/plain"].count("The cell failed") == 1
    assert f'<li class="jm-warning">⚠ {failed}</li>' in published[-1][0]["text/html"]
    assert explorer.jacobian.agreement is runs  # the function is not run again
    monkeypatch.setattr(reruns, "_running", lambda: ("other", "5"))
    reruns.show_last(ValueError("no y"))
    assert len(published) == 2
    assert in_a_notebook("cell", "6").explorer is not explorer


def test_derivations_of_all_entries_stay_below_the_widget(in_a_notebook, monkeypatch) -> None:
    """With `steps` they are an output of their own, which no widget hides."""
    shown: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.publish_display_data", shown.append)
    monkeypatch.setattr(reruns, "_running", lambda: ("cell", "1"))
    J = jacmagic.jacobian(seed, tuple(torch.tensor(v, dtype=F64) for v in (3, 4, 5)))
    J.shown(steps=True)._ipython_display_()
    still, widget, below = shown
    assert "data-jm-live" in still["text/html"] and 'class="jm-steps"' not in still["text/html"]
    assert widget["text/plain"] == ""
    assert below["text/html"].count('class="jm-steps"') == 5  # two entries are zero everywhere
    assert "data-jm-live" not in below["text/html"]
    assert below["text/plain"].count("= 48") == below["text/latex"].count("= 48") == 1
