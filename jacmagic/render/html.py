"""The still form of a Jacobian or a report as static HTML, readable where styles are stripped.

NOTE [Notebooks that are not trusted]
JupyterLab removes styles and all of MathML but its text from outputs that it does not trust, those
of a notebook from elsewhere. The formulas are therefore hidden by an attribute, which the style
overrides, and a second copy in LaTeX is in a MathML annotation: no browser and no MathJax shows
that, unless the elements around it have been removed.

Knows no result object. All text is escaped; MathML and SVG come as finished strings. Colours are
transparent or the page's own, for light and dark pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from jacmagic.render.formula_style import bracketed, formula_style
from jacmagic.render.page import MAX_COPIED_CHARACTERS
from jacmagic.render.text import true_minus

# JupyterLab indents ul and aligns td to the right by rules of two classes and an element; these
# weigh as much where they have to win.
_STYLE = (
    formula_style(".jm-still")
    + """\
.jm-still{font:inherit;line-height:1.45;max-width:100%}
.jm-still .jm-formulas{display:block}
.jm-still .jm-annotated{display:none}
.jm-still .jm-chain{display:flex;flex-wrap:wrap;align-items:center;gap:.7em .5em;margin:.6em 0 1em;
overflow-x:auto}
.jm-still .jm-link{display:inline-flex;align-items:center;gap:.5em}
.jm-still .jm-where{display:flex;flex-wrap:wrap;align-items:center;gap:.4em 1.4em;
margin:-.3em 0 1em;overflow-x:auto}
.jm-still figure{margin:0;overflow-x:auto}
.jm-still>figure>figcaption{font-weight:600;margin:.2em 0;text-align:left}
.jm-still table{border-collapse:separate;border-spacing:0;border:0;margin:.3em 0;
font-variant-numeric:tabular-nums}
.jm-still tr{background:none!important}
.jm-still th,.jm-still td{padding:.25em .8em;text-align:right;white-space:nowrap;
border:1px solid transparent;background-clip:padding-box;
print-color-adjust:exact;-webkit-print-color-adjust:exact}
.jm-still td{min-width:2.2em}
.jm-still th{font-weight:500;color:color-mix(in srgb,currentColor 75%,transparent);background:none}
.jm-still .jm-left{border-left-color:rgba(128,128,128,.8)}
.jm-still .jm-top>td{border-top-color:rgba(128,128,128,.8)}
.jm-still td.jm-none{color:#888}
.jm-still .jm-verdict{font-weight:600;margin:.2em 0 .5em}
.jm-still td.jm-words,.jm-still th.jm-words{text-align:left}
.jm-still td.jm-words:last-child{white-space:normal;min-width:16em}
.jm-still .jm-wrong>*{background:rgba(211,47,47,.14)}
.jm-still .jm-doubt>*{background:rgba(199,119,0,.16)}
.jm-still .jm-odd{font-style:italic;outline:1.5px dashed #d32f2f;outline-offset:-2px}
.jm-still svg{max-width:100%;height:auto;margin:.4em 0}
.jm-still ul.jm-remarks{margin:.5em 0;padding:0;list-style:none;font-size:.93em}
.jm-still li+li{margin-top:.2em}
.jm-still li.jm-warning{border-left:3px solid #c77700;padding-left:.6em}
.jm-still .jm-steps{margin:.8em 0;padding-left:1.4em;overflow-x:auto}
.jm-still .jm-steps div{margin:.35em 0;white-space:nowrap}
.jm-still .jm-rule{opacity:.7;font-size:.9em;margin-left:1.2em}"""
)

# JupyterLab: of a still form and its view one is shown; a widget without model is an error there.
_STYLE_BESIDE_VIEW = """\
.jp-OutputArea-child:has(.jm-still[data-jm-live]):has(+.jp-OutputArea-child .jm-root),
.jp-OutputArea-child:has(.jm-still[data-jm-live])+.jp-OutputArea-child:not(:has(.jm-root)){
display:none}
"""


def beside_view(still: str, identity: str) -> str:
    """Mark a still form as the one that a live view in the next output replaces.

    Args:
        still: HTML of `page`.
        identity: what the view knows it by; letters, digits, "-".
    """
    marked = f'<div class="jm-still" data-jm-live="{escape(identity)}"><style>{_STYLE_BESIDE_VIEW}'
    return still.replace('<div class="jm-still"><style>', marked, 1)


def page(
    caption: str,
    figure: str,
    *,
    formulas: Iterable[str] = (),
    steps: Iterable[Sequence[tuple[int, str, str]]] = (),
    remarks: Sequence[str] = (),
    warnings: Sequence[str] = (),
    scene: str = "",
    latex: Sequence[str] = (),
) -> str:
    """Return a still form.

    Args:
        caption: a line above all.
        figure: HTML of tables and drawings, SVG.
        formulas: what `chain` and `listed` return, and other HTML with MathML, above it.
        steps: derivations below all; each a list of (depth, MathML, rule's name).
        remarks: lines of text below the figure.
        warnings: as remarks, but marked.
        scene: HTML of a picture of the function, below the remarks.
        latex: what the formulas say, one display each; see NOTE [Notebooks that are not trusted].
    """
    together = _sentence(caption).replace(" = ", "\u00a0=\u00a0")  # no line breaks within x = 1
    title = f"<figcaption>{together}</figcaption>" if caption else ""
    lines = [f'<li class="jm-warning">⚠ {_sentence(line)}</li>' for line in warnings]
    lines += [f"<li>{_sentence(line)}</li>" for line in remarks]
    parts = [
        f'<div class="jm-still"><style>{_STYLE}</style>',
        f"<figure>{title}",
        _hidden(formulas),
        _annotation(latex),
        f"{figure}</figure>",
        f'<ul class="jm-remarks">{"".join(lines)}</ul>' if lines else "",
        scene,
        _hidden(map(_steps, steps)),
        "</div>",
    ]
    return "\n".join(part for part in parts if part)


def _sentence(text: str) -> str:
    return escape(true_minus(text))


def _hidden(parts: Iterable[str]) -> str:
    """Return parts in MathML, hidden where there is no style."""
    inside = "\n".join(part for part in parts if part)
    return f'<div class="jm-formulas" hidden="hidden">{inside}</div>' if inside else ""


def _annotation(equations: Sequence[str]) -> str:
    """Return equations in LaTeX, shown where there is no MathML."""
    source = "\n".join(f"$${escape(equation)}$$" for equation in equations)
    if not source or len(source) > MAX_COPIED_CHARACTERS:
        return ""
    annotation = f'<annotation encoding="application/x-tex">{source}</annotation>'
    return f'<div><math class="jm-annotated">{annotation}</math></div>'


def chain(head: str, links: Sequence[tuple[str, str]]) -> str:
    """Return a left-hand side and the matrices that follow; wraps on a narrow page.

    Args:
        head: MathML.
        links: a sign and the MathML of a matrix without brackets.
    """
    drawn = "".join(
        f'<span class="jm-link">{escape(sign)}{bracketed(link)}</span>' for sign, link in links
    )
    return f'<div class="jm-chain">{head}{drawn}</div>' if links else ""


def listed(word: str, equations: Sequence[str]) -> str:
    """Return equations, MathML, after a word."""
    items = "".join(f"<span>{equation}</span>" for equation in equations)
    return f'<div class="jm-where">{word} {items}</div>' if equations else ""


def _steps(steps: Sequence[tuple[int, str, str]]) -> str:
    """Return one entry's derivation, indented by depth, each line with its rule."""
    lines = "".join(
        f'<div style="padding-left:{2 * depth}em">{mathml}'
        f'<span class="jm-rule">{escape(rule)}</span></div>'
        for depth, mathml, rule in steps
    )
    return f'<div class="jm-steps">{lines}</div>'
