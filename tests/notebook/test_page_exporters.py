"""Options of nbconvert for pages of notebooks."""

from __future__ import annotations

from nbformat import v4
from traitlets.config import Config

from jacmagic.notebook.lecture.exporters import Page

LIVE = 'data-jm-kind="explorer"'


def test_execute_and_allow_errors_keep_explorers_live():
    """`--execute` runs no notebook a second time without explorers; `--allow-errors` goes on."""
    cells = ["%load_ext jacmagic", "1 / 0", "%%jacobian x=3\nx**2"]
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    config = Config(ExecutePreprocessor={"enabled": True, "allow_errors": True})
    page, _ = Page(config=config).from_notebook_node(notebook)
    assert "ZeroDivisionError" in page
    assert page.count(LIVE) == 1
