"""The line of the user's code that is running, found on the call stack."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from types import FrameType

import numpy as np
import torch

_PACKAGE = str(Path(sys.modules["jacmagic"].__file__ or "").parent)
_TRACER = str(Path(__file__).parent / "tracer.py")
_INSTALLED = tuple(
    sysconfig.get_path(kind) for kind in ("purelib", "platlib") if sysconfig.get_path(kind)
)
_NOT_THE_USERS = (
    *(str(Path(module.__file__ or "").parent) for module in (torch, np)),
    _PACKAGE,
)
_STANDARD = sysconfig.get_path("stdlib")


def is_users(name: str) -> bool:
    """Whether a file is the user's own, and no library's."""
    if name.startswith(_NOT_THE_USERS) or name.startswith("<frozen"):
        return False
    return not name.startswith(_STANDARD) or name.startswith(_INSTALLED)


def is_own(frame: FrameType) -> bool:
    """Whether a frame runs code of this package."""
    return frame.f_code.co_filename.startswith(_PACKAGE)


def users_line() -> int | None:
    """Return the line of the nearest frame of the user's code; None without one.

    A frame of an installed package counts only where no other is: its line without its file would
    be taken for one of the cell.
    """
    frame, installed = sys._getframe(1), None
    while frame.f_back is not None:
        name = frame.f_code.co_filename
        if name == _TRACER and frame.f_code.co_name == "trace":
            break
        if is_users(name):
            if not name.startswith(_INSTALLED):
                return frame.f_lineno
            installed = installed or frame.f_lineno
        frame = frame.f_back
    return installed
