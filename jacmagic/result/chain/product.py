"""The factors of a chain, their product, and the equations between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from jacmagic.labels import Label
from jacmagic.render import latex
from jacmagic.result.chain.factor import Factor
from jacmagic.symbolic.factored.elimination import Multiplications
from jacmagic.symbolic.factored.form import FactoredForm
from jacmagic.symbolic.factored.naming import MAX_NAMES, title
from jacmagic.symbolic.factored.paths import Local, Writer
from jacmagic.symbolic.formula.typeset import plain, tex
from jacmagic.symbolic.notation import JACOBIAN, Notation
from jacmagic.symbolic.validation import is_close

MAX_TITLE_LETTERS = 3  # letters of a function's name up to which it stands in fractions


@dataclass(frozen=True, eq=False, repr=False)
class ChainProduct:
    """Factors of a Jacobian with their numbers, and its expression in them."""

    form: FactoredForm
    function: str
    point: tuple[float, ...]
    truth: np.ndarray
    tolerance: float
    digits: int = 4
    notation: Notation = JACOBIAN

    # ── factors ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """The local Jacobians, those nearest to the outputs first; not those that are c·I."""
        pairs = sorted(self._by_pair, reverse=True)
        factors = (self._by_pair[pair] for pair in pairs)
        return tuple(factor for factor in factors if factor.scale is None)

    @cached_property
    def _by_pair(self) -> dict[tuple[int, int], Factor]:
        blocks, values = self.form.blocks(self.point), self.form.values(self.point)
        return {pair: self._factor(*pair, block, values) for pair, block in blocks.items()}

    def _factor(
        self, above: int, below: int, block: np.ndarray, values: dict[int, list[float]]
    ) -> Factor:
        stage = self.form.stages[above]
        columns = stage.columns(below)
        return Factor(
            f"∂{self.name(above)}/∂{self.name(below)}",
            latex.partial(self.tex(above), self.tex(below)),
            tuple(stage.variable.labels),
            stage.form.columns[columns.start : columns.stop],
            torch.from_numpy(np.ascontiguousarray(block)),
            (above, below),
            self.form.readings[above],
            columns,
            tuple(self.form.local_point(above, values)),
            self.digits,
        )

    @property
    def multiplications(self) -> Multiplications:
        """How many multiplications the product takes, by the order in which it is formed."""
        return self.form.multiplications

    # ── numbers ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def product(self) -> torch.Tensor:
        """The factors multiplied out: the Jacobian, float64 (m, n)."""
        with np.errstate(all="ignore"):
            return torch.from_numpy(self.form.product(self.point))

    @property
    def difference(self) -> float:
        """The largest difference of the product from torch's Jacobian, where both are finite."""
        with np.errstate(invalid="ignore"):  # infinity from itself
            gaps = np.abs(self.product.numpy() - self.truth)
        return float(gaps[np.isfinite(gaps)].max(initial=0.0))

    @property
    def agrees(self) -> bool:
        """Whether the product is torch's Jacobian, as far as rounding lets it be."""
        return is_close(self.product.numpy(), self.truth, self.tolerance)

    # ── names ─────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def letter(self) -> str:
        """The function's name in fractions: f for a long one, unless that is in use."""
        names = {label.name for variable in self.form.variables for label in variable.labels}
        short = len(self.function) <= MAX_TITLE_LETTERS or "f" in names
        return self.function if short else "f"

    def name(self, position: int) -> str:
        """Return a variable in text: "h", "(c, s)"; of a Hessian the last is a gradient."""
        names = [label.unicode for label in self._labels(position)]
        return self._nabla(position, "∇") + self._listed(names, position, "…")

    def tex(self, position: int) -> str:
        """Return a variable in LaTeX."""
        names = [label.tex for label in self._labels(position)]
        return self._nabla(position, r"\nabla ") + self._listed(names, position, r"\ldots")

    def _nabla(self, position: int, sign: str) -> str:
        return sign if position == self.form.last and self.notation.noun == "Hessian" else ""

    def _labels(self, position: int) -> list[Label]:
        if position == self.form.last:
            return [Label(self.letter)]
        return title(self.form.variables[position])

    def _listed(self, names: Sequence[str], position: int, dots: str) -> str:
        if len(names) == 1:
            return names[0]
        many = position != self.form.last and _parts(self.form, position) > MAX_NAMES
        shown = [*names[:-1], dots, names[-1]] if many else names
        return f"({', '.join(shown)})"

    # ── the expression ────────────────────────────────────────────────────────────────────────

    @cached_property
    def text_writer(self) -> Writer:
        """How expressions are written in text."""
        return Writer(
            lambda local: self.local(local, lambda f: f.name, plain),
            self.is_scale,
            lambda above, below: f"d{self.name(above)}/d{self.name(below)}",
            "I",
            " · ",
            ("(", ")"),
        )

    @cached_property
    def latex_writer(self) -> Writer:
        """How expressions are written in LaTeX."""
        return Writer(
            lambda local: self.local(local, lambda f: f.latex, tex),
            self.is_scale,
            lambda above, below: (
                rf"\frac{{\mathrm{{d}} {self.tex(above)}}}{{\mathrm{{d}} {self.tex(below)}}}"
            ),
            r"\mathbf{I}",
            r" \, ",
            (r"\left( ", r" \right)"),
        )

    def is_scale(self, local: Local) -> bool:
        """Whether a local Jacobian is c·I."""
        return self._by_pair[local.above, local.below].scale is not None

    def local(
        self, local: Local, named: Callable[[Factor], str], written: Callable[..., str]
    ) -> str:
        """Return a local Jacobian in an equation: its name, c of c·I, "" for the identity.

        Args:
            local: the local Jacobian.
            named: gives its name.
            written: writes c, from an expression and the names of symbols.
        """
        factor = self._by_pair[local.above, local.below]
        if factor.scale is None:
            return named(factor)
        names = factor.reading.texts if written is plain else factor.reading.all_names
        return "" if factor.scale == 1 else written(factor.scale, names)

    def equations(self, writer: Writer) -> Iterator[tuple[str, str]]:
        """Yield both sides of the equations: the Jacobian by each input, then repeated parts."""
        for k, expression in enumerate(self.form.expressions):
            if expression is None:
                continue
            yield writer.total(self.form.last, k), writer.write(expression, self.form.totals)
        for total in reversed(self.form.totals):
            yield writer.total(total.above, total.below), writer.write(total, self.form.totals)


def _parts(form: FactoredForm, position: int) -> int:
    labels = form.variables[position].labels
    return len({(label.name, getattr(label, "count", 0)) for label in labels})
