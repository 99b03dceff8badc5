"""Running of a notebook for a page: its explorers become parts of the page."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jupyter_client.manager import KernelManager
from nbconvert.preprocessors import ExecutePreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from traitlets.config import Config

SECONDS_FOR_A_CELL = 300  # after which it is given up
_SETUP = """\
import warnings
from IPython.core.getipython import get_ipython
from jacmagic.notebook.lecture.setup import embed
get_ipython().extension_manager.unload_extension("jacmagic")
embed(get_ipython())
warnings.resetwarnings()
"""
_RESET = "%reset -f"


@contextlib.contextmanager
def kernel(name: str = "python3") -> Iterator[KernelManager]:
    """Yield a kernel that several notebooks use one after the other."""
    # Unix sockets: a port that seemed free may be taken before the kernel binds it.
    with tempfile.TemporaryDirectory() as sockets:
        manager = KernelManager(kernel_name=name, transport="ipc", ip=f"{sockets}/kernel")
        manager.start_kernel()
        try:
            yield manager
        finally:
            manager.shutdown_kernel(now=True)


def execute(
    notebook: NotebookNode,
    folder: Path,
    manager: KernelManager | None = None,
    config: Config | None = None,
) -> None:
    """Run a notebook in place, so that its explorers need no kernel afterwards.

    Args:
        notebook: is changed: its code cells get their outputs.
        folder: the kernel's working directory.
        manager: a kernel that runs already; by default a new one.
        config: nbconvert's, of which `ExecutePreprocessor`'s options hold.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    cells = [new_code_cell(_RESET), new_code_cell(_SETUP)]
    notebook.cells = [*cells, *notebook.cells]
    if manager is None:
        name = notebook.metadata.get("kernelspec", {}).get("name", "python3")
        with kernel(name) as manager:
            run(notebook, folder, manager, config)
    else:
        run(notebook, folder, manager, config)
    notebook.cells = notebook.cells[len(cells) :]


def run(
    notebook: NotebookNode, folder: Path, manager: KernelManager, config: Config | None = None
) -> None:
    """Run a notebook in place in a kernel, as it is."""
    usual = {"timeout": SECONDS_FOR_A_CELL, "store_widget_state": False}
    options = Config(ExecutePreprocessor=usual)
    options.merge(config or {})
    client = ExecutePreprocessor(config=options, coalesce_streams=True)
    client.preprocess(notebook, {"metadata": {"path": str(folder)}}, manager)
    assert client.kc is not None
    client.kc.stop_channels()  # the client of a manager that runs on leaves them open
