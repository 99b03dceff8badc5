"""Open JupyterLab on one notebook and print its address with the token.

    python tools/lab.py notebooks/quickstart.ipynb [jupyter options, e.g. --no-browser]

The server listens on this machine only. Its token is random and part of the printed address:
no other user of the machine has access.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

HOST = "127.0.0.1"


def main(arguments: list[str]) -> int:
    """Serve until interrupted; return the exit status of JupyterLab."""
    notebook, options = Path(arguments[0]), arguments[1:]
    port, token = free_port(8888), secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.log_level=WARN"]
    command += [f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += ["--LabApp.news_url=None", "--LabApp.extension_manager=readonly"]
    command += [option for option in options if option != "--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # a container; the server is bound to this machine
    server = subprocess.Popen(command, env={**os.environ, "JUPYTER_TOKEN": token})
    address = f"http://localhost:{port}/lab/tree/{notebook.as_posix()}?token={token}"
    visit = "--no-browser" not in options
    threading.Thread(target=announce, args=(address, port, visit), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()  # no "Shut down this server (y/[n])?"
        return server.wait()


def announce(address: str, port: int, visit: bool) -> None:
    """Wait until the server answers, then print the address and open it in a browser."""
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}/api", timeout=1)
            break
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    print(f"\n  JupyterLab is open at\n\n    {address}\n\n  Ctrl-C ends it.\n", flush=True)
    if visit:
        webbrowser.open(address)


def free_port(wanted: int) -> int:
    """Return the wanted port, or the next one that is free."""
    for port in range(wanted, wanted + 100):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                return port
    raise SystemExit(f"no free port from {wanted} to {wanted + 99}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
