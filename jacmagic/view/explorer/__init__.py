"""The live explorer: one slider for each input component, and a view that follows them.

`widget` holds the sliders and asks torch, `view` is what the browser draws, `state` is what the two
tell each other, `assets` the browser's own code.
"""

from jacmagic.view.explorer.assets import MODULES, front_end, style
from jacmagic.view.explorer.traits import JacobianView
from jacmagic.view.explorer.widget import Explorer

__all__ = ["MODULES", "Explorer", "JacobianView", "front_end", "style"]
