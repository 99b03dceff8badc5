"""Formulas between dollars as MathML, which needs neither scripts nor fonts from a network."""

from __future__ import annotations

import re

from jacmagic.render.mathml import to_mathml

_FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\`$])\$([^$`\n]+)\$", flags=re.DOTALL)
_BRACKETED = re.compile(
    r"<mo [^>]*>\[</mo><mtable>((?:(?!<mtable>).)*?)</mtable><mo [^>]*>\]</mo>", flags=re.DOTALL
)


def formulas(text: str) -> str:
    """Replace mathematics between dollars by MathML.

    Args:
        text: Markdown, or LaTeX as an output shows it.
    """
    return _FORMULA.sub(_mathml, text)


def mathml(source: str, *, block: bool) -> str:
    """Return MathML of LaTeX without delimiters; a block in a box that scrolls where it is wide.

    Fonts draw the brackets of matrices too small: `formulas.css` draws them instead.
    """
    plain = to_mathml(source.replace(r"\displaystyle", "").strip(), display=False)
    drawn = _BRACKETED.sub(r'<mtable class="jm-bracketed">\1</mtable>', plain)
    if not block:
        return drawn
    drawn = drawn.replace('display="inline"', 'display="block"', 1)
    return f'<span class="jm-formula" tabindex="0">{drawn}</span>'


def _mathml(match: re.Match[str]) -> str:
    return mathml(match[1] or match[2], block=match[1] is not None or r"\displaystyle" in match[0])
