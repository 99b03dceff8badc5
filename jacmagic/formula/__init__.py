"""From a trace to a formula that can be read: SymPy, LaTeX, and a tape for its values."""

from jacmagic.formula.closed import ClosedForm, close
from jacmagic.formula.sympify import CANONICAL, WRITTEN, to_sympy
from jacmagic.formula.typeset import pretty, substituted, tex

__all__ = [
    "CANONICAL",
    "WRITTEN",
    "ClosedForm",
    "close",
    "pretty",
    "substituted",
    "tex",
    "to_sympy",
]
