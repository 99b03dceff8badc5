"""The live explorer: one slider for each input component, and a view that follows them.

Moving a slider asks torch for the Jacobian there; values, derivation and agreement then change in
one message, so the view never shows half of two points. A function that fails at a point leaves the
last good result on screen, marked stale.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import numpy as np
import torch
import traitlets

from jacmagic import display, latex
from jacmagic.labels import Label

if TYPE_CHECKING:
    from jacmagic.result import Jacobian

Range = tuple[float, float, float | None]

MOST_SLIDERS = 24  # components up to which each has its own slider
MODULES = ("format.mjs", "grid.mjs", "mathml.mjs", "view.mjs")


@cache
def front_end() -> str:
    """The browser's modules as one ES module: the files in order, without imports and exports.

    A widget's code is one text, and no build step stands between the files and the browser; what
    each file exports is what the others use under the same name.
    """
    static = files("jacmagic") / "static"
    texts = [(static / name).read_text(encoding="utf-8") for name in MODULES]
    joined = "\n".join(
        re.sub(r'^import .*? from "\./.*?";\n', "", text, flags=re.M) for text in texts
    )
    return re.sub(r"^export (?!default)", "", joined, flags=re.M)


@cache
def style() -> str:
    """The view's style sheet."""
    return (files("jacmagic") / "static" / "view.css").read_text(encoding="utf-8")


class JacobianView(anywidget.AnyWidget):
    """Derivation, table and agreement of one Jacobian; its traits are what `view.mjs` reads."""

    # Traits with an empty default and set in __init__: a page that drops defaults keeps them.
    _esm = traitlets.Unicode("").tag(sync=True)
    _css = traitlets.Unicode("").tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    values = traitlets.Bytes(b"").tag(sync=True)
    zeros = traitlets.Bytes(b"").tag(sync=True)
    chain = traitlets.Dict().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)
    sliders = traitlets.List(traitlets.Instance(ipywidgets.Widget)).tag(
        sync=True, **ipywidgets.widget_serialization
    )

    def __init__(self, jacobian: Jacobian) -> None:
        """Show a Jacobian."""
        super().__init__(_esm=front_end(), _css=style(), spec=_spec(jacobian), **_state(jacobian))

    def show(self, jacobian: Jacobian) -> None:
        """Show the Jacobian of another point; everything changes in one message."""
        serial = self.status["serial"] + 1
        with self.hold_sync():
            for name, value in _state(jacobian, serial).items():
                setattr(self, name, value)

    def keep(self, reason: str) -> None:
        """Keep what is shown, marked stale."""
        self.status = {**self.status, "stale": reason, "serial": self.status["serial"] + 1}

    def _get_embed_state(self, drop_defaults: bool = False) -> Any:
        # An embedding page drops defaults, and with them the view's own name.
        return super()._get_embed_state(drop_defaults=False)


def _spec(jacobian: Jacobian) -> dict[str, Any]:
    """What never changes: labels, blocks and digits."""
    _, rows, columns, _ = display.layout(jacobian)
    row_blocks, column_blocks = display.blocks(jacobian)
    return {
        "title": f"Jacobian of {jacobian.title}",
        "rows": [label.unicode for label in rows],
        "columns": [label.unicode for label in columns],
        "row_blocks": row_blocks,
        "column_blocks": column_blocks,
        "digits": jacobian.view.digits,
    }


def _state(jacobian: Jacobian, serial: int = 0) -> dict[str, Any]:
    """What a point decides."""
    values, _, _, pattern = display.layout(jacobian)
    chain = jacobian.derivation
    return {
        "values": np.ascontiguousarray(values, dtype="<f8").tobytes(),
        "zeros": np.ascontiguousarray(~pattern, dtype=np.uint8).tobytes(),
        "chain": {
            "head": latex.to_mathml(chain.head),
            "signs": list(chain.signs),
            "links": [latex.to_mathml(link) for link in chain.links],
            "where": [latex.to_mathml(equation, display=False) for equation in chain.where],
            "matrix": [latex.to_mathml(equation, display=False) for equation in chain.matrix],
        },
        "status": {**_status(jacobian, values), "serial": serial},
    }


def _status(jacobian: Jacobian, values: np.ndarray) -> dict[str, Any]:
    agreement = jacobian.agreement
    marked = [(found.row, found.column) for found in agreement.disagreements]
    if jacobian.view.layout == "denominator":
        marked = [(j, i) for i, j in marked]
    marked += [(int(i), int(j)) for i, j in np.argwhere(~np.isfinite(values))]
    remarks = display.remarks(jacobian)
    return {
        "point": display.whereabouts(jacobian, unicode=True),
        "verdict": agreement.verdict,
        "agreement": str(agreement),
        "warnings": [line for line in display.warnings(jacobian) if line != str(agreement)],
        "remarks": [line for line in remarks if line != str(agreement)],
        "marked": [list(place) for place in marked],
        "stale": "",
    }


