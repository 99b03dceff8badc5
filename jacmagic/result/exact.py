"""The Jacobian at an exact point, compared with torch's at the nearest floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import sympy
import torch

from jacmagic.errors import PointError, SizeError
from jacmagic.labels import Label
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.exact_form import (
    MAX_ENTRIES,
    ExactForm,
    constants_of,
    eigenvalues,
    exact_form,
)
from jacmagic.symbolic.exact_values import exact_value
from jacmagic.symbolic.formula.evaluate import Unknown, evaluate

_MAX_FINITE_ENTRY = 1e15  # beyond, a float has no digit after the point: 1/0 by rounding


@dataclass(frozen=True)
class ExactPoint:
    """A Jacobian at exact values; `jacmagic.view.exact.ExactJacobian` displays it."""

    jacobian: JacobianResult
    values: Mapping[Label, Any]
    form: ExactForm
    other_branch: bool

    @classmethod
    def of(cls, jacobian: JacobianResult, values: Mapping[str, Any]) -> Self:
        """Return a Jacobian at exact values, by the names of inputs or constants.

        Raises:
            PointError: there is no closed form, a name is unknown, or a value has another shape.
            SizeError: the matrix is too large to be written.
        """
        m, n = jacobian.shape
        if m * n > MAX_ENTRIES:
            raise SizeError(
                f"expected a Jacobian of at most {MAX_ENTRIES} entries; found {m} × {n}; "
                "write wrt=NAME for fewer inputs"
            )
        columns, constants = _as_named(jacobian, *_values(jacobian, values))
        moved = _moved(jacobian, columns)
        form, before = moved.closed_form, jacobian.closed_form
        if form is None or moved.reading is None:
            raise PointError(f"expected a closed form; found none there: {moved.refusal}")
        symbols = constants_of(moved.reading)
        unknown = [name for name in constants if name not in symbols]
        if unknown:
            raise PointError(_unknown(jacobian, unknown[0], list(symbols)))
        put = {form.in_sympy.symbols[k]: value for k, value in columns.items()}
        put |= {symbols[name]: value for name, value in constants.items()}
        labels = {jacobian.columns[k]: value for k, value in sorted(columns.items())}
        labels |= {Label(name): value for name, value in constants.items()}
        exact = exact_form(moved.reading, put, jacobian.forms.budget)
        is_other = before is not None and not before.holds_at(moved.problem.flat_point)
        return cls(moved, labels, exact, is_other)

    @property
    def matrix(self) -> Any:
        """The Jacobian as a SymPy matrix (m, n)."""
        return self.form.matrix

    @property
    def symbols(self) -> tuple[Any, ...]:
        """The symbols in the matrix: inputs without a value, named constants."""
        return tuple(label for label in self.form.labels if self.matrix.has(label))

    @property
    def constants(self) -> dict[Any, float]:
        """The value of each named constant in the matrix, by its symbol."""
        return {s: value for s, value in self.form.numbers.items() if self.matrix.has(s)}

    @property
    def square(self) -> tuple[str, Any] | None:
        """The square matrix with eigenvalues, after its input's name: "" for the whole.

        The whole matrix, or the block of the one input that has as many components as the output.
        """
        m, n = self.matrix.shape
        if m == n:
            return "", self.matrix
        slices = self.jacobian.problem.slices.items()
        blocks = [(name, part) for name, part in slices if part.stop - part.start == m > 1]
        return (blocks[0][0], self.matrix[:, blocks[0][1]]) if len(blocks) == 1 else None

    @cached_property
    def eigenvalues(self) -> dict[Any, int] | None:
        """The eigenvalues of `square` with multiplicities; None where they are long."""
        return None if self.square is None else eigenvalues(self.square[1], self.budget)

    @property
    def budget(self) -> float | None:
        """Seconds that a symbolic attempt may take."""
        return self.jacobian.forms.budget

    # ── compared with torch ───────────────────────────────────────────────────────────────────

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The exact matrix as floats (m, n); None where SymPy's functions have no number here."""
        point = dict(zip(self.jacobian.columns, self.jacobian.problem.flat_point, strict=True))
        numbers = {s: point[label] for s, label in self.form.labels.items() if label in point}
        numbers |= self.form.numbers
        numbers |= dict.fromkeys(self.matrix.free_symbols - numbers.keys(), 1.0)
        try:
            return evaluate(list(self.matrix), numbers).reshape(self.matrix.shape)
        except Unknown:
            return None

    @cached_property
    def differing(self) -> list[tuple[int, int]]:
        """The entries that are not torch's within half of the digits of its dtype.

        The point is rounded to a float for torch, sin π is 1e-16 there: √eps is far above what
        that moves an entry by, and far below a wrong one.
        """
        torchs = self.jacobian._array
        if self.numbers is None or self.numbers.shape != torchs.shape:
            return []
        size = float(np.abs(torchs[np.isfinite(torchs)]).max(initial=1.0))
        precision = float(torch.finfo(self.jacobian.matrix.dtype).eps ** 0.5)
        close = np.abs(self.numbers - torchs) <= precision * max(size, 1.0)
        both = ~np.isfinite(self.numbers) & (
            ~np.isfinite(torchs) | (np.abs(torchs) > _MAX_FINITE_ENTRY)
        )
        return [(int(i), int(j)) for i, j in zip(*np.nonzero(~(close | both)), strict=True)]

    @property
    def largest(self) -> float:
        """The largest difference from torch among finite entries."""
        if self.numbers is None:
            return float("nan")
        apart = np.abs(self.numbers - self.jacobian._array)
        return float(apart[np.isfinite(apart)].max(initial=0.0))


