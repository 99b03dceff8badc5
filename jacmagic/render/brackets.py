"""Brackets of a displayed matrix, drawn by the page, as fonts draw them too small."""

_STYLE = """\
{0} .jm-brackets{{display:inline-block;padding:.25em .3em;position:relative}}
{0} .jm-brackets::before,{0} .jm-brackets::after{{content:"";position:absolute;top:0;
bottom:0;width:.35em;border:1.5px solid currentColor}}
{0} .jm-brackets::before{{left:0;border-right:0}}
{0} .jm-brackets::after{{right:0;border-left:0}}"""


def brackets_style(within: str) -> str:
    """Return the style sheet for brackets within a selector."""
    return _STYLE.format(within)


def bracketed(mathml: str) -> str:
    """Return a matrix, MathML without brackets, with brackets around it."""
    return f'<span class="jm-brackets">{mathml}</span>'
