"""A Jacobian as one checked matrix expression: A, (A + Aᵀ)x, diag(g′(x)).

The expression comes from the trace and its derivative from the chain rule of matrices. It is shown
only if it gives the Jacobian's numbers at the point and at two points near it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jacmagic.function.problem import Problem
from jacmagic.labels import Label
from jacmagic.render import latex
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.matrices.blocks import Block, blocks_of
from jacmagic.symbolic.matrices.expressions import Expression, is_unnamed
from jacmagic.symbolic.matrices.writing import Writer

_SIGNS = (
    (r"\left\|", "‖"),
    (r"\right\|", "‖"),
    (r"\left", ""),
    (r"\right", ""),
    (r"^{\mathsf{T}}", "ᵀ"),
    (r"^{-\mathsf{T}}", "⁻ᵀ"),
    (r"^{-1}", "⁻¹"),
    (r"^{-2}", "⁻²"),
    (r"\mathrm{d}", "d"),
    (r"\otimes", "⊗"),
    (r"_{F}", ""),
    (r"\, ", " "),
    (r"\odot", "⊙"),
    (r"\_", "_"),
    (r"\partial ", "∂"),
    ("^{2}", "²"),
    ("^{3}", "³"),
    ("-", "−"),
)


def _plain(source: str) -> str:
    """Return LaTeX of a matrix expression as text for a terminal."""
    source = re.sub(r"\\begin{bmatrix} (.*?) \\end{bmatrix}", r"[\1]", source)
    source = source.replace(r" \\[1ex] ", "; ").replace(" & ", ", ")
    for sign, shown in _SIGNS:
        source = source.replace(sign, shown)
    source = re.sub(r"‖ ([^‖]*) ‖", r"‖\1‖", source)
    source = re.sub(r"\\(?:mathbf|mathrm|operatorname|text|mathsf){([^{}]*)}", r"\1", source)
    before = ""
    while before != source:
        before = source
        source = re.sub(r"\\frac{([^{}]*)}{([^{}]*)}", _fraction, source)
        source = re.sub(r"\\sqrt{([^{}]*)}", r"√(\1)", source)
        source = re.sub(r"_{([^{}]*)}", r"\1", source)
        source = re.sub(r"\^{([^{}]*)}", r"^(\1)", source)
    source = re.sub(r"\\([A-Za-z]+)", lambda name: Label(name[1]).unicode, source)
    return re.sub(r" {2,}", " ", source).replace("( ", "(").replace(" )", ")")


_ATOM = re.compile(r"∂\w+|\w{1,2}|‖[^‖]*‖[²³]?")


def _fraction(match: re.Match[str]) -> str:
    above, below = (part if _ATOM.fullmatch(part) else f"({part})" for part in match.groups())
    return f"{above}/{below}"


SHIFTS = (0.0, 0.37, -0.61)  # relative: numbers are compared at the point and at two beside it
MAX_RELATIVE_GAP = 1e-9  # between rounding, about 1e-15, and any other formula
MAX_NUMBERS_SHOWN = 16  # numbers of a constant that are written out
_LETTERS = ("z", "y", "v", "w")


@dataclass(frozen=True)
class MatrixForm:
    """The matrix-level form of a Jacobian.

    Attributes:
        latex: the equations, one or two for each input, LaTeX without delimiters.
        clauses: "z = W x + b" for every part that has a name, in the order of reading.
        lines: the equations as plain text, where they are not written from the LaTeX.
    """

    latex: tuple[str, ...]
    clauses: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The equations as plain text, one a line."""
        if self.lines:
            return "\n".join(self.lines)
        return "\n".join(map(_plain, (*self.latex, *(f"with {line}" for line in self.clauses))))


def matrix_form(problem: Problem, form: ClosedForm, head: str, output: str) -> MatrixForm | None:
    """Return the matrix-level form at a problem's point; None where there is none.

    Args:
        problem: the function of vectors, matrices and numbers.
        form: a closed form from a trace that kept names.
        head: LaTeX of the whole Jacobian, such as J_f(x).
        output: LaTeX of the function's name.
    """
    base = problem.potential or problem
    if form.trace.expression is None or not any(input_.value.numel() > 1 for input_ in base.inputs):
        return None
    blocks = blocks_of(base, form.trace.expression, head, output, second=base is not problem)
    if blocks is None or not all(_holds(base, form, blocks, shift) for shift in SHIFTS):
        return None
    slopes = [slope for block in blocks for _, slope in block.equations]
    if all(slope.operation == "zero" for slope in slopes):
        return None
    writer = Writer(_named_parts(slopes, form.trace.parts, {input_.name for input_ in base.inputs}))
    equations = tuple(
        f"{left} = {writer.tex(slope)}" for block in blocks for left, slope in block.equations
    )
    clauses = tuple(_clauses(writer))
    return MatrixForm(equations, clauses) if not writer.unnamed else None


