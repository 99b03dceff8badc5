r"""SVG drawings as LaTeX: `pgfpicture`, for PDFs of notebooks.

It reads the elements that `plane` and `heatmap` write: groups with `translate` and `scale`, clips,
rectangles, circles, paths of M, L, h, v and z, and texts. The package pgf is all that it needs;
nbconvert's template loads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.etree import ElementTree

from jacmagic.render.prose import inline

PAGE_POINTS = 430.0  # of a drawing that is as wide as the text
UNIT_POINTS = 0.75  # of an SVG unit on paper, as browsers print it
MAX_POINTS = 10_000.0  # of a coordinate; TeX's lengths end at 16383 pt
_MACROS = (
    r"\def\M#1 #2 {\pgfpathmoveto{\pgfqpoint{#1pt}{#2pt}}}"
    r"\def\L#1 #2 {\pgfpathlineto{\pgfqpoint{#1pt}{#2pt}}}"
)
_STEP = re.compile(r"([MLhvz])([^MLhvz]*)")
_ANCHORS = {"start": "left,", "end": "right,", "middle": ""}


class _Frame(NamedTuple):
    """Coordinates of a group in points: x ↦ (x·scale + across), y likewise, upwards."""

    scale: float
    across: float
    down: float

    def moved(self, transform: str) -> _Frame:
        x, y, scale = _numbers(transform) if "scale" in transform else (*_numbers(transform), 1.0)
        return _Frame(self.scale * scale, self.across + self.scale * x, self.down + self.scale * y)

    def at(self, x: float, y: float) -> str:
        points = self.across + self.scale * x, -self.down - self.scale * y
        return " ".join(
            f"{min(max(coordinate, -MAX_POINTS), MAX_POINTS):.2f}" for coordinate in points
        )

    def point(self, x: float, y: float) -> str:
        across, up = self.at(x, y).split()
        return rf"\pgfqpoint{{{across}pt}}{{{up}pt}}"


def from_svg(svg: str) -> str:
    """Return a drawing as LaTeX, at most as wide as a page.

    Args:
        svg: a drawing of this package.
    """
    root = ElementTree.fromstring(svg)
    frame = _Frame(min(UNIT_POINTS, PAGE_POINTS / float(root.attrib["width"])), 0.0, 0.0)
    size = f"{float(root.get('font-size', 12)) * frame.scale:.1f}pt"
    width, height = (float(root.attrib[name]) for name in ("width", "height"))
    box = _path(f"M0 0h{width}v{height}h-{width}z", frame) + r"\pgfusepath{use as bounding box}"
    return "\n".join(
        [
            rf"\begin{{center}}\fontsize{{{size}}}{{{size}}}\selectfont",
            rf"\begin{{pgfpicture}}{_MACROS}{box}",
            *_drawn(root, frame, root),
            r"\end{pgfpicture}\end{center}",
        ]
    )


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", text)]


def _drawn(element: Any, frame: _Frame, root: Any) -> Iterator[str]:
    """Yield the lines of an element and of what it holds."""
    name = element.tag.rpartition("}")[2]
    if name in ("title", "desc", "clipPath"):
        return
    if name in ("svg", "g"):
        frame = frame.moved(element.get("transform", "translate(0 0)"))
        yield r"\begin{pgfscope}" + _clip(element, frame, root)
        for inner in element:
            yield from _drawn(inner, frame, root)
        yield r"\end{pgfscope}"
    elif name == "text":
        across, up = frame.at(float(element.get("x", 0)), float(element.get("y", 0))).split()
        anchor = _ANCHORS[element.get("text-anchor", "start")]
        yield rf"\pgftext[{anchor}base,x={across}pt,y={up}pt]{{{inline(element.text or '')}}}"
    else:
        yield _painted(element, _outline(name, element, frame))


def _clip(element: Any, frame: _Frame, root: Any) -> str:
    """Return the clipping of a group by a rectangle."""
    identity = element.get("clip-path", "").removeprefix("url(#").removesuffix(")")
    for definition in root.iter():
        if identity and definition.get("id") == identity:
            return _outline("rect", definition[0], frame) + r"\pgfusepath{clip}"
    return ""


def _outline(name: str, element: Any, frame: _Frame) -> str:
    """Return the path of a rectangle, a circle or a path."""
    if name == "circle":
        centre = frame.point(float(element.get("cx")), float(element.get("cy")))
        return rf"\pgfpathcircle{{{centre}}}{{{float(element.get('r')) * frame.scale:.2f}pt}}"
    if name == "rect":
        x, y, width, height = (float(element.get(k, 0)) for k in ("x", "y", "width", "height"))
        return _path(f"M{x} {y}h{width}v{height}h-{width}z", frame)
    return _path(element.get("d"), frame)


def _path(source: str, frame: _Frame) -> str:
    drawn = []
    x = y = 0.0
    for letter, numbers in _STEP.findall(source):
        if letter == "z":
            drawn.append(r"\pgfpathclose")
            continue
        first, *rest = _numbers(numbers)
        if letter == "h":
            x += first
        elif letter == "v":
            y += first
        else:
            x, y = first, rest[0]
        drawn.append(rf"\{'M' if letter == 'M' else 'L'}{frame.at(x, y)} ")
    return "".join(drawn)


def _painted(element: Any, outline: str) -> str:
    """Return a path in its colours, its width and its dashes, in a scope of its own."""
    stroke, fill = element.get("stroke", "none"), element.get("fill", "black")
    settings = []
    for kind, colour in (("stroke", stroke), ("fill", fill)):
        if colour != "none":
            settings.append(_coloured(kind, colour, element.get(f"{kind}-opacity")))
    settings.append(rf"\pgfsetlinewidth{{{0.6 * float(element.get('stroke-width', 1)):.2f}pt}}")
    dashes = [
        f"{{{0.6 * length:.1f}pt}}" for length in _numbers(element.get("stroke-dasharray", ""))
    ]
    settings += [rf"\pgfsetdash{{{''.join(dashes)}}}{{0pt}}"] if dashes else []
    used = ",".join(
        kind for kind, colour in (("stroke", stroke), ("fill", fill)) if colour != "none"
    )
    return rf"\begin{{pgfscope}}{''.join(settings)}{outline}\pgfusepath{{{used}}}\end{{pgfscope}}"


def _coloured(kind: str, colour: str, opacity: str | None) -> str:
    digits = colour.removeprefix("#")
    if colour.startswith("#"):
        code = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
        set_colour = rf"\definecolor{{jm}}{{HTML}}{{{code.upper()}}}\pgfset{kind}color{{jm}}"
    else:
        set_colour = rf"\pgfset{kind}color{{black}}"
    return set_colour + (rf"\pgfset{kind}opacity{{{opacity}}}" if opacity else "")
