"""Why a backend cannot compute a Jacobian; each message says why in a few words."""

from __future__ import annotations


class NoForm(Exception):
    """There is no closed form to compile."""


class NoNativeCode(Exception):
    """There is no machine code for a program."""


class NoGraph(Exception):
    """The computation cannot be traced."""


OBSTACLES = (NoForm, NoNativeCode, NoGraph)
