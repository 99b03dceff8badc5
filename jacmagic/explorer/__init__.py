"""The live explorer: one slider for each input component, and a view that follows them.

`widget` holds the sliders and asks torch, `view` is what the browser draws, `state` is what the two
tell each other, `assets` the browser's own code.
"""

from jacmagic.explorer.assets import MODULES, front_end, style
from jacmagic.explorer.view import JacobianView
from jacmagic.explorer.widget import Explorer

__all__ = ["MODULES", "Explorer", "JacobianView", "front_end", "style"]
