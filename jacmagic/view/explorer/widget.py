"""Sliders around a Jacobian, and torch's answer wherever they stand.

The browser may know the new numbers before this process does; what is computed here is torch's
Jacobian, and its agreement with them. A function that fails at a point leaves the last good result
on screen, marked stale.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.result import JacobianResult
from jacmagic.view import export, reruns
from jacmagic.view import still as display
from jacmagic.view.explorer.assets import front_end, style
from jacmagic.view.explorer.rest import Rest
from jacmagic.view.explorer.sliders import Range, Slider, range_of
from jacmagic.view.explorer.state import entries, shaped
from jacmagic.view.explorer.traits import JacobianView


@dataclass(frozen=True)
class _Identity:
    """What makes two explorers the same for a person: the name, the inputs and the start."""

    title: str
    labels: tuple[str, ...]
    start: tuple[float, ...]

    @classmethod
    def of(cls, jacobian: JacobianResult) -> _Identity:
        labels = tuple(label.text for label in jacobian.columns)
        return cls(jacobian.title, labels, tuple(jacobian.problem.flat_point))


_SLIDER_TRAITS = ("description", "value", "min", "max", "step")
MOST_SLIDERS = 24  # components up to which each has its own slider
MOST_IN_PAGE = 100_000  # bytes of derivations in a page, which can ask for none; packed, a tenth
MOST_REMEMBERED = 100  # functions whose sliders are found again

# Where the sliders of a function were left, for a cell that runs again.
_LEFT: dict[_Identity, list[float]] = {}


class Explorer(ipywidgets.VBox):
    """Sliders and the view that follows them.

    Attributes:
        jacobian: the Jacobian that is shown.
        view: what the browser draws.
        chooser: picks the component that has a slider, where there are too many; else None.
        point: the inputs by name, where the sliders stand; observe it to follow them.
        is_followed: whether another explorer has its sliders.
    """

    is_followed = False
    _heir: Explorer | None = None

    point = traitlets.Dict()

    def __init__(
        self,
        jacobian: JacobianResult,
        *,
        ranges: Mapping[str, Range] | None = None,
        digits: int | None = None,
        sliders: Explorer | None = None,
        resume: bool = False,
    ) -> None:
        """Build sliders around a Jacobian's point.

        Args:
            jacobian: where to begin.
            ranges: (low, high, step or None) by label, such as {"x1": (0, 5, None)}; by default
                value ± max(1, 2·|value|).
            digits: significant digits shown.
            sliders: another explorer whose sliders this one follows, where their labels are equal.
            resume: whether to begin where an explorer of the same function and point was left.
        """
        self.jacobian = jacobian if digits is None else jacobian.shown(digits=digits)
        self._start = self.jacobian
        self._ranges = dict(ranges or {})
        self._lock = threading.RLock()
        self._quiet = False
        self._rest = Rest(self._settle)
        self._identity = _Identity.of(self.jacobian)
        self._numbers = self.jacobian.problem.flat_point
        self._followed = {} if sliders is None else sliders.by_label
        if sliders is not None:
            sliders.is_followed = True
        self._sliders: dict[int, ipywidgets.FloatSlider] = {}
        self._layout = ipywidgets.Layout()  # one for all sliders, whose view is ours
        self.view = JacobianView(self.jacobian, at=self._numbers, on_reset=self.reset)
        crowded = len(self._numbers) > MOST_SLIDERS
        self.chooser = self._make_chooser() if crowded else None
        super().__init__(children=[part for part in (self.chooser, self.view) if part is not None])
        self.add_class("jm-explorer")
        self._choose([0] if crowded else range(len(self._numbers)))
        self.point = self.jacobian.point
        self._is_shown_by_a_cell = resume
        if resume:
            self._resume()

    @property
    def sliders(self) -> tuple[ipywidgets.FloatSlider, ...]:
        """The sliders that move this explorer, those of another one included."""
        return tuple(self.view.sliders)

    @property
    def by_label(self) -> dict[str, ipywidgets.FloatSlider]:
        """The sliders by the label of their component, for `interactive_output` and the like."""
        labels = self.jacobian.columns
        return {labels[place].text: slider for place, slider in self._sliders.items()}

    # ── controls ──────────────────────────────────────────────────────────────────────────────

    def _choose(self, places: Iterable[int]) -> None:
        """Let these components have sliders; those of another explorer are drawn there."""
        places = list(places)
        sliders = [self._slider(place) for place in places]
        theirs = self._followed.values()
        own = [place for place in places if self._sliders[place] not in theirs]
        with self.view.hold_sync():
            self.view.places, self.view.sliders, self.view.handles = places, sliders, own

    def _make_chooser(self) -> ipywidgets.Dropdown:
        options = [(label.unicode, place) for place, label in enumerate(self.jacobian.columns)]
        chooser = ipywidgets.Dropdown(options=options, value=0, description="component")
        chooser.observe(lambda change: self._choose([change["new"]]), "value")
        return chooser

    def _slider(self, place: int) -> ipywidgets.FloatSlider:
        if place not in self._sliders:
            label = self.jacobian.columns[place]
            if label.text in self._followed:
                return self._follow(place, self._followed[label.text])
            self._listen(place, Slider(**self._traits_of(place), layout=self._layout))
        return self._sliders[place]

    def _traits_of(self, place: int) -> dict[str, Any]:
        """Label, value and range of a component, whether it has a slider yet or not."""
        if place in self._sliders:
            return {name: getattr(self._sliders[place], name) for name in _SLIDER_TRAITS}
        label, value = self.jacobian.columns[place], self._numbers[place]
        traits = (label.unicode, value, *range_of(label, value, self._ranges))
        return dict(zip(_SLIDER_TRAITS, traits, strict=True))

    def _follow(self, place: int, slider: ipywidgets.FloatSlider) -> ipywidgets.FloatSlider:
        """Let another explorer's slider move a component of this one."""
        self._listen(place, slider)
        if slider.value != self._numbers[place]:
            self._moved(place, slider.value)
        return slider

    def _listen(self, place: int, slider: ipywidgets.FloatSlider) -> None:
        slider.observe(lambda change: self._moved(place, change["new"]), "value")
        self._sliders[place] = slider

    def reset(self) -> None:
        """Go back to the point where the explorer began."""
        self.move(self._start.problem.flat_point)

    def hand_over(self, heir: Explorer) -> None:
        """Let another explorer begin where this one is left, and answer what still arrives here.

        Args:
            heir: what is on screen instead; nothing is handed to one of another function or start.
        """
        with self._lock:  # a move that has arrived is finished first
            if heir is not self and heir._identity == self._identity:
                self._heir = heir
                heir._resume()

    def move(self, numbers: Sequence[float]) -> None:
        """Put every slider somewhere else, and compute once.

        Args:
            numbers: the n components of the point.
        """
        with self._lock:
            if self._heir is not None:
                self._heir.move(numbers)
                return
            self._numbers = list(numbers)
            self._quiet = True
            try:
                for place, slider in self._sliders.items():
                    slider.value = self._numbers[place]
            finally:
                self._quiet = False
            self._recompute(self.view.show)

    def _resume(self) -> None:
        left = _LEFT.get(self._identity)
        if left is not None and left != self._numbers:
            self.move(left)

    # ── following ─────────────────────────────────────────────────────────────────────────────

    def _moved(self, place: int, value: float) -> None:
        with self._lock:  # sliders may call from another thread than the cell runs in
            if self._heir is not None:
                numbers = list(self._heir._numbers)
                if numbers[place] != value:
                    self._heir.move([*numbers[:place], value, *numbers[place + 1 :]])
                return
            self._numbers[place] = value
            if not self._quiet:
                if not self._rest.can_wait:
                    self._recompute(self.view.show)
                    return
                self._recompute(self.view.move)
                self._rest.soon()

    def _settle(self) -> None:
        """Compare the sources where the sliders rest."""
        with self._lock:
            try:
                self.view.settle()
            except KeyboardInterrupt:
                self.view.keep(f"Interrupted at {self._whereabouts}: not checked.")
            except Exception as error:  # noqa: BLE001 - the widget's edge, as below
                self.view.keep(f"Not checked: {type(error).__name__}: {error}")

    def _recompute(self, show: Callable[[JacobianResult, Sequence[float]], None]) -> None:
        try:
            moved = self.jacobian.at(**shaped(self.jacobian, self._numbers))
            show(moved, self._numbers)
        except KeyboardInterrupt:
            self.view.keep(f"Interrupted at {self._whereabouts}. The last good result is shown.")
        except REFUSALS as error:  # the widget's edge: it becomes a visible note
            self.view.keep(
                f"{self.jacobian.title} fails at {self._whereabouts}: "
                f"{type(error).__name__}: {error}. The last good result is shown."
            )
        else:
            self.jacobian, self.point = moved, moved.point
            _LEFT[self._identity] = list(self._numbers)
            while len(_LEFT) > MOST_REMEMBERED:
                del _LEFT[next(iter(_LEFT))]

    @property
    def _whereabouts(self) -> str:
        shown = zip(self.jacobian.columns, self._numbers, strict=True)
        return ", ".join(f"{label.unicode} = {number:.4g}" for label, number in list(shown)[:4])

    # ── still forms ───────────────────────────────────────────────────────────────────────────

    def save_html(self, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
        """Write one file that stays live with no kernel and no network.

        Args:
            path: the file; one that exists is replaced.
            title: a heading; by default the page is called after the function.

        Raises:
            PageError: the file cannot be written.
        """
        self.view.settle()
        places = range(len(self._numbers))
        live = export.Live(
            view=self.view,
            changes={
                "places": list(places),
                "handles": list(places),
                "chooser": self.chooser is not None,
                "entries": entries(self.jacobian, MOST_IN_PAGE),
            },
            sliders=[self._traits_of(place) for place in places],
            front_end=front_end(),
            style=style(),
            still=display.static(self.jacobian),
            title=self.view.spec["title"],
        )
        return export.save(path, live, title=title)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        self.view.settle()
        if self._is_shown_by_a_cell:
            reruns.remember(self)
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        return {**bundle, **display.still(self.jacobian)}
