"""Sliders: any point is held as typed, ranges are obeyed, steps are round."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import jacmagic

F64 = torch.float64

POINTS = [math.pi / 6, -math.sqrt(2), 1 / 3, 1e-12, -1e-300, 1e12, 1e12 + 1 / 3, -1.7e308, 0.0]


@pytest.mark.parametrize("value", POINTS)
def test_any_point_is_held_as_typed(value):
    """A slider begins at the typed number, which its range and its step never change."""
    J = jacmagic.jacobian(lambda x: 3 * x, torch.tensor(value, dtype=F64))
    explorer = J.explore()
    slider = explorer.sliders[0]
    assert slider.value == explorer.point["x"].item() == value
    assert slider.min < value < slider.max and slider.step > 0
    steps = (value - slider.min) / slider.step if slider.max < 1e300 else 0
    fine = slider.step <= 1e-6 * (slider.max / 2 - slider.min / 2) * 2
    assert fine or abs(steps - round(steps)) < 1e-9 * max(1, steps)
    for other in POINTS:
        slider.value = other
        assert slider.value == explorer.jacobian.point["x"].item() == other
        assert np.frombuffer(explorer.view.at, dtype="<f8").tolist() == [other]
    explorer.reset()
    assert slider.value == value


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_point_that_is_no_number(value):
    """At a point that is not finite, the slider has a finite range."""
    explorer = jacmagic.jacobian(lambda x: 3 * x, torch.tensor(value, dtype=F64)).explore()
    slider = explorer.sliders[0]
    assert str(slider.value) == str(value)
    assert (slider.min, slider.max, slider.step) == (-1, 1, pytest.approx(0.01))
    slider.value = 0.5
    assert explorer.jacobian.point["x"].item() == 0.5
    explorer.reset()
    assert str(slider.value) == str(value)


@pytest.mark.parametrize(
    ("low", "high"), [(-math.pi, math.pi), (-1e-9, 1e-9), (-1.7e308, 1.7e308), (-0.1, 1e6), (0, 1)]
)
@pytest.mark.parametrize("value", [math.pi / 6, 1 / 3, 0.0])
def test_a_range_holds_the_start_and_zero(low, high, value):
    """The ends are obeyed; the start and 0 lie on the steps, or these are fine."""
    J = jacmagic.jacobian(lambda x: 3 * x, torch.tensor(value, dtype=F64))
    slider = J.explore(ranges={"x": (low, high, None)}).sliders[0]
    assert (slider.value, slider.min, slider.max) == (value, low, high)
    width = high / 2 - low / 2
    for number in (value, 0.0):
        steps = number / slider.step - low / slider.step
        on_a_step = abs(steps - round(steps)) < 1e-6
        assert on_a_step or slider.step <= 2e-6 * width or not low <= number <= high


def test_a_step_of_ones_own_is_obeyed_beside_the_point():
    """A step that misses the start stays, and so does the start."""
    J = jacmagic.jacobian(lambda x: 3 * x, torch.tensor(0.3, dtype=F64))
    slider = J.explore(ranges={"x": (0, 1, 0.25)}).sliders[0]
    assert (slider.value, slider.step) == (0.3, 0.25)


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"y": (0, 1, None)}, r"expected ranges of x; found 'y'"),
        ({"x": (5, 1, None)}, r"low < high as the range of x; found \(5, 1, None\)"),
        ({"x": (0, 1)}, r"\(low, high, step or None\).*found \(0, 1\)"),
        ({"x": (0, math.inf, None)}, "low < high"),
        ({"x": (0, 1, -0.1)}, "low < high"),
        ({"x": ("a", 1, None)}, "low < high"),
    ],
)
def test_a_range_that_no_slider_has_is_refused(ranges, message):
    """The message names the component and says what to write."""
    J = jacmagic.jacobian(lambda x: 3 * x, torch.tensor(0.3, dtype=F64))
    with pytest.raises(jacmagic.PointError, match=message):
        J.explore(ranges=ranges)
