"""A result as source code in another language."""

from __future__ import annotations

from jacmagic.errors import PointError
from jacmagic.result.derived import Derived
from jacmagic.symbolic.export import Export
from jacmagic.symbolic.formula.conditions import sentences


def export_of(
    jacobian: Derived,
    *,
    value: bool | None = None,
    sparse: bool | None = None,
    dtype: str = "float64",
    name: str | None = None,
) -> Export:
    """Return the function that `JacobianResult.to_code` writes.

    Constants keep their names where the view shows them.

    Raises:
        PointError: there is no closed form.
    """
    form, noun = jacobian.closed_form, jacobian.notation.noun
    if form is None:
        raise PointError(f"expected a closed form to write; found none: {jacobian.refusal}")
    conditions = sentences(form)
    if jacobian.view.names and jacobian.reading is not None:
        form = jacobian.reading.form
    value = jacobian.problem.tangent is None if value is None else value
    first = ("value_and_" if noun == "Jacobian" else "gradient_and_") if value else ""
    return Export(
        form,
        name or f"{first}{noun.lower()}_of_{jacobian.title}",
        jacobian.title,
        noun,
        [(name, tuple(number.shape)) for name, number in jacobian.point.items()],
        jacobian.rows,
        conditions,
        value,
        jacobian.numbers.sparse is not None if sparse is None else sparse,
        dtype,
    )
