"""The derivation of an entry of a closed form, in the names by which the form is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jacmagic.symbolic.formula.display_form import DisplayForm
from jacmagic.symbolic.steps.step import Step, derive


def steps_of(
    reading: DisplayForm,
    entry: tuple[int, int],
    numbers: Mapping[Any, str] | None,
    value: str,
) -> Step:
    """Return the derivation of an entry, rule by rule, with numbers at its end.

    Args:
        reading: the closed form as it is shown.
        entry: row and column.
        numbers: LaTeX of the number of each symbol; None leaves the numbers out.
        value: LaTeX of the entry's number.
    """
    return derive(
        reading.expression(entry[0]),
        reading.form.in_sympy.symbols[entry[1]],
        names=reading.all_names,
        texts=reading.texts,
        entry=reading.entry(*entry),
        named=reading.shown(*entry),
        numbers=numbers,
        value=value,
    )
