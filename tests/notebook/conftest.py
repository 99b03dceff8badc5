"""A shell with the magics, shared by the tests of one file."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    """Return a new shell with the extension loaded; its history is in memory."""
    settings = Config()
    settings.HistoryManager.hist_file = ":memory:"
    shell = InteractiveShell(config=settings)
    shell.run_line_magic("load_ext", "jacmagic")
    return shell
