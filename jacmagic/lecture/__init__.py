"""Notebooks as pages and slides whose explorers are live without a kernel or a network.

    jupyter nbconvert --to jacmagic.lecture.Page lecture.ipynb     # lecture.html
    jupyter nbconvert --to jacmagic.lecture.Slides lecture.ipynb   # lecture.slides.html

Both run the notebook first. Needs nbconvert, which the extra `lab` installs.
"""

from jacmagic.lecture.exporters import Page, Slides
from jacmagic.lecture.setup import embed

__all__ = ["Page", "Slides", "embed"]
