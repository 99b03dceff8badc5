"""The browser's view as a widget, whose traits are everything that it draws.

The browser computes by itself while it has a tape; the kernel sends torch's numbers for one point,
and the formula where that has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import ipywidgets
import traitlets

from jacmagic.result.core import JacobianResult
from jacmagic.view.explorer import state
from jacmagic.view.explorer.assets import front_end, style
from jacmagic.view.explorer.code import source_of
from jacmagic.view.explorer.entries import entry_of
from jacmagic.view.explorer.factors import factor_entry, factors_of
from jacmagic.view.explorer.formula import formula_of, signature_of
from jacmagic.view.pictures.sampled import sampled


class JacobianView(anywidget.AnyWidget):
    """View of one Jacobian: derivation, table and agreement, as traits.

    Attributes:
        asked_to_reset: called when the browser asks for it.
    """

    # Traits with an empty default and set in __init__: a page that drops defaults keeps them.
    _esm = traitlets.Unicode("").tag(sync=True)
    _css = traitlets.Unicode("").tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    values = traitlets.Bytes(b"").tag(sync=True)
    zeros = traitlets.Bytes(b"").tag(sync=True)
    colouring = traitlets.Dict().tag(sync=True)
    numbers = traitlets.Bytes(b"").tag(sync=True)
    picture = traitlets.Dict().tag(sync=True)
    outputs = traitlets.Bytes(b"").tag(sync=True)
    at = traitlets.Bytes(b"").tag(sync=True)
    chain = traitlets.Dict().tag(sync=True)
    live = traitlets.Dict().tag(sync=True)
    entries = traitlets.Dict().tag(sync=True)
    factors = traitlets.Dict().tag(sync=True)
    code = traitlets.Dict().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)
    components = traitlets.List(traitlets.Int()).tag(sync=True)
    handles = traitlets.List(traitlets.Int()).tag(sync=True)
    chooser = traitlets.Bool(False).tag(sync=True)
    followed = traitlets.Bool(True).tag(sync=True)
    beside = traitlets.Unicode("").tag(sync=True)
    tab = traitlets.Unicode("").tag(sync=True)
    drawing = traitlets.Dict().tag(sync=True)
    sliders = traitlets.List(traitlets.Instance(ipywidgets.Widget)).tag(
        sync=True, **ipywidgets.widget_serialization
    )

    def __init__(
        self, jacobian: JacobianResult, *, at: Sequence[float], on_reset: Callable[[], None]
    ) -> None:
        """Show a Jacobian.

        Args:
            jacobian: the Jacobian.
            at: the numbers of the sliders that it answers.
            on_reset: what to do when the browser asks to go back.
        """
        shown = state.numbers(jacobian, at)
        shown["status"]["serial"] = 0
        super().__init__(
            _esm=front_end("explorer"),
            _css=style("explorer"),
            spec=state.spec(jacobian),
            colouring=state.colouring(jacobian),
            **shown,
            **formula_of(jacobian),
        )
        self.asked_to_reset = on_reset
        self._jacobian = self._settled = jacobian
        self._at, self._signature = at, signature_of(jacobian)
        self.on_msg(self._asked)

    def move(self, jacobian: JacobianResult, at: Sequence[float]) -> None:
        """Show the Jacobian of another point; the verdict follows by `settle`."""
        _, gives_numbers, has_kink = self._signature
        quick = gives_numbers and not has_kink
        shown = state.moving(self._settled, jacobian, at, self.status) if quick else None
        if shown is None:
            self.show(jacobian, at)
            return
        self._jacobian, self._at = jacobian, list(at)
        self._change(shown)

    def settle(self) -> None:
        """Give the verdict on what is shown, if it waits for one."""
        if self._jacobian is not self._settled:
            self.show(self._jacobian, self._at, stale=self.status["stale"])

    def show(self, jacobian: JacobianResult, at: Sequence[float], *, stale: str = "") -> None:
        """Show the Jacobian of another point; everything changes in one message."""
        shown = state.numbers(jacobian, at)
        shown["status"]["stale"] = stale
        if shown["zeros"] != self.zeros:
            shown["colouring"] = state.colouring(jacobian)
        signature = signature_of(jacobian)
        if signature != self._signature:
            shown |= formula_of(jacobian)
        self._jacobian = self._settled = jacobian
        self._at, self._signature = list(at), signature
        self._change(shown)

    def _change(self, shown: dict[str, Any]) -> None:
        shown["status"]["serial"] = self.status["serial"] + 1
        with self.hold_sync():
            for name, value in shown.items():
                setattr(self, name, value)

    def keep(self, reason: str) -> None:
        """Keep what is shown, marked stale."""
        self.status = {**self.status, "stale": reason, "serial": self.status["serial"] + 1}

    def _asked(self, _: Any, content: Any, __: Any) -> None:
        """Answer the browser's messages; unknown ones are ignored."""
        match content:
            case {"kind": "reset"}:
                self.asked_to_reset()
            case {"kind": "steps", "row": int(row), "column": int(column)}:
                self.explain(row, column)
            case {"kind": "code", "language": str(language)}:
                source = source_of(self._jacobian, language)
                sources = {**self.code["sources"], language: source}
                self.code = {**self.code, "sources": sources}
            case {"kind": "picture"}:
                self.picture = sampled(self._jacobian, content)
            case {"kind": "chain"}:
                self.factors = factors_of(self._jacobian)
            case {"kind": "factor", "factor": int(k), "row": int(row), "column": int(column)}:
                self.explain_factor(k, row, column)

    def explain_factor(self, factor: int, row: int, column: int) -> None:
        """Add the derivation of one entry of a factor of the chain."""
        listed = self.factors.get("factors", [])
        if 0 <= factor < len(listed):
            m, n = listed[factor]["shape"]
            if 0 <= row < m and 0 <= column < n:
                entry = factor_entry(self._jacobian, factor, row, column)
                self.entries = {**self.entries, f"{factor},{row},{column}": entry}

    def explain(self, row: int, column: int) -> None:
        """Add the derivation of one entry of the table."""
        if 0 <= row < len(self.spec["rows"]) and 0 <= column < len(self.spec["columns"]):
            entry = entry_of(self._jacobian, row, column) or {"lines": [], "note": ""}
            self.entries = {**self.entries, f"{row},{column}": entry}

    def _get_embed_state(self, drop_defaults: bool = False) -> Any:
        self.settle()
        # An embedding page drops defaults, and with them the view's own name.
        return super()._get_embed_state(drop_defaults=False)
