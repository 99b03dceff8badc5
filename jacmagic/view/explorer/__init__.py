"""The live explorer: a slider for each input component, and a view.

`widget` holds the sliders and computes, `traits` is the browser's view; `state`, `formula`,
`entries` and `live_tape` write its traits, `assets` joins its code.
"""

from jacmagic.view.explorer.widget import Explorer

__all__ = ["Explorer"]
