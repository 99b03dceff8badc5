"""Numerator and denominator layout."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from jacmagic.errors import OptionError
from jacmagic.render.layout import Layout

ENTRIES = np.arange(6).reshape(2, 3)


@pytest.mark.parametrize("layout", list(Layout))
def test_everything_moves_with_the_entries(layout: Layout) -> None:
    """Entries are found at their pair and their flat index, whatever the library."""
    shown = layout.matrix(ENTRIES)
    assert layout.pair(*ENTRIES.shape) == shown.shape
    for (i, j), entry in np.ndenumerate(ENTRIES):
        assert shown[layout.pair(i, j)] == entry
        assert shown.reshape(-1)[layout.flat_index(i, j, ENTRIES.shape)] == entry
    assert layout.matrix(sympy.Matrix(ENTRIES)).tolist() == shown.tolist()


def test_a_pair_leads_back() -> None:
    """Exchanged twice, rows and columns are what they were."""
    for layout in Layout:
        assert layout.pair(*layout.pair("output", "input")) == ("output", "input")
        assert layout.other.other is layout


def test_another_layout_is_refused() -> None:
    """The error names both layouts."""
    with pytest.raises(OptionError, match="numerator or denominator; found 'column'; write"):
        Layout("column")
