"""An explorer's view for pages without a kernel, with all data that it would request."""

from __future__ import annotations

from typing import Any

from jacmagic.result.core import JacobianResult
from jacmagic.view import export, still
from jacmagic.view.explorer.assets import front_end, style
from jacmagic.view.explorer.code import code_for_page
from jacmagic.view.explorer.entries import entries_of
from jacmagic.view.explorer.factors import factor_entries, factors_of
from jacmagic.view.explorer.sliders import SliderSet
from jacmagic.view.explorer.traits import JacobianView
from jacmagic.view.pictures.sampled import first_request, sampled

MAX_ENTRY_BYTES = 100_000  # of derivations in a page, which can ask for none; packed, a tenth
MAX_FACTOR_BYTES = 300_000  # of derivations of the entries of factors


def page_of(
    jacobian: JacobianResult, view: JacobianView, controls: SliderSet, *, chooser: bool
) -> export.Live:
    """Return a view with all that a page needs without a kernel.

    Args:
        jacobian: what it shows.
        view: the widget with its traits.
        controls: its sliders.
        chooser: whether one slider is drawn at a time.
    """
    components = jacobian.problem.movable
    factors = view.factors or factors_of(jacobian)
    return export.Live(
        view=view,
        changes={
            "components": components,
            "handles": components,
            "beside": "",
            "chooser": chooser,
            "entries": {
                **entries_of(jacobian, MAX_ENTRY_BYTES),
                **factor_entries(jacobian, factors, MAX_FACTOR_BYTES),
            },
            "factors": factors,
            "picture": {} if view.live else _first_picture(jacobian, controls),
            "code": code_for_page(jacobian, list(view.code["sources"])),
        },
        sliders=[controls.traits(component) for component in components],
        front_end=front_end("explorer"),
        style=style("explorer"),
        still=still.to_html(jacobian),
        title=view.spec["title"],
    )


def _first_picture(jacobian: JacobianResult, controls: SliderSet) -> dict[str, Any]:
    """Return the picture that a page opens with, which it cannot compute without a tape."""
    if not min(jacobian.shape):
        return {}
    ends = [controls.traits(component) for component in range(len(jacobian.columns))]
    widths = [end["max"] - end["min"] for end in ends]
    return sampled(jacobian, first_request(jacobian, widths))
