"""The Jacobian: what both roads found at one point.

torch's numbers are computed at once; the closed form and the comparison on first use. Nothing here
computes or draws by itself: the rooms below do.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from jacmagic import code, display, latex
from jacmagic.agreement import Agreement
from jacmagic.derivation import Derivation, derive, texts
from jacmagic.errors import PointError
from jacmagic.examine import examine, severed
from jacmagic.formula import ClosedForm, Reading
from jacmagic.labels import Label
from jacmagic.matrix_form import MatrixForm, matrix_form
from jacmagic.numeric import Numbers
from jacmagic.numeric import compute as compute_numbers
from jacmagic.one_sided import OneSided, limits, one_sided
from jacmagic.problem import Problem
from jacmagic.road import Road, point_of
from jacmagic.settings import How, View
from jacmagic.steps import Step
from jacmagic.steps import derive as derive_entry
from jacmagic.trace import Refusal

if TYPE_CHECKING:
    import numpy as np
    import sympy


_MODES = {
    "rows": "reverse mode, row by row",
    "reverse": "reverse mode",
    "forward": "forward mode",
    "columns": "forward mode, column by column",
}


@dataclass(frozen=True, eq=False, repr=False)
class Jacobian:
    """The Jacobian of a function at a point: (m, n), m output components by n input components.

    Attributes:
        problem: the function and the point.
        numbers: what torch computed.
        how: how it computed it.
        view: how this object shows itself.
    """

    problem: Problem
    numbers: Numbers
    road: Road
    how: How
    view: View
    outside: frozenset[int] = frozenset()

    # ── torch's numbers ───────────────────────────────────────────────────────────────────────

    @property
    def blocks(self) -> Any:
        """torch's nested structure: a tensor, a tuple, or a tuple of tuples; a dict for a dict.

        Block (i, j) has the shape of output i followed by that of input j.
        """
        rows = [row[0] if self.problem.single else tuple(row) for row in self.numbers.blocks]
        return self.numbers.outputs.rebuild(rows)

    @cached_property
    def matrix(self) -> torch.Tensor:
        """One tensor (m, n): outputs flattened by inputs flattened."""
        n = [one.value.numel() for one in self.problem.inputs]
        rows = []
        for leaf, blocks in zip(self.numbers.outputs.leaves, self.numbers.blocks, strict=True):
            parts = [
                block.reshape(leaf.numel(), size) for block, size in zip(blocks, n, strict=True)
            ]
            rows.append(torch.cat(parts, dim=1))
        if not rows:
            return torch.zeros(0, sum(n), dtype=self.problem.inputs[0].value.dtype)
        return torch.cat(rows, dim=0)

    @property
    def value(self) -> Any:
        """The function's value at the point, in its own structure."""
        return self.numbers.outputs.rebuild(list(self.numbers.outputs.leaves))

    @property
    def point(self) -> dict[str, torch.Tensor]:
        """The inputs by name."""
        return {one.name: one.value for one in self.problem.inputs}

    @property
    def title(self) -> str:
        """The function's name."""
        return self.problem.title

    @property
    def mode(self) -> str:
        """The mode torch was asked to use: "rows", "reverse" or "forward"."""
        return self.numbers.mode

    @property
    def cost(self) -> str:
        """The mode and its cost, such as "reverse mode: 3 passes"."""
        passes = self.numbers.passes
        return f"{_MODES[self.mode]}: {passes} pass{'es' * (passes != 1)}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided on the way, one sentence each."""
        assumed = [
            f"valid while {text}" for text in dict.fromkeys(display.conditions(self.assumptions))
        ]
        return (*self.problem.notes, *self.numbers.notes, *assumed[:6])

    # ── labels ────────────────────────────────────────────────────────────────────────────────

    @property
    def rows(self) -> tuple[Label, ...]:
        """The m labels of the outputs' components."""
        return self.numbers.outputs.labels(self.title)

    @cached_property
    def columns(self) -> tuple[Label, ...]:
        """The n labels of the inputs' components."""
        return tuple(label for one in self.problem.inputs for label in one.labels)

    @property
    def row_labels(self) -> list[str]:
        """The rows' names as text."""
        return [label.text for label in self.rows]

    @property
    def column_labels(self) -> list[str]:
        """The columns' names as text."""
        return [label.text for label in self.columns]

    # ── the closed form ───────────────────────────────────────────────────────────────────────

    @cached_property
    def _found(self) -> ClosedForm | Refusal:
        """The closed form at this point, or why there is none."""
        values = [v for leaf in self.numbers.outputs.leaves for v in _numbers_of(leaf)]
        found = self.road.form(self.problem, values)
        if isinstance(found, Refusal):
            return found
        return severed(found, self.problem) or found

    @property
    def _form(self) -> ClosedForm | None:
        return self._found if isinstance(self._found, ClosedForm) else None

    @property
    def refusal(self) -> Refusal | None:
        """Why there is no formula: operation, line and reason; None where there is one."""
        return self._read if isinstance(self._read, Refusal) else None

    @cached_property
    def _read(self) -> Reading | Refusal:
        """The closed form as it is shown, or why there is none."""
        if isinstance(self._found, Refusal):
            return self._found
        return self.road.reading(self.problem, self._found, names=self.view.names)

    @property
    def reading(self) -> Reading | None:
        """The closed form as it is shown: constants and repeated parts by name; None without one.

        Its `.matrix` is in terms of `.clauses` ("with u = …"); named constants are numbers with a
        name, as π is. `formula` is the same Jacobian in the inputs' symbols alone.
        """
        return self._read if isinstance(self._read, Reading) else None

    @property
    def formula(self) -> sympy.Matrix | None:
        """The Jacobian as a SymPy matrix (m, n), or None; `refusal` says why.

        Plain SymPy in `symbols` alone: constants are numbers, nothing is abbreviated.
        """
        return None if self.reading is None or self._form is None else self._form.matrix

    @property
    def expressions(self) -> sympy.Matrix | None:
        """The function as a SymPy vector (m, 1), or None."""
        return None if self.reading is None or self._form is None else self._form.expressions

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The n real symbols, in column order; empty without a closed form."""
        return () if self._form is None else self._form.symbols

    @property
    def assumptions(self) -> list[tuple[sympy.Basic, int | None]]:
        """Conditions under which the formula holds, each with the line that asked."""
        return [] if self._form is None else self._form.assumptions

    @cached_property
    def pattern(self) -> torch.Tensor:
        """Boolean (m, n): False where an entry is zero whatever the point.

        Without a closed form, False where torch's graph does not connect output and input.
        """
        if self._form is not None:
            return torch.from_numpy(self._form.pattern)
        sizes = [one.value.numel() for one in self.problem.inputs]
        rows = [
            torch.cat(
                [
                    torch.full((leaf.numel(), size), bool(on))
                    for size, on in zip(sizes, row, strict=True)
                ],
                1,
            )
            for leaf, row in zip(self.numbers.outputs.leaves, self.numbers.connected, strict=True)
        ]
        return torch.cat(rows) if rows else torch.zeros(0, sum(sizes), dtype=torch.bool)

    @cached_property
    def agreement(self) -> Agreement:
        """torch against the closed form against finite differences, entry by entry."""
        outside = set(self.outside)
        return examine(
            self.problem,
            self.numbers,
            self.matrix,
            self._form,
            rows=self.rows,
            outside=outside,
            refusal=self._found if isinstance(self._found, Refusal) else None,
            both=self.one_sided,
        )

    @cached_property
    def one_sided(self) -> OneSided | None:
        """At a kink, the Jacobian from the left and from the right; None elsewhere.

        `.left` and `.right` are (m, n); nan where the function jumps or nothing was confirmed.
        """
        return None if self._form is None else one_sided(self.problem, self.road, self._form)

    @cached_property
    def matrix_form(self) -> MatrixForm | None:
        """The Jacobian as a matrix is written, A or diag(cos x); None where that is not known.

        Recognised from the code's own vectors and matrices, and checked at three points.
        """
        if self.reading is None or not self.view.names:
            return None
        names = [Label(one.name).tex for one in self.problem.inputs]
        title = Label(self.title).tex
        return matrix_form(self.problem, self.reading.form, latex.head(title, names), title)

    def steps(self, i: int, j: int) -> Step:
        """The derivation of entry (i, j), rule by rule.

        Raises:
            PointError: if there is no closed form to derive.
            IndexError: if there is no such entry.
        """
        form, reading, digits = self._form, self.reading, self.view.digits
        if form is None or reading is None:
            raise PointError(f"expected a closed form to derive; found none: {self.refusal}")
        point = point_of(self.problem)
        return derive_entry(
            reading.expression(i),
            self.symbols[j],
            names=reading.all_names,
            entry=reading.entry(i, j),
            named=reading.matrix[i, j],
            numbers=texts(reading.numbers(point), digits),
            value=latex.number(float(form.values(point)[i, j]), digits),
        )

    # ── other points ──────────────────────────────────────────────────────────────────────────

    def at(self, **values: Any) -> Jacobian:
        """The Jacobian at another point; nothing is traced again while the assumptions hold.

        Args:
            **values: new values by input name; what is not named stays where it is.

        Raises:
            PointError: for a name that is no input, or a value of another shape.
        """
        inputs = []
        for one in self.problem.inputs:
            given = values.pop(one.name, one.value)
            value = torch.as_tensor(given, dtype=one.value.dtype, device=one.value.device)
            if value.shape != one.value.shape:
                raise PointError(
                    f"expected {one.name} of shape {tuple(one.value.shape)}; "
                    f"found {tuple(value.shape)}; write one number for each component"
                )
            inputs.append(dataclasses.replace(one, value=value))
        if values:
            known = ", ".join(one.name for one in self.problem.inputs)
            raise PointError(f"expected inputs among {known}; found {next(iter(values))!r}")
        moved = dataclasses.replace(self.problem, inputs=tuple(inputs))
        numbers = run_torch(moved, self.how)
        return dataclasses.replace(self, problem=moved, numbers=numbers)

    # ── showing ───────────────────────────────────────────────────────────────────────────────

    def shown(self, **changes: Any) -> Jacobian:
        """The same Jacobian with another view: digits, layout, live, ranges, steps."""
        return dataclasses.replace(self, view=dataclasses.replace(self.view, **changes))

    @property
    def derivation(self) -> Derivation:
        """The chain from the definition to the numbers, as LaTeX."""
        chain = derive(
            self.title,
            self.rows,
            self.columns,
            self.reading,
            point_of(self.problem),
            self.matrix.detach().cpu().double().numpy() + 0.0,
            inputs=[Label(one.name).tex for one in self.problem.inputs],
            digits=self.view.digits,
            transposed=self.view.layout == "denominator",
            agrees=not any(found.formula is not None for found in self.agreement.disagreements),
        )
        matrix = self.matrix_form
        return dataclasses.replace(
            chain,
            where=(*chain.where, *self._limits),
            matrix=() if matrix is None else (*matrix.latex, *matrix.clauses),
        )

    @property
    def _limits(self) -> list[str]:
        """At a kink, the entries' limits from both sides, as LaTeX."""
        if self.one_sided is None:
            return []
        variables = [label.tex for label in self.columns]
        return limits(
            self.one_sided,
            point_of(self.problem),
            name=lambda i, j: latex.partial(self.rows[i].tex, variables[j]),
            variables=variables,
            number=lambda value: latex.number(value, self.view.digits),
        )

    def explore(self, **options: Any) -> Any:
        """The live widget: sliders, formula and table (see `jacmagic.explorer.Explorer`)."""
        from jacmagic.explorer import Explorer  # the one door upwards, see docs: architecture

        return Explorer(self, **{"ranges": self.view.ranges, "digits": self.view.digits, **options})

    def to_latex(self) -> str:
        """The whole derivation as LaTeX, without delimiters."""
        return self.derivation.latex

    def to_numpy(self) -> np.ndarray:
        """The matrix as a NumPy array (m, n) of its own dtype."""
        return self.matrix.detach().cpu().numpy()

    def to_sympy(self) -> sympy.Matrix:
        """The formula; where there is none, the numbers as a SymPy matrix."""
        import sympy

        return self.formula if self.formula is not None else sympy.Matrix(self.to_numpy())

    def to_code(self, language: str = "python") -> str:
        """Source of a function that computes this Jacobian from its closed form.

        Args:
            language: "python", "torch", "c" or "javascript".

        Raises:
            JacmagicError: without a closed form, or for what the language has no function for.
        """
        if self._form is None:
            raise PointError(f"expected a closed form to write; found none: {self.refusal}")
        inputs = [(one.name, tuple(one.value.shape)) for one in self.problem.inputs]
        return code.write(language, self._form, f"jacobian_of_{self.title}", inputs)

    def __repr__(self) -> str:
        return display.text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return display.bundle(self, include)


def _numbers_of(leaf: torch.Tensor) -> list[float]:
    return leaf.detach().reshape(-1).double().tolist()


def run_torch(problem: Problem, how: How) -> Numbers:
    """Send a problem down the numeric road."""
    tensors = [one.value for one in problem.inputs]
    return compute_numbers(problem.function, tensors, **dataclasses.asdict(how))
