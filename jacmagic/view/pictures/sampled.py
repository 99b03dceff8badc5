"""Pictures that the kernel computes for the browser, of functions without a closed form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

from jacmagic.render.plane import Panel, Shape
from jacmagic.result.core import JacobianResult
from jacmagic.view.pictures.choice import Axes, block_words, pictures_of
from jacmagic.view.pictures.picture import SCENES
from jacmagic.view.pictures.slices import slice_of
from jacmagic.view.pictures.space import TILT, TURN, space_scene

_NUMBERS = ("radius", "turn", "tilt")
FIRST_SHARE = 0.25  # of the shorter slider's range: half the square's side, as in the browser


def first_request(jacobian: JacobianResult, widths: Sequence[float]) -> dict[str, Any]:
    """Return what the browser asks for when its tab opens.

    Args:
        jacobian: the result.
        widths: of the sliders' ranges.
    """
    kind, (inputs, outputs) = next(iter(pictures_of(jacobian).items()))
    radius = FIRST_SHARE * min((widths[j] for j in inputs), default=4.0)
    request = {"picture": kind, "inputs": inputs, "outputs": outputs, "radius": radius}
    return {**request, "turn": TURN, "tilt": TILT}


def sampled(jacobian: JacobianResult, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a picture as plain data, {} for an invalid request.

    Args:
        jacobian: the result.
        request: picture, inputs, outputs, radius, turn and tilt, as the browser wrote them.
    """
    m, n = jacobian.shape
    kind, columns, rows = (request.get(name) for name in ("picture", "inputs", "outputs"))
    numbers = [float(number) for number in map(request.get, _NUMBERS) if _is_finite(number)]
    pictures = pictures_of(jacobian)
    if kind not in SCENES or kind not in pictures or len(numbers) < len(_NUMBERS):
        return {}
    across, up = map(len, pictures[kind])
    if not (_indexes(columns, n, across) and _indexes(rows, m, up)):
        return {}
    radius, *camera = numbers
    if radius <= 0:
        return {}
    part, digits = slice_of(jacobian, columns=columns, rows=rows), jacobian.view.digits
    with np.errstate(all="ignore"):  # values near the point may be infinite
        scene = (
            space_scene(part, radius, digits, *camera)
            if kind == "space"
            else SCENES[kind](part, radius, digits)
        )
    if not all(math.isfinite(end) for panel in scene.panels for end in (*panel.across, *panel.up)):
        return {}
    return {
        **{name: request[name] for name in ("picture", "inputs", "outputs", "radius")},
        "turn": camera[0],
        "tilt": camera[1],
        "at": list(jacobian.problem.flat_point),
        "panels": [_panel(panel) for panel in scene.panels],
        "words": [*scene.words, *block_words(jacobian, kind, Axes(columns, rows))],
    }


def _is_finite(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)


def _indexes(value: Any, count: int, axes: int) -> TypeGuard[list[int]]:
    """Whether these are distinct indices, one for each axis of a picture."""
    return (
        isinstance(value, list)
        and len(value) == len({*value}) == axes
        and all(isinstance(index, int) and 0 <= index < count for index in value)
    )


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "axes": list(panel.axes),
        "frame": {"x": list(panel.across), "y": list(panel.up)},
        "shapes": [_shape(shape) for shape in panel.shapes if np.isfinite(shape.points).all()],
        "turns": not any(panel.axes),
    }


def _shape(shape: Shape) -> dict[str, Any]:
    points = [[float(x), float(y)] for x, y in shape.points]
    return {"kind": shape.kind, "points": points, "look": shape.look, "label": shape.label}
