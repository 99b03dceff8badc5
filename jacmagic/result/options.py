"""Options of display: digits, layout, sliders, steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from jacmagic.errors import OptionError
from jacmagic.options import magic_option
from jacmagic.render.layout import Layout
from jacmagic.render.typed import Typed

MAX_DIGITS = 17  # no float64 has more


@dataclass(frozen=True)
class TypedNumber:
    """A component of a point as it was typed.

    Attributes:
        value: what it comes to, in the dtype of its input.
        source: the Python expression.
        shown: the same, typeset.
    """

    value: float
    source: str
    shown: Typed


@dataclass(frozen=True)
class DisplayOptions:
    """How a Jacobian shows itself.

    Attributes:
        digits: significant digits, 1 to 17.
        layout: "numerator" shows J, "denominator" its transpose; any text that `Layout` takes.
        live: sliders where widgets run; False shows the still form.
        ranges: slider ranges by label, such as {"x1": (0, 5, None)}.
        steps: whether the derivation of every entry is printed.
        picture: whether the picture is shown: printed in a still form, the open tab of a widget.
        chain: whether the Jacobian is shown as a chain of local Jacobians too, however short it is.
        typed: components of the point that were typed as expressions, such as π/6, by their index.
        names: whether constants of the user's code appear by their names, or as numbers.
        command: the line that asked for it, without the point: the magic with its target, and
            what follows the point; None if it was not typed.

    Raises:
        OptionError: there is no such layout, or no such number of digits.
    """

    digits: int = 4
    layout: Layout = magic_option(
        "--layout",
        default="numerator",
        choices=("numerator", "denominator"),
        help="the Jacobian or its transpose",
    )
    live: bool = magic_option("--still", default=True, help="no widget: LaTeX, HTML and text only")
    ranges: Mapping[str, Any] = field(default_factory=dict)
    steps: bool = magic_option("--steps", default=False, help="print the derivation of every entry")
    picture: bool = magic_option(
        "--picture", default=False, help="show the picture of the function around the point"
    )
    chain: bool = magic_option(
        "--chain", default=False, help="show the Jacobian as a product of local Jacobians too"
    )
    typed: Mapping[int, TypedNumber] = field(default_factory=dict)
    names: bool = magic_option(
        "--numbers", default=True, help="show named constants of the code by their numbers"
    )
    command: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "layout", Layout(self.layout))
        if self.digits not in range(1, MAX_DIGITS + 1):
            raise OptionError(
                f"expected digits from 1 to {MAX_DIGITS}; found {self.digits!r}; write digits=4"
            )

    def typed_at(self, point: Sequence[float]) -> dict[int, Typed]:
        """Return the components of a point that are what was typed, by their index.

        π/6 in floats and π/6 rounded to a float may differ by a roundoff.
        """
        typed = [(k, number) for k, number in self.typed.items() if k < len(point)]
        return {
            k: number.shown
            for k, number in typed
            if math.isclose(point[k], number.value, rel_tol=2**-52)
        }


OPTION_NAMES = [
    option.name for option in fields(DisplayOptions) if option.name not in ("typed", "command")
]
