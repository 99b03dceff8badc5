"""What is shown is what a textbook prints, in every spelling of the code, and is right."""

from __future__ import annotations

import pytest
from textbook import FORMS, Form

import jacmagic
from jacmagic import Jacobian
from jacmagic.symbolic.formula.typeset import plain


def jacobian_of(form: Form) -> Jacobian:
    """Return the Jacobian or Hessian at the form's point."""
    tensors = form.tensors()
    derivative = jacmagic.hessian if form.hessian else jacmagic.jacobian
    return derivative(form.function, tensors if len(tensors) > 1 else tensors[0])


def matrix_form_of(J: Jacobian) -> tuple[str, ...]:
    """Return the lines of the matrix form, the function called f."""
    form = J.matrix_form
    return () if form is None else tuple(form.text.replace(J.title, "f").split("\n"))


def entries_of(J: Jacobian) -> str:
    """Return the entries as they are shown, as plain text in row-major order."""
    reading = J.reading
    assert reading is not None, str(J.refusal)
    m, n = J.shape
    return " | ".join(plain(reading.shown(i, j), reading.texts) for i in range(m) for j in range(n))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_formula_is_the_textbooks(form: Form) -> None:
    """Entries and matrix form are those of the table; the numbers are torch's."""
    J = jacobian_of(form)
    if form.entries:
        assert entries_of(J) == form.entries
    if form.matrix:
        assert matrix_form_of(J) == form.matrix
    assert J.agreement.verdict == "agree"
