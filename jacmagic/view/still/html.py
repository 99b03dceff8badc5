"""The still form in HTML: chain, table, heat map, derivations, remarks."""

from __future__ import annotations

from collections.abc import Sequence

from jacmagic.render import html as page
from jacmagic.render.heatmap import heatmap
from jacmagic.render.html_table import HtmlTable
from jacmagic.render.mathml import to_mathml
from jacmagic.render.page import MAX_PAGE_ROWS
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.derivation import Derivation
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.steps import Step
from jacmagic.symbolic.trace import Refusal
from jacmagic.view.captions import caption, remarks, warnings
from jacmagic.view.pictures import picture_of, shows_picture
from jacmagic.view.still.derivations import derivations
from jacmagic.view.still.latex import equations
from jacmagic.view.table import Table, blocks_of, shown_determinant, summary_of, table_of


def html(jacobian: JacobianResult) -> str:
    """Return self-contained HTML."""
    if jacobian.large:
        return _summary(jacobian)
    table, chain = table_of(jacobian), jacobian.derivation
    drawn = HtmlTable(table.values, *table.heads, jacobian.view.digits, table.pattern, table.blocks)
    steps, left_out = derivations(jacobian)
    determinant = shown_determinant(jacobian)
    return page.page(
        caption(jacobian),
        f"{drawn.drawn}{_picture(table)}",
        formulas=[
            page.chain(to_mathml(chain.head), _links(chain)),
            _listed("with", chain.where),
            _listed("in matrix form", chain.matrix),
            _listed("", [] if determinant is None else [determinant.equation.tex]),
            _factored(jacobian),
        ],
        steps=map(_step_lines, steps),
        remarks=[*drawn.legend, *chain.left_out, *left_out, *remarks(jacobian)],
        warnings=warnings(jacobian),
        scene=picture_of(jacobian).html if shows_picture(jacobian) else "",
        latex=[*equations(jacobian), *(step.latex for step in steps)],
    )


def steps_page(steps: Sequence[Step], left_out: Sequence[str]) -> str:
    """Return HTML of derivations alone."""
    latex = [step.latex for step in steps]
    return page.page("", "", steps=map(_step_lines, steps), remarks=left_out, latex=latex)


def _summary(jacobian: JacobianResult) -> str:
    """Return HTML of a matrix that is too large for a table."""
    chain, entries = jacobian.derivation, summary_of(jacobian)
    return page.page(
        caption(jacobian),
        entries.picture(blocks_of(jacobian)),
        formulas=[page.chain(to_mathml(chain.head), _links(chain)[-1:])],
        remarks=[entries.count, *remarks(jacobian)],
        warnings=warnings(jacobian),
    )


def _listed(word: str, equations: Sequence[str]) -> str:
    """Return equations in LaTeX after a word."""
    return page.listed(word, [to_mathml(equation, display=False) for equation in equations])


def _links(chain: Derivation) -> list[tuple[str, str]]:
    """Return signs and matrices of a chain."""
    return list(zip(chain.signs, map(to_mathml, chain.links), strict=True))


def _factored(jacobian: JacobianResult) -> str:
    """Return the chain of local Jacobians, where the closed form is shown so."""
    if not jacobian.reads_as_chain:
        return ""
    drawn = attempt(lambda: jacobian.chain().to_html(), jacobian.forms.budget)
    return "" if isinstance(drawn, Refusal) else drawn


def _picture(table: Table) -> str:
    """Return a heat map where the table shows only a part of the matrix."""
    if max(table.values.shape, default=0) <= MAX_PAGE_ROWS:
        return ""
    return heatmap(
        table.values,
        table.pattern,
        rows=[label.unicode for label in table.rows],
        columns=[label.unicode for label in table.columns],
        blocks=table.blocks,
    )


def _step_lines(step: Step) -> list[tuple[int, str, str]]:
    return [
        (line.depth, to_mathml(line.latex, display=False), line.rule) for line in step.equations
    ]
