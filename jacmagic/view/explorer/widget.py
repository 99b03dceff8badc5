"""The explorer's widget: sliders, and torch's Jacobian at their point.

The browser may show the tape's numbers before; what is computed here is torch's Jacobian, and its
agreement with them. A function that fails at a point leaves the last good result on screen, marked
stale.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from jacmagic.errors import text_of
from jacmagic.function.interop.call_limit import REFUSALS
from jacmagic.result.core import JacobianResult
from jacmagic.view import export, reruns, still
from jacmagic.view.explorer.debounce import Debounce
from jacmagic.view.explorer.last_points import ExplorerState, identity_of, recall, remember
from jacmagic.view.explorer.page import page_of
from jacmagic.view.explorer.sliders import Range, SliderSet
from jacmagic.view.explorer.traits import JacobianView
from jacmagic.view.live_output import WIDGET, publish

MAX_SLIDERS = 24  # components with a slider each: about a screen; for more there is a chooser
MAX_COMPONENTS_NAMED = 4  # of a point in a notice


class Explorer(ipywidgets.VBox):
    """Sliders and the view that follows them.

    Attributes:
        jacobian: the Jacobian that is shown.
        view: the view that the browser draws.
        chooser: picks the component that has a slider, where there are too many; else None.
        point: the inputs by name; observe it to follow the sliders.
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
                value ± max(1, 2·|value|), less for a tiny value.
            digits: significant digits shown.
            sliders: another explorer whose sliders this one follows, where their labels are equal.
            resume: whether to begin where an explorer of the same function and point was left.
        """
        self.jacobian = jacobian if digits is None else jacobian.shown(digits=digits)
        self._start = self.jacobian
        self._identity = identity_of(self.jacobian)
        self._lock = threading.RLock()
        self._debounce = Debounce(self._settle)
        if sliders is not None:
            sliders.is_followed = True
        labels, numbers = self.jacobian.columns, self.jacobian.problem.flat_point
        self._controls = SliderSet(
            labels,
            numbers,
            ranges=ranges or {},
            others={} if sliders is None else sliders.by_label,
            on_move=self._moved,
        )
        self.view = JacobianView(self.jacobian, at=numbers, on_reset=self.reset)
        if self.jacobian.view.picture:
            self.view.tab = "Picture"
        elif self.jacobian.reads_as_chain:
            self.view.tab = "Chain"
        is_crowded = len(self.jacobian.problem.movable) > MAX_SLIDERS
        self.chooser = self._make_chooser() if is_crowded else None
        super().__init__(children=[part for part in (self.chooser, self.view) if part is not None])
        self.view.observe(lambda _: self._remember(), ["tab", "drawing"])
        self.add_class("jm-explorer")
        movable = self.jacobian.problem.movable
        self._choose(movable[:1] if is_crowded else movable)
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
        """The sliders by the label of their component, as ipywidgets takes them."""
        return self._controls.by_label

    # ── sliders ───────────────────────────────────────────────────────────────────────────────

    def _choose(self, components: Iterable[int]) -> None:
        """Let these components have sliders; those of another explorer are drawn there."""
        chosen, controls = list(components), self._controls
        sliders = [controls.slider(component) for component in chosen]
        own = [component for component in chosen if controls.is_own(component)]
        with self.view.hold_sync():
            self.view.components, self.view.sliders, self.view.handles = chosen, sliders, own

    def _make_chooser(self) -> ipywidgets.Dropdown:
        labels = self.jacobian.columns
        options = [(labels[k].unicode, k) for k in self.jacobian.problem.movable]
        chooser = ipywidgets.Dropdown(options=options, value=options[0][1], description="component")
        chooser.observe(lambda change: self._choose([change["new"]]), "value")
        return chooser

    def reset(self) -> None:
        """Go back to the point where the explorer began."""
        self.move(self._start.problem.flat_point)

    def hand_over(self, heir: Explorer) -> None:
        """Let another explorer continue at this one's point, and handle later messages.

        Args:
            heir: the explorer on screen; one of another function or start gets nothing.
        """
        with self._lock:  # a move that has arrived is finished first
            if heir is not self and heir._identity == self._identity:
                self._heir = heir
                heir._resume()

    def move(self, numbers: Sequence[float]) -> None:
        """Move every slider, and compute once.

        Args:
            numbers: the n components of the point.
        """
        with self._lock:
            if self._heir is not None:
                self._heir.move(numbers)
                return
            self._controls.move_all(numbers)
            self._recompute(self.view.show)

    def _resume(self) -> None:
        left = recall(self._identity)
        if left is None:
            return
        self.view.tab, self.view.drawing = left.tab, left.drawing
        if left.numbers != self._controls.numbers:
            self.move(left.numbers)

    def _remember(self) -> None:
        numbers, drawing = list(self._controls.numbers), dict(self.view.drawing)
        remember(self._identity, ExplorerState(numbers, self.view.tab, drawing))

    # ── following ─────────────────────────────────────────────────────────────────────────────

    def _moved(self, component: int, value: float) -> None:
        with self._lock:  # sliders may call from another thread than the cell runs in
            if self._heir is not None:
                numbers = list(self._heir._controls.numbers)
                if numbers[component] != value:
                    numbers[component] = value
                    self._heir.move(numbers)
                return
            self._controls.numbers[component] = value
            if not self._debounce.has_loop:
                self._recompute(self.view.show)
                return
            self._recompute(self.view.move)
            self._debounce.restart()

    def _settle(self) -> None:
        """Compare the sources at the point where the sliders rest."""
        with self._lock:
            try:
                self.view.settle()
            except KeyboardInterrupt:
                self.view.keep(f"Interrupted at {self._whereabouts}: not checked.")
            except Exception as error:  # noqa: BLE001 - the widget shows it as a notice
                self.view.keep(f"Not checked: {type(error).__name__}: {error}")

    def _recompute(self, show: Callable[[JacobianResult, Sequence[float]], None]) -> None:
        try:
            numbers = self._controls.numbers
            moved = self.jacobian.at(**self.jacobian.problem.named(numbers))
            show(moved, numbers)
        except KeyboardInterrupt:
            self.view.keep(f"Interrupted at {self._whereabouts}. The last good result is shown.")
        except REFUSALS as error:  # the widget shows it as a notice
            self.view.keep(
                f"{self.jacobian.title} fails at {self._whereabouts}: "
                f"{type(error).__name__}: {text_of(error)}. The last good result is shown."
            )
        else:
            self.jacobian, self.point = moved, moved.point
            self._remember()

    @property
    def _whereabouts(self) -> str:
        named = list(zip(self.jacobian.columns, self._controls.numbers, strict=True))
        shown = [f"{label.unicode} = {x:.4g}" for label, x in named[:MAX_COMPONENTS_NAMED]]
        return ", ".join(shown)

    def show_again(self, reason: str) -> None:
        """Display what is shown once more, marked stale.

        Args:
            reason: why it is, one sentence, which stays when sliders move on.
        """
        with self._lock:
            self.jacobian = self.jacobian.failed(reason)
            forms = self._repr_mimebundle_()
            publish(forms, self.view, forms.pop(WIDGET))
            self.view.keep(reason)

    # ── still forms ───────────────────────────────────────────────────────────────────────────

    def save_html(self, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
        """Write one file whose sliders need no kernel and no network.

        Args:
            path: the file; one that exists is replaced.
            title: a heading; by default the page is called after the function.

        Raises:
            PageError: the file cannot be written.
        """
        return export.save(path, self.live(), title=title)

    def to_fragment(self) -> str:
        """Return HTML for a page that has the script of `view.export`."""
        return export.fragment(self.live(), "explorer")

    def live(self) -> export.Live:
        """Return the view with all that a page needs without a kernel."""
        self.view.settle()
        chooser = self.chooser is not None
        return page_of(self.jacobian, self.view, self._controls, chooser=chooser)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        self.view.settle()
        if self._is_shown_by_a_cell:
            reruns.remember(self)
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        return {**bundle, **still.to_bundle(self.jacobian)}
