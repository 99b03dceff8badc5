"""The point of an explorer, and the sliders of its components."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets

from jacmagic.labels import Label
from jacmagic.view.explorer.sliders import Range, Slider, check_ranges, range_of

TRAITS = ("description", "value", "min", "max", "step")


class SliderSet:
    """Sliders by component; one is created when it is first asked for.

    Attributes:
        numbers: the n components of the point.
        sliders: by component.
    """

    def __init__(
        self,
        labels: Sequence[Label],
        numbers: Sequence[float],
        *,
        ranges: Mapping[str, Range],
        others: Mapping[str, ipywidgets.FloatSlider],
        on_move: Callable[[int, float], None],
    ) -> None:
        """Hold a point.

        Args:
            labels: of the components.
            numbers: of the first point.
            ranges: (low, high, step or None) by label.
            others: another explorer's sliders by label, which move this point too.
            on_move: called with a component and its number when a slider moves.

        Raises:
            PointError: a range is no component's, or its bounds are no range.
        """
        check_ranges(ranges, labels)
        self.numbers = list(numbers)
        self.sliders: dict[int, ipywidgets.FloatSlider] = {}
        self._labels, self._ranges, self._others = labels, ranges, others
        self._on_move, self._is_moving_all = on_move, False
        self._layout = ipywidgets.Layout()  # one for all: `JacobianView` draws them

    @property
    def by_label(self) -> dict[str, ipywidgets.FloatSlider]:
        """The sliders by the label of their component."""
        return {self._labels[k].text: slider for k, slider in self.sliders.items()}

    def slider(self, component: int) -> ipywidgets.FloatSlider:
        """Return a component's slider: another explorer's where one has its label."""
        if component not in self.sliders:
            other = self._others.get(self._labels[component].text)
            slider = other or Slider(**self.traits(component), layout=self._layout)
            slider.observe(lambda change: self._moved(component, change["new"]), "value")
            self.sliders[component] = slider
            if slider.value != self.numbers[component]:
                self._moved(component, slider.value)
        return self.sliders[component]

    def is_own(self, component: int) -> bool:
        """Whether no other explorer has the component's slider."""
        return self.slider(component) not in self._others.values()

    def traits(self, component: int) -> dict[str, Any]:
        """Return label, value and range of a component, with or without a slider."""
        if component in self.sliders:
            return {name: getattr(self.sliders[component], name) for name in TRAITS}
        label, value = self._labels[component], self.numbers[component]
        values = (label.unicode, value, *range_of(label, value, self._ranges))
        return dict(zip(TRAITS, values, strict=True))

    def move_all(self, numbers: Sequence[float]) -> None:
        """Move the point and every slider without a call of `on_move`."""
        self.numbers = list(numbers)
        self._is_moving_all = True
        try:
            for component, slider in self.sliders.items():
                slider.value = self.numbers[component]
        finally:
            self._is_moving_all = False

    def _moved(self, component: int, value: float) -> None:
        if not self._is_moving_all:
            self._on_move(component, value)
