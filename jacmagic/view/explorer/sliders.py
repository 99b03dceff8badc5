"""Sliders that keep any number; their range limits the handle alone."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import traitlets

from jacmagic.errors import PointError
from jacmagic.labels import Label
from jacmagic.view.reach import USUAL_STEPS, round_step, usual_reach

TRAITS = ("description", "value", "min", "max", "step")
Range = tuple[float, float, float | None]

LARGEST = sys.float_info.max
MAX_STEPS = 2**20  # where no round step meets start, zero and end: as good as continuous


def _as_it_is(slider: Slider, proposal: traitlets.Bunch) -> float:
    return float(proposal["value"])


class Slider(ipywidgets.FloatSlider):
    """A `FloatSlider` whose value is never changed to fit its range or its step.

    `JacobianView` draws it with a handle and a field of its own. The view that ipywidgets has for
    it writes the nearest multiple of the step back; do not show both.
    """

    # instead of those of the same names that ipywidgets has
    _validate_value = traitlets.validate("value")(_as_it_is)
    _validate_min = traitlets.validate("min")(_as_it_is)
    _validate_max = traitlets.validate("max")(_as_it_is)


def check_ranges(ranges: Mapping[str, Range], labels: Sequence[Label]) -> None:
    """Refuse ranges of other components, and bounds that a slider cannot have.

    Args:
        ranges: (low, high, step or None) by label.
        labels: of the components.

    Raises:
        PointError: a name is not a label, or its value is not a finite, increasing range.
    """
    texts = [label.text for label in labels] if ranges else []
    for name, bounds in ranges.items():
        if name not in texts:
            raise PointError(
                f"expected ranges of {', '.join(texts[:12])}; found {name!r}; "
                f"write ranges={{{texts[0]!r}: (0, 5, None)}}"
            )
        if not _is_range(bounds):
            raise PointError(
                f"expected (low, high, step or None) with low < high as the range of {name}; "
                f"found {bounds!r}; write ranges={{{name!r}: (0, 5, None)}}"
            )


def _is_range(bounds: Any) -> bool:
    try:
        low, high, step = bounds
        return -LARGEST <= low < high <= LARGEST and (step is None or 0 < step <= LARGEST)
    except (TypeError, ValueError):
        return False


def range_of(label: Label, value: float, ranges: Mapping[str, Range]) -> tuple[float, float, float]:
    """Return low, high and step of a component's slider.

    Args:
        label: the component.
        value: where it begins; it may be infinite or nan.
        ranges: (low, high, step or None) by label; by default value ± `usual_reach`.
    """
    around = value if math.isfinite(value) else 0.0
    reach = usual_reach(value)
    default = max(around - reach, -LARGEST), min(around + reach, LARGEST), None
    low, high, step = ranges.get(label.text, default)
    return low, high, step or _step(low, high, [value, 0.0])


def _step(low: float, high: float, numbers: list[float]) -> float:
    """Return a round step, about a 200th of the range, from `low` through the wanted numbers.

    Where there is none, a fine one.
    """
    step = round_step(high / USUAL_STEPS - low / USUAL_STEPS)  # the width itself may overflow
    inside = [number for number in numbers if low <= number <= high]
    counts = [number / step - low / step for number in (*inside, high)]
    if all(abs(count - round(count)) < 1e-9 * USUAL_STEPS for count in counts):
        return step
    return high / MAX_STEPS - low / MAX_STEPS


class SliderSet:
    """Sliders by component, each created on first use.

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
            PointError: a range is not a component's, or its bounds are not a range.
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
