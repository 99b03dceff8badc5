"""Start the kernels of tests on Unix sockets, so that test runs share no port.

A pytest plugin (`-p ipc_kernels`); `tests/conftest.py` loads it for the Python tests, the Makefile
for the notebooks.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.connect import ConnectionFileMixin

SOCKETS = tempfile.TemporaryDirectory(prefix="jacmagic-kernels-")
ConnectionFileMixin.transport.default_value = "ipc"
_write = ConnectionFileMixin.write_connection_file


def _write_with_own_sockets(self: ConnectionFileMixin, **options: Any) -> None:
    """Give a kernel sockets in a folder of its own, not in the current one."""
    if not self.connection_file:
        self.ip = str(Path(tempfile.mkdtemp(dir=SOCKETS.name)) / "ipc")
    _write(self, **options)


ConnectionFileMixin.write_connection_file = _write_with_own_sockets
