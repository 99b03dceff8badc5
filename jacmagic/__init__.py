"""Jacobians of torch functions in a notebook: numbers, closed form, sliders.

    %load_ext jacmagic            # then %%jacobian above a cell, or %jacobian f
    jacmagic.jacobian(f, x)       # the same from Python
    jacmagic.compile(f, x)        # a compiled Jacobian, called at many points
    jacmagic.compare(hand, f, x)  # is a hand-derived Jacobian right, and what went wrong

Importing this is light: torch and SymPy load on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from jacmagic.function.garbage import without_collection

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jacmagic.api import compile, hessian, jacobian
    from jacmagic.errors import (
        CellError,
        FunctionError,
        JacmagicError,
        OptionError,
        PageError,
        PointError,
        SizeError,
        StrictError,
    )
    from jacmagic.result.compiled.function import CompiledJacobian
    from jacmagic.sweeps import Sweep, sweep
    from jacmagic.sweeps.batch import JacobianBatch
    from jacmagic.view.checks import assert_jacobian, compare
    from jacmagic.view.comparison import Comparison
    from jacmagic.view.exact import ExactJacobian
    from jacmagic.view.implicit import implicit
    from jacmagic.view.jacobian import Jacobian

__version__ = "0.1.0.dev0"

__all__ = [
    "CellError",
    "Comparison",
    "CompiledJacobian",
    "ExactJacobian",
    "FunctionError",
    "JacmagicError",
    "Jacobian",
    "JacobianBatch",
    "OptionError",
    "PageError",
    "PointError",
    "SizeError",
    "StrictError",
    "Sweep",
    "__version__",
    "assert_jacobian",
    "compare",
    "compile",
    "hessian",
    "implicit",
    "jacobian",
    "load_ipython_extension",
    "sweep",
    "unload_ipython_extension",
]

_MODULES = {
    "CellError": "errors",
    "CompiledJacobian": "result.compiled.function",
    "FunctionError": "errors",
    "JacmagicError": "errors",
    "OptionError": "errors",
    "PageError": "errors",
    "PointError": "errors",
    "SizeError": "errors",
    "StrictError": "errors",
    "Comparison": "view.comparison",
    "ExactJacobian": "view.exact",
    "Jacobian": "view.jacobian",
    "JacobianBatch": "sweeps.batch",
    "Sweep": "sweeps.result",
    "assert_jacobian": "view.checks",
    "compare": "view.checks",
    "compile": "api",
    "hessian": "api",
    "implicit": "view.implicit",
    "jacobian": "api",
    "sweep": "sweeps.run",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with without_collection():
        value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%jacobian`, `%hessian` and their cell forms (`%load_ext jacmagic`)."""
    from jacmagic.notebook.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Leave the shell as it was; called by `%unload_ext jacmagic`."""
    from jacmagic.notebook.extension import unload

    unload(shell)
