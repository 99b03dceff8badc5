"""The user's Jacobian: a result that can be displayed, explored and saved."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jacmagic.errors import SizeError, naming_keywords
from jacmagic.result.analysis.verbs import AnalysedResult
from jacmagic.result.evaluated import MAX_SPARSE_ENTRIES_SHOWN
from jacmagic.symbolic.formula.time_limit import one_allowance
from jacmagic.view import still
from jacmagic.view.live_output import WIDGET, is_kernel, publish
from jacmagic.view.pictures import Picture, picture_of

if TYPE_CHECKING:
    from jacmagic.view.exact import ExactJacobian
    from jacmagic.view.exercise import Exercise
    from jacmagic.view.explorer.sliders import Range


class Jacobian(AnalysedResult):
    """The Jacobian (m, n) of a function at a point: outputs by inputs.

    `.matrix` is one tensor, `.blocks` what torch returns, `.formula` the closed form and
    `.agreement` the verdict on both; `.at(…)` is the Jacobian at another point.

    Attributes:
        problem: the function and the point.
        numbers: what torch computed.
        options: how it computed it.
        view: how this object shows itself.

    Example:
        >>> import torch, jacmagic
        >>> J = jacmagic.jacobian(lambda x, y: x**2 * y, (torch.tensor(3.0), torch.tensor(2.0)))
        >>> J.matrix, J.formula, J.agreement.verdict
        (tensor([[12.,  9.]]), Matrix([[2*x*y, x**2]]), 'agree')
    """

    @property
    def explorer(self) -> Any:
        """The widget that was shown last while it is open, or None.

        Its `.point` and `.jacobian` follow the sliders, while this object stays where it is.
        """
        return self._explorer()

    _explorer: Callable[[], Any] = staticmethod(lambda: None)
    _displayed: Any = None

    @naming_keywords("J.explore")
    def explore(
        self,
        *,
        ranges: Mapping[str, Range] | None = None,
        digits: int | None = None,
        sliders: Any = None,
    ) -> Any:
        """Return the live widget: sliders, formula and table (see `Explorer`).

        Args:
            ranges: of sliders by label, {"x": (low, high, step or None)}.
            digits: significant digits.
            sliders: another explorer to follow.

        Raises:
            SizeError: there are too many entries for a table.
            PointError: a range's label is not a component of the inputs.
        """
        return self._new_explorer(ranges=ranges, digits=digits, sliders=sliders)

    def _new_explorer(self, **options: Any) -> Any:
        if self.large:
            m, n = self.shape
            raise SizeError(
                f"expected a Jacobian of at most {MAX_SPARSE_ENTRIES_SHOWN} entries to explore; "
                f"found {m} × {n}; write --wrt NAME for fewer inputs, or take .sparse"
            )
        from jacmagic.view.explorer import Explorer  # widgets load where they are used

        given_options = {name: option for name, option in options.items() if option is not None}
        explorer = Explorer(self, **{"ranges": self.view.ranges, **given_options})
        self.__dict__["_explorer"] = weakref.ref(explorer)  # an open one is held by its kernel
        return explorer

    @naming_keywords("J.picture")
    def picture(
        self,
        kind: str | None = None,
        *,
        zoom: float = 1.0,
        inputs: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
    ) -> Picture:
        """Return a picture of the function around the point, as SVG and in words.

        Args:
            kind: "map", the image of a square; "space", of a square or a cube in space; "field",
                ẋ = f(x); "levels"; "graph"; "matrix"; "colouring" of a sparse one. By default the
                first that fits the numbers of inputs and outputs.
            inputs: labels of those that are drawn, such as ("x1", "x3"); by default the first on
                which different outputs depend in different ways.
            outputs: likewise.
            zoom: how many times closer than a quarter of a slider's usual range.

        Raises:
            OptionError: there is no such kind, label or zoom.
        """
        return picture_of(self, kind, inputs=inputs, outputs=outputs, zoom=zoom)

    @naming_keywords("J.quiz")
    def quiz(
        self, kind: str = "entries", *, entries: int | None = None, seeds: int = 1, seed: int = 0
    ) -> Exercise:
        """Return an exercise on this Jacobian, which judges what is typed.

        Args:
            kind: what is left blank, such as "entries", the derivatives as formulas; "numbers",
                their values at the point; "steps", their derivations line by line; "rules", the
                rule of each step. Any other text lists all kinds.
            entries: how many entries are asked for; those that are not zero come first.
            seeds: how many variants there are, each with entries of its own; of numbers, each at a
                point of its own.
            seed: of the first variant.

        Raises:
            OptionError: there is no such kind or number, or the closed form and torch do not agree.
        """
        from jacmagic.view.exercise import QuizOptions, quiz_of  # only here are they needed

        return quiz_of(self, QuizOptions(kind, entries, seeds, seed))

    def exact(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> ExactJacobian:
        """Return the closed form at exact values: `J.exact(theta=pi)`, simplified.

        Args:
            values: values by name, for names that are not keywords: {"x[0]": 1}.
            **named: values by the name of an input, of a component or of a constant of the code: a
                number (0.1 is 1/10), `Fraction`, text such as "pi/2", expression of SymPy, or lists
                of these. What has no value stays symbolic, and so does a component that is None.

        Raises:
            PointError: there is no closed form, no such name, or a value of another shape.
        """
        from jacmagic.view.exact import exact_at  # only here is it needed

        return exact_at(self, {**(values or {}), **named})

    @naming_keywords("J.save_html")
    def save_html(self, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
        """Write the live explorer as one HTML file, without kernel or network.

        Args:
            path: the file; one that exists is replaced.
            title: a heading; by default the page is called after the function.

        Returns:
            The path written.

        Raises:
            PageError: the file cannot be written.
        """
        with one_allowance(self.forms.budget):
            explorer = self.shown().explore()  # not the one that is on screen
            return self._save(explorer, path, title)

    @staticmethod
    def _save(explorer: Any, path: str | os.PathLike[str], title: str | None) -> Path:
        from jacmagic.view import export  # only here are widgets needed

        try:
            return Path(explorer.save_html(path, title=title))
        finally:
            export.close(explorer)  # a kernel would keep its models

    def __repr__(self) -> str:
        return still.to_text(self)

    def _ipython_display_(self) -> None:
        """Display the still form and the widget as two outputs of a cell in a kernel.

        The derivations of all entries, if they were asked for, are a third one below them.

        Raises:
            NotImplementedError: there is no widget to show; one output has all forms.
        """
        if not self._is_live:
            raise NotImplementedError  # IPython takes _repr_mimebundle_
        with one_allowance(self.forms.budget):
            explorer = self._live()
            forms = explorer._repr_mimebundle_()
            below = still.derivations_bundle(explorer.jacobian)
            if below:
                forms |= still.to_bundle(explorer.jacobian.shown(steps=False))
        publish(forms, explorer.view, forms.pop(WIDGET), below)

    @property
    def _is_live(self) -> bool:
        """Whether this object shows itself as a widget."""
        return self.view.live and not self.large and is_kernel()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return all forms by MIME type: the widget in a kernel, else the stills."""
        with_widget = include is None or WIDGET in include
        if not with_widget or not self._is_live:
            return still.to_bundle(self, include)
        with one_allowance(self.forms.budget):
            return self._live()._repr_mimebundle_()

    def _live(self) -> Any:
        """Return the widget that is on screen already, or a new one."""
        shown = self._displayed
        if shown is None or shown.comm is None:  # there is none, or it was closed
            shown = self.__dict__["_displayed"] = self._new_explorer(resume=True)
        self.__dict__["_explorer"] = weakref.ref(shown)
        return shown