class Explorer(ipywidgets.VBox):
    """Sliders and the view that follows them.

    Attributes:
        jacobian: the Jacobian that is shown.
        view: what the browser draws.
        chooser: picks the component that has a slider, where there are too many; else None.
    """

    def __init__(
        self,
        jacobian: Jacobian,
        *,
        ranges: Mapping[str, Range] | None = None,
        digits: int | None = None,
    ) -> None:
        """Build sliders around a Jacobian's point.

        Args:
            jacobian: where to begin.
            ranges: (low, high, step or None) by label, such as {"x1": (0, 5, None)}; by default
                value ± max(1, 2·|value|).
            digits: significant digits shown.
        """
        self.jacobian = jacobian if digits is None else jacobian.shown(digits=digits)
        self._start = self.jacobian
        self._ranges = dict(ranges or {})
        self._lock = threading.RLock()
        self._quiet = False
        self._numbers = _flat(self.jacobian)
        self._sliders: dict[int, ipywidgets.FloatSlider] = {}
        self.view = JacobianView(self.jacobian)
        self._tray = ipywidgets.Box()
        self._tray.add_class("jm-sliders")
        super().__init__(children=[self._tray, self.view])
        self.add_class("jm-explorer")
        crowded = len(self._numbers) > MOST_SLIDERS
        self.chooser = self._make_chooser() if crowded else None
        self._choose([0] if crowded else range(len(self._numbers)))

    @property
    def point(self) -> dict[str, torch.Tensor]:
        """The inputs by name, where the sliders stand."""
        return self.jacobian.point

    @property
    def sliders(self) -> tuple[ipywidgets.FloatSlider, ...]:
        """The sliders on screen."""
        return tuple(w for w in self._tray.children if isinstance(w, ipywidgets.FloatSlider))

    # ── controls ──────────────────────────────────────────────────────────────────────────────

    def _choose(self, places: Iterable[int]) -> None:
        """Show sliders for these components, with the chooser where there are more."""
        reset = ipywidgets.Button(description="Reset", tooltip="Back to the first point")
        reset.add_class("jm-reset")
        reset.on_click(lambda _: self.reset())
        choosers = [] if self.chooser is None else [self.chooser]
        sliders = [self._slider(place) for place in places]
        self._tray.children = [*choosers, *sliders, reset]
        self.view.sliders = sliders

    def _make_chooser(self) -> ipywidgets.Dropdown:
        options = [(label.unicode, place) for place, label in enumerate(self.jacobian.columns)]
        chooser = ipywidgets.Dropdown(options=options, value=0, description="component")
        chooser.observe(lambda change: self._choose([change["new"]]), "value")
        return chooser

    def _slider(self, place: int) -> ipywidgets.FloatSlider:
        if place not in self._sliders:
            label, value = self.jacobian.columns[place], self._numbers[place]
            low, high, step = _range(label, value, self._ranges)
            slider = ipywidgets.FloatSlider(
                value=value,
                min=min(low, value),
                max=max(high, value),
                step=step,
                description=label.unicode,
                readout_format=f".{self.jacobian.view.digits}",
                continuous_update=True,
            )
            slider.observe(lambda change: self._moved(place, change["new"]), "value")
            self._sliders[place] = slider
        return self._sliders[place]

    def reset(self) -> None:
        """Back to the point where the explorer began."""
        with self._lock:
            self._numbers = _flat(self._start)
            self._quiet = True
            try:
                for place, slider in self._sliders.items():
                    slider.value = self._numbers[place]
            finally:
                self._quiet = False
            self._recompute()

    # ── following ─────────────────────────────────────────────────────────────────────────────

    def _moved(self, place: int, value: float) -> None:
        with self._lock:  # sliders may call from another thread than the cell runs in
            self._numbers[place] = value
            if not self._quiet:
                self._recompute()

    def _recompute(self) -> None:
        try:
            moved = self.jacobian.at(**_shaped(self.jacobian, self._numbers))
            self.view.show(moved)
        except Exception as error:  # noqa: BLE001 - the widget's edge: it becomes a visible note
            where = ", ".join(
                f"{label.unicode} = {number:.4g}"
                for label, number in list(zip(self.jacobian.columns, self._numbers, strict=True))[
                    :4
                ]
            )
            self.view.keep(
                f"{self.jacobian.title} fails at {where}: {type(error).__name__}: {error}. "
                "The last good result is shown."
            )
        else:
            self.jacobian = moved

    # ── still forms ───────────────────────────────────────────────────────────────────────────

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        return {**bundle, **display.still(self.jacobian)}


def _flat(jacobian: Jacobian) -> list[float]:
    return [
        number
        for value in jacobian.point.values()
        for number in value.detach().cpu().reshape(-1).double().tolist()
    ]


def _shaped(jacobian: Jacobian, numbers: list[float]) -> dict[str, torch.Tensor]:
    """Flat numbers as the inputs' tensors."""
    made, start = {}, 0
    for name, value in jacobian.point.items():
        part = numbers[start : start + value.numel()]
        start += value.numel()
        made[name] = torch.tensor(part, dtype=value.dtype, device=value.device).reshape(value.shape)
    return made


def _range(label: Label, value: float, ranges: Mapping[str, Range]) -> tuple[float, float, float]:
    """Low, high and step of a slider."""
    if not np.isfinite(value):
        value = 0.0
    reach = max(1.0, 2 * abs(value))
    low, high, step = ranges.get(label.text, (value - reach, value + reach, None))
    return low, high, step or _step(high - low)


def _step(width: float) -> float:
    """A step of 1, 2 or 5 times a power of ten that divides the width into about 200."""
    raw = width / 200
    power = 10.0 ** np.floor(np.log10(raw))
    return float(power * next(factor for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999))
