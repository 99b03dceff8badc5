"""From a trace to a readable formula: SymPy, LaTeX, and a tape for its values."""

from jacmagic.symbolic.formula.closed import ClosedForm, close
from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.formula.excerpt import MAX_LINES, excerpt
from jacmagic.symbolic.formula.shortest import shortest
from jacmagic.symbolic.formula.typeset import plain, pretty, substituted, tex
from jacmagic.symbolic.named import sigmoid

__all__ = [
    "MAX_LINES",
    "ClosedForm",
    "DisplayForm",
    "close",
    "excerpt",
    "plain",
    "pretty",
    "shortest",
    "sigmoid",
    "substituted",
    "tex",
]
