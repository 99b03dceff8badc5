r"""Results of measurements as metrologists write them: 2.51 ± 0.30.

Source: JCGM 100:2008 (GUM), 7.2.6: an uncertainty has at most two significant digits, and the value
is rounded to the same decimal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from jacmagic.render.report import Fragment, numeral

GUM_DIGITS = 2  # of an uncertainty
_EXACT = Context(prec=400)  # digits of a float64 rounded to its own last digit


@dataclass(frozen=True)
class Measured:
    """A value with its standard uncertainty.

    Attributes:
        value: the estimate.
        uncertainty: its standard deviation, in the same unit.
        digits: significant digits of the uncertainty.
        exact: whether an uncertainty of 0 is one to every order.
    """

    value: float
    uncertainty: float
    digits: int = GUM_DIGITS
    exact: bool = True

    @property
    def _unit(self) -> Decimal:
        """The last digit that is written, a power of ten."""
        rounded = Context(prec=self.digits, rounding=ROUND_HALF_EVEN).plus(
            Decimal(self.uncertainty)
        )
        return Decimal(1).scaleb(rounded.adjusted() - self.digits + 1)

    @property
    def tolerance(self) -> float:
        """Half a unit of the last digit that is written (JCGM 101:2008, 7.9.2)."""
        return float(self._unit / 2) if self.is_usual else 0.0

    @property
    def is_usual(self) -> bool:
        """Whether the value is finite and the uncertainty positive and finite."""
        return math.isfinite(self.value) and 0 < self.uncertainty < math.inf

    @property
    def shown(self) -> Fragment:
        """The value ± the uncertainty; with a common power of ten where they are large or small."""
        if not self.is_usual:
            return self._plain
        unit = self._unit
        value, error = (
            (Decimal(quantity) / unit).quantize(Decimal(1), ROUND_HALF_EVEN, _EXACT)
            for quantity in (self.value, self.uncertainty)
        )
        exponent = max((value * unit).adjusted() if value else -999, (error * unit).adjusted())
        if -4 <= exponent < 6:
            power, tail = 0, ""
        else:
            power, tail = exponent, str(exponent)
        places = max(0, power - unit.adjusted())
        texts = [
            f"{_EXACT.multiply(quantity, unit).scaleb(-power, _EXACT):.{places}f}"
            for quantity in (value, error)
        ]
        text = f"{texts[0]} ± {texts[1]}".replace("-", "−")
        tex = rf"{texts[0]} \pm {texts[1]}"
        if not tail:
            return Fragment(text, tex)
        return Fragment(f"({text})e{power}", rf"({tex}) \cdot 10^{{{tail}}}")

    @property
    def _plain(self) -> Fragment:
        value = numeral(self.value, 6)
        if self.uncertainty == 0 and self.exact:
            return Fragment(f"{value.text} (exact)", rf"{value.tex} \ \text{{(exact)}}")
        error = numeral(self.uncertainty, self.digits)
        return Fragment(f"{value.text} ± {error.text}", rf"{value.tex} \pm {error.tex}")

    def __str__(self) -> str:
        return self.shown.text
