"""The system's C compiler: search, run on a source file, load the library."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jacmagic.result.compiled.obstacles import NotCompiled

MAX_SECONDS_TO_COMPILE = 60.0  # for one file; a compiler that takes longer is none


@cache
def c_compiler() -> str | None:
    """Return the system's C compiler, or None."""
    configured = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    paths = (shutil.which(name) for name in (configured, "cc", "gcc", "clang"))
    return None if sys.platform == "win32" else next(filter(None, paths), None)


def library(command: Sequence[str], source: str) -> ctypes.PyDLL:
    """Compile and load; the files are gone afterwards."""
    linux = ["-nostdlib", "-lgcc"]  # the C library comes with the mathematical one, and with Python
    extra = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else linux
    with tempfile.TemporaryDirectory(prefix="jacmagic-") as folder:
        text, built = Path(folder, "jacobian.c"), Path(folder, "jacobian.so")
        text.write_text(source, encoding="ascii")
        try:
            subprocess.run(
                [*command, str(text), "-o", str(built), "-lm", *extra],
                check=True,
                capture_output=True,
                text=True,
                timeout=MAX_SECONDS_TO_COMPILE,
            )
            return ctypes.PyDLL(str(built))
        except (OSError, subprocess.SubprocessError) as error:
            message = getattr(error, "stderr", None) or str(error)
            raise NotCompiled(f"the C compiler failed: {str(message).strip()[:200]}") from None
