"""Imports that an interrupt cannot leave half done.

Python forgets a package whose import is interrupted, but not the modules in it that were imported
by then; a second import would meet them without their package's attributes, and fail until the
kernel is restarted. SymPy takes half a second to import, in the first cell.
"""

from __future__ import annotations

import importlib
import sys

_SYMPY = ("mpmath", "sympy")  # SymPy and what it imports


def import_sympy() -> None:
    """Import SymPy; begin anew where an import was interrupted, also by this call."""
    if "sympy" in sys.modules:
        return
    _forget_halves()
    try:
        importlib.import_module("sympy")
    except BaseException:
        _forget_halves()
        raise


def _forget_halves() -> None:
    """Remove modules of packages whose own import was interrupted."""
    for name in [*sys.modules]:
        package = name.partition(".")[0]
        if package in _SYMPY and package not in sys.modules:
            sys.modules.pop(name, None)
