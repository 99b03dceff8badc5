"""Formulas between dollars as MathML, which needs neither scripts nor fonts from a network."""

from __future__ import annotations

import re

from jacmagic.render.mathml import to_mathml

_FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\`$])\$([^$`\n]+)\$", flags=re.DOTALL)


def formulas(text: str) -> str:
    """Replace mathematics between dollars by MathML.

    Args:
        text: Markdown, or LaTeX as an output shows it.
    """
    return _FORMULA.sub(_mathml, text)


def _mathml(found: re.Match[str]) -> str:
    source = (found[1] or found[2]).replace(r"\displaystyle", "").strip()
    return to_mathml(source, display=bool(found[1]) or r"\displaystyle" in found[0])
