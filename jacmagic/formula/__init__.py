"""From a trace to a formula that can be read: SymPy, LaTeX, and a tape for its values."""

from jacmagic.formula.clauses import Clause
from jacmagic.formula.closed import ClosedForm, close
from jacmagic.formula.excerpt import MOST_PLACES, excerpt
from jacmagic.formula.named import NamedNumber, sigmoid
from jacmagic.formula.reading import Reading
from jacmagic.formula.shortest import shortest
from jacmagic.formula.sympify import CANONICAL, WRITTEN, to_sympy
from jacmagic.formula.typeset import plain, pretty, substituted, tex

__all__ = [
    "CANONICAL",
    "MOST_PLACES",
    "WRITTEN",
    "Clause",
    "ClosedForm",
    "NamedNumber",
    "Reading",
    "close",
    "excerpt",
    "plain",
    "pretty",
    "shortest",
    "sigmoid",
    "substituted",
    "tex",
    "to_sympy",
]
