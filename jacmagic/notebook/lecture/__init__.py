"""Notebooks as pages and slides whose explorers are live without a kernel or a network.

    jupyter nbconvert --to jacmagic-page lecture.ipynb     # lecture.html
    jupyter nbconvert --to jacmagic-slides lecture.ipynb   # lecture.slides.html

Both run the notebook first. Needs nbconvert, which the extra `lab` installs.
"""

from jacmagic.notebook.lecture.exporters import Page, Slides
from jacmagic.notebook.lecture.setup import embed

__all__ = ["Page", "Slides", "embed"]
