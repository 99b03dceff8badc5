"""Calls with an unknown keyword name those that there are."""

from __future__ import annotations

import pytest
import torch

import jacmagic
from jacmagic.errors import OptionError


@pytest.fixture(scope="module")
def J():
    """Return a Jacobian of two numbers."""
    one = torch.tensor(1.0, dtype=torch.float64)
    return jacmagic.jacobian(lambda x, y: (x * y, x**2), (one, one))


@pytest.mark.parametrize(
    ("method", "mistake", "near"),
    [
        ("shown", "digit", "digits"),
        ("explore", "range", "ranges"),
        ("picture", "zooom", "zoom"),
        ("quiz", "entry", "entries"),
        ("save_html", "titel", "title"),
        ("newton", "tol", "tolerance"),
        ("to_code", "lang", "language"),
    ],
)
def test_an_unknown_keyword_is_answered_with_the_names(J, method, mistake, near):
    """The message says which keywords exist, and which one is near; it is a TypeError too."""
    with pytest.raises(
        TypeError, match=rf"among .*{near}.*; found '{mistake}'; write J\."
    ) as caught:
        getattr(J, method)(**{mistake: 1})
    assert isinstance(caught.value, OptionError)
    assert f"write J.{method}({near}=…)" in str(caught.value)


def test_functions_name_their_keywords_too():
    """So do `jacobian`, `hessian` and `compile`."""
    with pytest.raises(TypeError, match=r"found 'stratgy'; write jacmagic.jacobian\(strategy=…\)"):
        jacmagic.jacobian(torch.sin, torch.ones(2), stratgy="sparse")
