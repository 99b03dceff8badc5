"""Register the magics and their completion with a shell, and unregister them."""

from __future__ import annotations

import itertools
import re

from IPython.core.interactiveshell import InteractiveShell

from jacmagic.notebook.check_magic import CheckMagics
from jacmagic.notebook.completion import IDENTIFIER, matcher_for
from jacmagic.notebook.first_line import NAMES, explainer, lifted
from jacmagic.notebook.magic import JacobianMagics
from jacmagic.notebook.shell_magics import parser_of

_BRACKETS = re.compile(r"(%%?(?:jacobian_check|jacobian|hessian))(?=[(\[{])")


def apart(lines: list[str]) -> list[str]:
    """Put a blank between magic and bracket: IPython then accepts `%%jacobian(x=3)`."""
    return [_BRACKETS.sub(r"\1 ", lines[0], count=1), *lines[1:]] if lines else lines


_CLASSES = (JacobianMagics, CheckMagics)
_CLEANUPS = (lifted, apart)  # of a cell's lines, in this order


def load(shell: InteractiveShell) -> None:
    """Register the magic and the completion of its line."""
    unload(shell)
    shell.register_magics(*_CLASSES)
    for name in NAMES:
        shell.magics_manager.register_function(explainer(name), "line", f"%{name}")
    shell.input_transformer_manager.cleanup_transforms += _CLEANUPS
    if shell.Completer is not None:
        magics = (JacobianMagics.jacobian, JacobianMagics.hessian, CheckMagics.jacobian_check)
        parsers = {method.__name__: parser_of(method) for method in magics}
        matcher = matcher_for(lambda: shell.user_ns, parsers)
        shell.Completer.custom_matchers.append(matcher)


def unload(shell: InteractiveShell) -> None:
    """Undo `load`."""
    cleanups = shell.input_transformer_manager.cleanup_transforms
    cleanups[:] = [cleanup for cleanup in cleanups if cleanup not in _CLEANUPS]
    _unregister(shell)
    if shell.Completer is not None:
        shell.Completer.custom_matchers = [
            matcher
            for matcher in shell.Completer.custom_matchers
            if getattr(matcher, "matcher_identifier", None) != IDENTIFIER
        ]


def _unregister(shell: InteractiveShell) -> None:
    """Remove the magics and their settings."""
    manager = shell.magics_manager
    registered = [manager.registry.pop(kind.__name__, None) for kind in _CLASSES]
    for kind, name in itertools.product(("line", "cell"), NAMES):
        owner = getattr(manager.magics[kind].get(name), "__self__", None)
        if any(owner is magics for magics in registered if magics is not None):
            del manager.magics[kind][name]
            manager.magics["line"].pop(f"%{name}", None)
    shell.configurables[:] = [
        configurable for configurable in shell.configurables if configurable not in registered
    ]