def _unknown(jacobian: JacobianResult, name: str, constants: list[str]) -> str:
    inputs = [input_.name for input_ in jacobian.problem.inputs]
    listed = ", ".join(dict.fromkeys([*inputs, *(c.text for c in jacobian.columns), *constants]))
    return f"expected names among {listed}; found {name!r}; write one of these names"


def _values(
    jacobian: JacobianResult, values: Mapping[str, Any]
) -> tuple[dict[int, Any], dict[str, Any]]:
    """Return the values by column, and those of other names, which may be constants."""
    single = _by_spelling(jacobian.columns, range(len(jacobian.columns)))
    problem, slices = jacobian.problem, jacobian.problem.slices
    columns: dict[int, Any] = {}
    constants: dict[str, Any] = {}
    for name, value in values.items():
        exact = exact_value(value)
        if name in slices:
            first, tensor = slices[name].start, problem.point[name]
            for k, part in enumerate(_flat(name, exact, tuple(tensor.shape))):
                if part is not None:
                    columns[first + k] = part
        elif name in single and not isinstance(exact, list):
            columns[single[name]] = exact
        else:
            constants[name] = _flat(name, exact, ())[0]
    return columns, constants


def _flat(name: str, value: Any, shape: tuple[int, ...]) -> list[Any]:
    """Return the components of an input's value in row-major order."""
    if not shape and not isinstance(value, list):
        return [value]
    if shape and isinstance(value, list) and len(value) == shape[0]:
        return [part for row in value for part in _flat(name, row, shape[1:])]
    described = f"a list of {len(value)}" if isinstance(value, list) else f"{value}"
    raise PointError(
        f"expected {name} of shape {shape}; found {described}; "
        "write one value for each component, None for one that stays symbolic"
    )


def _moved(jacobian: JacobianResult, columns: Mapping[int, Any]) -> JacobianResult:
    """Return torch's Jacobian at the nearest floats; symbols of the user's count as 1."""
    point = jacobian.problem.flat_point
    values = dict(zip((label.symbol for label in jacobian.columns), point, strict=True))
    if jacobian.reading is not None:
        values = {
            constant.label.symbol: constant.value for _, constant in jacobian.reading.constants
        } | values
    for k, value in columns.items():
        numbers = {
            symbol: values.get(symbol.name, 1.0) for symbol in sympy.sympify(value).free_symbols
        }
        point[k] = float(sympy.N(sympy.sympify(value).subs(numbers), 30))
    return jacobian.at(**jacobian.problem.named(point))


def _as_named(
    jacobian: JacobianResult, columns: Mapping[int, Any], constants: Mapping[str, Any]
) -> tuple[dict[int, Any], dict[str, Any]]:
    """Return the values with the names of inputs and constants in them read as those.

    What such a name stands for is put in where it has a value too, and stays a symbol elsewhere.

    Raises:
        PointError: values are given in terms of one another.
    """
    names = _symbols_by_name(jacobian)
    named: dict[tuple[int | str, Any], Any] = {
        (k, names.get(jacobian.columns[k].symbol)): value for k, value in columns.items()
    }
    named |= {(name, names.get(name)): value for name, value in constants.items()}
    read = {key: _renamed(value, names) for key, value in named.items()}
    symbols = {
        symbol: v for (_, symbol), v in read.items() if symbol is not None and not v.has(symbol)
    }
    for _ in symbols:
        read = {key: value.xreplace(symbols) for key, value in read.items()}
    values = {key: value for (key, _), value in read.items()}
    if any(symbol in symbols and v.has(*symbols) for (_, symbol), v in read.items()):
        equations = ", ".join(f"{symbol} = {value}" for symbol, value in symbols.items())
        raise PointError(
            f"expected values without circular references; found {equations}; "
            "leave one of them symbolic"
        )
    return {k: values[k] for k in columns}, {name: values[name] for name in constants}


def _renamed(value: Any, names: Mapping[str, Any]) -> Any:
    expression = sympy.sympify(value)
    return expression.xreplace(
        {s: names[s.name] for s in expression.free_symbols if s.name in names}
    )


def _symbols_by_name(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the closed form's symbols of inputs and constants, by each spelling of their names."""
    form, reading = jacobian.closed_form, jacobian.reading
    inputs = {} if form is None else _by_spelling(form.columns, form.in_sympy.symbols)
    return {**({} if reading is None else constants_of(reading)), **inputs}


def _by_spelling(labels: Sequence[Label], values: Sequence[Any]) -> dict[str, Any]:
    """Return a value for each spelling of the labels' names, the first one's for equal names."""
    named: dict[str, Any] = {}
    for label, value in zip(labels, values, strict=True):
        for name in (label.text, label.symbol, label.unicode):
            named.setdefault(name, value)
    return named
