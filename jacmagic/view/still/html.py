"""The still form in HTML: chain, table, heat map, derivations, remarks."""

from __future__ import annotations

from jacmagic.render import html as page
from jacmagic.render.heatmap import heatmap
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
    steps, left_out = derivations(jacobian)
    determinants = [one for one in [shown_determinant(jacobian)] if one is not None]
    return page.matrix(
        table.values,
        *table.heads,
        digits=jacobian.view.digits,
        caption=caption(jacobian),
        pattern=table.pattern,
        blocks=table.blocks,
        picture=_picture(table),
        head=to_mathml(chain.head),
        chain=_links(chain),
        where=[to_mathml(equation, display=False) for equation in chain.where],
        determinant=[
            to_mathml(determinant.equation.tex, display=False) for determinant in determinants
        ],
        matrix_form=[to_mathml(equation, display=False) for equation in chain.matrix],
        factored=_factored(jacobian),
        steps=[_step_lines(step) for step in steps],
        scene=picture_of(jacobian).html if shows_picture(jacobian) else "",
        remarks=[*chain.left_out, *left_out, *remarks(jacobian)],
        warnings=warnings(jacobian),
        latex=[*equations(jacobian), *(step.latex for step in steps)],
    )


def _summary(jacobian: JacobianResult) -> str:
    """Return HTML of a matrix that is too large for a table."""
    chain, entries = jacobian.derivation, summary_of(jacobian)
    return page.summary(
        caption=caption(jacobian),
        head=to_mathml(chain.head),
        chain=_links(chain)[-1:],
        picture=entries.picture(blocks_of(jacobian)),
        remarks=[entries.count, *remarks(jacobian)],
        warnings=warnings(jacobian),
    )


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
