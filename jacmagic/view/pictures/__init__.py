"""Pictures of a function around a point, as SVG with a description in words.

They show what the "Picture" tab of the explorer draws in the browser: `static/scene_*.mjs` and the
scenes here are the same, and a test compares them.
"""

from jacmagic.view.pictures.picture import Picture, picture_of, shows_picture

__all__ = ["Picture", "picture_of", "shows_picture"]
