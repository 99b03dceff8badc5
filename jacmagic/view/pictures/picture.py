"""One picture: its SVG, its words, and which kind a function has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any

import numpy as np

from jacmagic.errors import OptionError
from jacmagic.labels import Label
from jacmagic.render import pgf, plane
from jacmagic.render.colour_grids import drawing
from jacmagic.render.heatmap import heatmap
from jacmagic.render.prose import paragraph
from jacmagic.render.text import displayed
from jacmagic.result.analysis.arrays import array_of
from jacmagic.result.core import JacobianResult
from jacmagic.view.pictures.choice import axes_of, block_words, pictures_of
from jacmagic.view.pictures.colouring import colouring_of
from jacmagic.view.pictures.field import field_scene
from jacmagic.view.pictures.graph import graph_scene
from jacmagic.view.pictures.levels import level_scene
from jacmagic.view.pictures.plane_map import plane_scene
from jacmagic.view.pictures.scene import Scene
from jacmagic.view.pictures.singular import singular_values
from jacmagic.view.pictures.slices import Slice, slice_of
from jacmagic.view.pictures.space import space_scene
from jacmagic.view.pictures.units import in_units, ticks
from jacmagic.view.table import blocks_of

GAP_UNITS = 24  # between two panels, in the SVG's units
# A panel is as narrow as letters of ten pixels allow before the next one stands below it.
_PANEL = f"flex:1 1 303px;min-width:0;max-width:{plane.WIDTH}px;height:auto"
_WRAPPED = f"display:flex;flex-wrap:wrap;gap:0 {GAP_UNITS}px"

SCENES: dict[str, Callable[[Slice, float, int], Scene]] = {
    "map": plane_scene,
    "field": field_scene,
    "levels": level_scene,
    "graph": graph_scene,
    "space": space_scene,
}


@dataclass(frozen=True)
class Picture:
    """A picture of a function around a point.

    Attributes:
        kind: "map", "field", "levels", "graph", "space", "matrix" or "colouring".
        svg: the drawing; its background is transparent, its text has the page's colour.
        words: the same in sentences.
        panels: the parts of the drawing, each as SVG; a page puts them below each other if it is
            narrow.
    """

    kind: str
    svg: str
    words: tuple[str, ...]
    panels: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.words)

    @property
    def html(self) -> str:
        """The drawing with its words below it."""
        caption, drawn = escape(" ".join(self.words)), "".join(self.panels)
        return (
            f'<figure style="margin:0.5em 0"><div role="img" style="{_WRAPPED}" '
            f'aria-label="{escape(self.words[0])}">{drawn}</div><figcaption>{caption}</figcaption></figure>'
        )

    @property
    def latex(self) -> str:
        """The drawing for the package pgf, with its words below it."""
        return f"{pgf.from_svg(self.svg)}\n\n{paragraph(' '.join(self.words))}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # No image/svg+xml: nbconvert's PDF would need Inkscape for it.
        return {"text/html": self.html, "text/latex": self.latex, "text/plain": repr(self)}


def shows_picture(jacobian: JacobianResult) -> bool:
    """Whether the still forms of a result include its picture: where it is asked for."""
    return jacobian.view.picture and not jacobian.large and min(jacobian.shape) > 0


def picture_of(
    jacobian: JacobianResult,
    kind: str | None = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    zoom: float = 1.0,
) -> Picture:
    """Draw a function around the point; see `Jacobian.picture`."""
    m, n = jacobian.shape
    colouring = colouring_of(jacobian)
    pictures = pictures_of(jacobian)
    kinds = [*pictures, *(["colouring"] if colouring is not None else [])]
    kind = kind or kinds[0]
    if kind not in kinds or not min(m, n):
        raise OptionError(
            f"expected a picture of {m} outputs by {n} inputs: {', '.join(kinds)}; found {kind!r}; "
            f"write picture({kinds[0]!r})"
        )
    if not zoom > 0:
        raise OptionError(f"expected a positive zoom; found {zoom!r}; write zoom=10")
    if kind == "matrix":
        return _matrix(jacobian)
    if kind == "colouring" and colouring is not None:
        grids = drawing(colouring.grids, colouring.words)
        return Picture(kind, grids, tuple(colouring.words), (grids,))
    first = pictures[kind]
    columns = _indices(jacobian.columns, inputs, first.inputs)
    rows = _indices(jacobian.rows, outputs, first.outputs)
    axes = axes_of(jacobian, kind, columns, rows)
    with np.errstate(all="ignore"):  # values near the point may be infinite
        part = slice_of(jacobian, axes.outputs, axes.inputs)
        scaled, radius, note = in_units(part, kind, zoom)
        scene = SCENES[kind](scaled, radius, jacobian.view.digits)
    words = [*scene.words, *note, *block_words(jacobian, kind, axes)]
    return _drawn(kind, Scene(scene.panels, words))


def _indices(
    labels: Sequence[Label], names: Sequence[str] | None, first: Sequence[int]
) -> list[int] | None:
    """Return indices of labels, as many as usually; None where none are wanted."""
    if names is None:
        return None
    texts = [label.text for label in labels]
    missing = [name for name in names if name not in texts]
    if missing or not len(names) == len({*names}) == len(first):
        usual = tuple(texts[k] for k in first)
        raise OptionError(
            f"expected {len(first)} of {', '.join(texts[:12])}; found {', '.join(names)}; "
            f"write {usual!r}"
        )
    return [texts.index(name) for name in names]


def _drawn(kind: str, scene: Scene) -> Picture:
    title = f"<title>{escape(scene.words[0])}</title>"
    description = f"<desc>{escape(' '.join(scene.words[1:]))}</desc>"
    # letters that tell a scene from others on the same page
    digest = sha256(repr(scene).encode()).hexdigest()[:12]
    panels = [
        plane.drawing(panel, ticks, f"jm-clip-{digest}-{k}") for k, panel in enumerate(scene.panels)
    ]
    moved = [
        f'<g transform="translate({k * (plane.WIDTH + GAP_UNITS)} 0)">{panel}</g>'
        for k, panel in enumerate(panels)
    ]
    width = len(panels) * (plane.WIDTH + GAP_UNITS) - GAP_UNITS
    return Picture(
        kind,
        _svg("".join([title, description, *moved]), width, 'role="img"'),
        tuple(scene.words),
        tuple(_svg(panel, plane.WIDTH, f'style="{_PANEL}"') for panel in panels),
    )


def _svg(content: str, width: int, attributes: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {attributes} width="{width}" '
        f'height="{plane.HEIGHT}" viewBox="0 0 {width} {plane.HEIGHT}" '
        f'font-family="system-ui,sans-serif" fill="currentColor">{content}</svg>'
    )


def _matrix(jacobian: JacobianResult) -> Picture:
    """Draw the entries as a heat map, with rank and condition number in words."""
    values, digits = array_of(jacobian), jacobian.view.digits
    drawn = heatmap(
        values,
        jacobian.pattern.cpu().numpy(),
        rows=[label.unicode for label in jacobian.rows],
        columns=[label.unicode for label in jacobian.columns],
        blocks=blocks_of(jacobian),
    )
    m, n = jacobian.shape
    words = f"A heat map of {m} × {n} entries."
    if sigmas := singular_values(values):
        rank = np.count_nonzero(sigmas)
        first, last = (displayed(sigma, digits) for sigma in (sigmas[0], sigmas[-1]))
        words += f" The singular values go from {first} to {last}: rank {rank}"
        full = rank == len(sigmas)
        words += f", condition number {displayed(sigmas[0] / sigmas[-1], digits)}." if full else "."
    return Picture("matrix", drawn, (words,), (drawn,))
