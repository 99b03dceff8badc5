"""A cell that runs again closes the widget that its result replaces."""

from __future__ import annotations

import types
from typing import Any

import ipywidgets
import pytest
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets.widgets import widget
from traitlets.config import Config

from jacmagic.view import jacobian as face
from jacmagic.view import reruns

CELL = "%%jacobian x=3 y=4\ndef f(x, y): return x*y, x**2"


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """Return a shell like a kernel's; `shell.cell` identifies the running cell."""
    settings = Config()
    settings.HistoryManager.hist_file = ":memory:"
    shell: Any = InteractiveShell(config=settings)
    shell.run_line_magic("load_ext", "jacmagic")
    monkeypatch.setattr(face, "is_kernel", lambda: True)
    shell.cell = "a"
    parent = lambda: {"metadata": {"cellId": shell.cell}}  # noqa: E731 - one line of a fake
    shell.kernel = types.SimpleNamespace(get_parent=parent)
    monkeypatch.setattr(reruns, "_OUTPUTS", [])
    monkeypatch.setattr(reruns, "_REPLACED", [])
    monkeypatch.setattr(reruns, "_running", lambda: (shell.cell, str(shell.execution_count)))
    return shell


def run(shell: InteractiveShell, cell: str = CELL) -> Any:
    result = shell.run_cell(cell, store_history=True)
    result.raise_error()
    return result.result


def widgets() -> int:
    """Return the number of widgets that the kernel keeps."""
    return len(widget._instances)


def test_a_rerun_keeps_as_many_widgets(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old one is closed once, and the results themselves stay usable."""
    first = run(shell)
    run(shell)
    before = widgets()
    for _ in range(5):
        assert run(shell).explorer.comm is not None
    assert widgets() == before
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert first.at(x=5.0).matrix.tolist() == [[4, 5], [10, 0]]
    assert isinstance(first.explore(), ipywidgets.Widget)


def test_another_cell_keeps_its_own(shell: InteractiveShell) -> None:
    """Cells of equal text are distinguished by the front end's identifiers."""
    first = run(shell)
    shell.cell = "b"  # type: ignore[attr-defined]
    run(shell)
    assert first.explorer.comm is not None


def test_a_failing_rerun_closes_nothing(shell: InteractiveShell) -> None:
    """Displayed widgets stay open."""
    first = run(shell)
    assert not shell.run_cell(CELL.replace("x=3", "q=3")).success
    assert first.explorer.comm is not None


class Wordless(Exception):
    """An exception whose text cannot be asked for."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("failure", [OSError("disk full"), KeyboardInterrupt(), Wordless()])
def test_a_last_result_that_fails_does_not_mask_the_cell_s_error(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch, failure
) -> None:
    """The user's own error is raised, and one line says that nothing can be shown."""
    explorer = run(shell).explorer

    def show_again(reason: str) -> None:
        raise failure

    monkeypatch.setattr(explorer, "show_again", show_again)
    done = shell.run_cell(CELL.replace("return", "{}[x]; return"), store_history=True)
    assert type(done.error_in_exec) is KeyError
    warning = capsys.readouterr().err
    assert warning.startswith("⚠ The last good result cannot be shown again: ")
    assert type(failure).__name__ in warning and warning.count("\n") == 1


def test_a_widget_that_others_follow_or_show_stays(shell: InteractiveShell) -> None:
    """Linked explorers, and results shown in another cell as well."""
    first = run(shell)
    follower = first.explore(sliders=vars(first)["_displayed"])
    second = run(shell)
    assert follower.sliders[0].comm is not None
    shell.cell = "c"  # type: ignore[attr-defined]
    shell.user_ns["second"] = second
    before = widgets()
    run(shell, "second")  # the same widget again
    assert widgets() == before
    shell.cell = "a"  # type: ignore[attr-defined]
    run(shell)
    run(shell)
    assert second.explorer.comm is not None


def test_a_saved_page_leaves_the_widget_on_screen(shell: InteractiveShell, tmp_path: Any) -> None:
    """The page's own widget is closed, not the one that is shown."""
    result = run(shell)
    on_screen = result.explorer
    result.save_html(tmp_path / "page.html")
    assert result.explorer is on_screen
    assert on_screen.comm is not None


def test_late_messages_are_handled_by_the_new_widget(shell: InteractiveShell) -> None:
    """A slider's event that is handled after the cell has run again is not lost."""
    old = run(shell).explorer
    old.sliders[0].value = 5.0
    new = run(shell).explorer
    assert new is not old and new.sliders[0].value == 5.0
    old.view.asked_to_reset()  # sent before the cell ran, handled after it
    assert [slider.value for slider in new.sliders] == [3.0, 4.0]
    assert new.jacobian.matrix.tolist() == [[4, 3], [6, 0]]
    old.sliders[1].value = 7.5
    assert new.sliders[1].value == 7.5 and new.point["y"].item() == 7.5
    newest = run(shell).explorer
    assert old.comm is None and newest.sliders[1].value == 7.5


def test_another_start_inherits_nothing(shell: InteractiveShell) -> None:
    """A cell that was edited shows the point that it names."""
    old = run(shell).explorer
    new = run(shell, CELL.replace("x=3", "x=2")).explorer
    old.sliders[0].value = 9.0
    assert new.sliders[0].value == 2.0


def test_a_quiet_rerun_closes_what_stood_there(shell: InteractiveShell) -> None:
    """After the next run nothing of it is left."""
    old = run(shell).explorer
    for _ in range(2):
        run(shell, CELL.replace("y=4", "y=4 -q"))
    assert old.comm is None