def _holds(problem: Problem, form: ClosedForm, blocks: Sequence[Block], shift: float) -> bool:
    """Whether the blocks have the closed form's numbers at a shifted point."""
    centre = np.array(problem.flat_point)
    wave = np.cos(np.arange(len(centre)) * 1.7 + 0.3)  # another share of the shift for each
    with np.errstate(all="ignore"):
        point = centre + shift * wave * np.maximum(np.abs(centre), 0.5)
    if not form.holds_at(point.tolist()):
        return shift != 0.0  # another branch: nothing to compare with
    slices = problem.slices
    values = {
        input_.name: point[slices[input_.name]].reshape(input_.value.shape)
        for input_ in problem.inputs
    }
    truth = form.values(point.tolist())
    with np.errstate(all="ignore"):
        try:
            matrix = np.concatenate(
                [block.numbers(values).reshape(len(truth), -1) for block in blocks], axis=1
            )
        except np.linalg.LinAlgError:  # a singular matrix near the point
            return shift != 0.0
    finite = np.isfinite(truth) | (shift == 0.0)
    scale = 1e-12 + np.abs(truth[np.isfinite(truth)]).max(initial=0)
    same = np.isclose(
        matrix, truth, rtol=MAX_RELATIVE_GAP, atol=MAX_RELATIVE_GAP * scale, equal_nan=True
    )
    return matrix.shape == truth.shape and bool((same | ~finite).all())


# ── names of parts ────────────────────────────────────────────────────────────────────────────


def _named_parts(
    blocks: Sequence[Expression], user_names: Mapping[Expression, str], taken_names: set[str]
) -> dict[Expression, str]:
    """Name intermediate vectors by the user's names, or by letters where repeated."""
    names: dict[Expression, str] = {}
    letters = iter(_LETTERS)
    counts = Counter(part for block in blocks for part in _parts_of(block))
    for part in counts:
        name, is_length = user_names.get(part, ""), _is_length(part) and counts[part] > 1
        is_vector = len(part.shape) == 1 and part.operation in ("add", "matmul", "softmax")
        if is_length and part.operation == "apply":
            name = name or "r"
        elif is_vector and not is_unnamed(part):
            name = name or ("s" if part.operation == "softmax" else "")
            if not name and _inside_apply(part, blocks):
                name = next((letter for letter in letters if letter not in taken_names), "")
        if name and name not in taken_names and (is_unnamed(part) or is_length or is_vector):
            names[part] = Label(name).tex
            taken_names.add(name)
    return names


def _is_length(part: Expression) -> bool:
    """Whether a part is a square root or a norm: a number by which vectors are divided."""
    return not part.shape and (part.operation == "norm" or part.name == "sqrt")


def _parts_of(expression: Expression) -> list[Expression]:
    return [
        expression,
        *(part for argument in expression.arguments for part in _parts_of(argument)),
    ]


def _inside_apply(part: Expression, blocks: Sequence[Expression]) -> bool:
    """Whether a part is the argument of a function of its elements."""
    return any(
        expression.operation == "apply" and part in expression.arguments
        for b in blocks
        for expression in _parts_of(b)
    )


def _clauses(writer: Writer) -> list[str]:
    """Return the definitions of the names that were written, inner ones first."""
    lines: dict[str, str] = {}
    waiting = list(writer.used)
    while waiting:
        part = waiting.pop()
        name = writer.names[part]
        if name in lines:
            continue
        writer.used.clear()
        definition = _matrix(part) if is_unnamed(part) else writer.definition(part)
        lines[name] = f"{name} = {definition}"
        waiting += [inner for inner in writer.used if writer.names[inner] not in lines]
    return list(reversed(lines.values()))


def _matrix(constant: Expression) -> str:
    """Return a constant that the function has made, as a column or matrix of numbers."""
    if np.size(constant.value) > MAX_NUMBERS_SHOWN:
        return r"\text{a constant of shape } " + r" \times ".join(map(str, constant.shape))
    rows = np.atleast_2d(np.array(constant.value, dtype=float))
    rows = rows.T if len(constant.shape) == 1 else rows
    return latex.matrix([[latex.number(value, 4) for value in row] for row in rows.tolist()])
