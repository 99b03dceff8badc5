"""Formulas on a page: their font, small print that stays readable, brackets of displayed matrices.

Fonts draw the brackets of a matrix too small, so that the page draws them itself.
"""

_STYLE = """\
{0} :is(math,.jm-sign){{font-family:"Latin Modern Math","STIX Two Math","Cambria Math",
"DejaVu Math TeX Gyre",math,serif;font-size:1.15em}}
{0} :is(mtd,mfrac>*){{math-depth:0;math-style:normal}}
{0} mtd{{font-size:inherit;padding:.3em .5em}}
{0} mfrac>*{{font-size:max(10px,.88em)}}
{0} :is(msub,msup,msubsup,munder,mover,munderover)>:not(:first-child){{font-size:max(10px,.72em)}}
{0} mtd[columnlines]{{border-left:1px solid rgba(128,128,128,.8)}}
{0} mtd[rowlines]{{border-top:1px solid rgba(128,128,128,.8)}}
{0} .jm-brackets{{display:inline-block;padding:.25em .3em;position:relative}}
{0} .jm-brackets::before,{0} .jm-brackets::after{{content:"";position:absolute;top:0;
bottom:0;width:.35em;border:1.5px solid currentColor}}
{0} .jm-brackets::before{{left:0;border-right:0}}
{0} .jm-brackets::after{{right:0;border-left:0}}
"""


def formula_style(within: str) -> str:
    """Return the style sheet for formulas and brackets within a selector."""
    return _STYLE.format(within)


def bracketed(mathml: str) -> str:
    """Return a matrix, MathML without brackets, with brackets around it."""
    return f'<span class="jm-brackets">{mathml}</span>'
