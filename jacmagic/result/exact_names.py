"""Names in the values of an exact point: inputs and constants of the function, or new symbols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from jacmagic.errors import PointError
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.exact_form import constants_of


def as_named(
    jacobian: JacobianResult, columns: Mapping[int, Any], constants: Mapping[str, Any]
) -> tuple[dict[int, Any], dict[str, Any]]:
    """Return the values with the names of inputs and constants in them read as those.

    What such a name stands for is put in where it has a value too, and stays a symbol elsewhere.

    Raises:
        PointError: values are given in terms of one another.
    """
    names = _symbols_by_name(jacobian)
    given: dict[tuple[int | str, Any], Any] = {
        (k, names.get(jacobian.columns[k].symbol)): value for k, value in columns.items()
    }
    given |= {(name, names.get(name)): value for name, value in constants.items()}
    read = {key: _renamed(value, names) for key, value in given.items()}
    known = {
        symbol: v for (_, symbol), v in read.items() if symbol is not None and not v.has(symbol)
    }
    for _ in known:
        read = {key: value.xreplace(known) for key, value in read.items()}
    values = {key: value for (key, _), value in read.items()}
    if any(symbol in known and v.has(*known) for (_, symbol), v in read.items()):
        equations = ", ".join(f"{symbol} = {value}" for symbol, value in known.items())
        raise PointError(
            f"expected values that do not refer to one another in a circle; found {equations}; "
            "leave one of them symbolic"
        )
    return {k: values[k] for k in columns}, {name: values[name] for name in constants}


def _renamed(value: Any, names: Mapping[str, Any]) -> Any:
    found = sympy.sympify(value)
    return found.xreplace({s: names[s.name] for s in found.free_symbols if s.name in names})


def _symbols_by_name(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the closed form's symbols of inputs and constants, by each spelling of their names."""
    form, reading = jacobian._form, jacobian.reading
    names: dict[str, Any] = {}
    if form is not None:
        for label, symbol in zip(form.columns, form.in_sympy.symbols, strict=True):
            for name in (label.text, label.symbol, label.unicode):
                names.setdefault(name, symbol)
    if reading is not None:
        for name, symbol in constants_of(reading).items():
            names.setdefault(name, symbol)
    return names
