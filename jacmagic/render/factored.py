"""A chain of local Jacobians as static HTML: equations, then a card for each factor.

Text is escaped; MathML comes as finished strings. Colours are transparent or the page's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from jacmagic.render.formula_style import bracketed, formula_style

_STYLE = (
    formula_style(".jm-factored")
    + """\
.jm-factored{font:inherit;line-height:1.45;max-width:100%}
.jm-factored figcaption{font-weight:600;margin:.2em 0 .5em;text-align:left}
.jm-factored .jm-equation{display:flex;align-items:center;gap:.4em;margin:.35em 0;
overflow-x:auto;overflow-y:hidden}
.jm-factored .jm-cards{display:flex;flex-wrap:wrap;gap:.7em;margin:.8em 0}
.jm-factored .jm-card{border:1px solid rgba(128,128,128,.45);border-radius:6px;padding:.5em .8em;
max-width:100%;box-sizing:border-box;overflow-x:auto}
.jm-factored .jm-card-head{display:flex;align-items:baseline;gap:.8em;margin-bottom:.3em}
.jm-factored .jm-size{color:color-mix(in srgb,currentColor 65%,transparent);font-size:.88em}
.jm-factored .jm-where{margin-top:.4em;font-size:.93em}
.jm-factored .jm-where span{margin-right:1.2em;white-space:nowrap}
.jm-factored ul.jm-remarks{margin:.5em 0;padding:0;list-style:none;font-size:.93em}"""
)


@dataclass(frozen=True)
class Card:
    """One factor.

    Attributes:
        head: MathML of ∂v/∂u.
        matrix: MathML of its matrix; "" where another factor has the same form.
        size: "3 × 9".
        remark: text beside the size.
        where: MathML of the equations that define symbols in it.
    """

    head: str
    matrix: str
    size: str
    remark: str = ""
    where: Sequence[str] = ()


def chain(
    caption: str,
    equations: Sequence[tuple[str, str]],
    where: Sequence[str],
    cards: Sequence[Card],
    remarks: Sequence[str],
) -> str:
    """Return a chain as self-contained HTML.

    Args:
        caption: a line above it.
        equations: MathML of both sides.
        where: MathML of the equations that define variables.
        cards: the factors.
        remarks: lines of text below.
    """
    lines = "".join(f'<div class="jm-equation">{a}<span>=</span>{b}</div>' for a, b in equations)
    defined = "".join(f"<span>{equation}</span>" for equation in where)
    lines += f'<div class="jm-where">with {defined}</div>' if defined else ""
    listed = "".join(f"<li>{escape(line)}</li>" for line in remarks)
    return (
        f'<div class="jm-factored"><style>{_STYLE}</style><figure style="margin:0">'
        f"<figcaption>{escape(caption)}</figcaption>{lines}"
        f'<div class="jm-cards">{"".join(map(_card, cards))}</div></figure>'
        f'<ul class="jm-remarks">{listed}</ul></div>'
    )


def _card(card: Card) -> str:
    where = "".join(f"<span>{equation}</span>" for equation in card.where)
    remark = f" · {escape(card.remark)}" if card.remark else ""
    matrix = bracketed(card.matrix) if card.matrix else ""
    return (
        f'<div class="jm-card"><div class="jm-card-head">{card.head}'
        f'<span class="jm-size">{escape(card.size)}{remark}</span></div>{matrix}'
        + (f'<div class="jm-where">{where}</div>' if where else "")
        + "</div>"
    )
