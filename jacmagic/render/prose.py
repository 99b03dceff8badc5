r"""Sentences as LaTeX outside of math mode, so that they break over lines.

Names of entries and signs in them are set as mathematics: "∂f₁/∂x₁ is 0" as
"$\partial f_{1}/\partial x_{1}$ is 0". What comes out means the same in a document and in a
notebook, where MathJax reads nothing but the parts between dollars.
"""

from __future__ import annotations

import re

from jacmagic.render.names import COMMANDS, printable, tex_name

_SMALL = dict(
    zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=()aehijklmnoprstuvx", strict=True)
)
_HIGH = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿᵀ", "0123456789+-=()nT", strict=True))
_SIGNS = {
    "∂": r"\partial ", "∇": r"\nabla ", "−": "-", "≠": r"\neq ", "≤": r"\leq ", "≥": r"\geq ",
    "→": r"\to ", "∞": r"\infty ", "√": r"\surd ", "·": r"\cdot ", "⋅": r"\cdot ", "±": r"\pm ",
    "×": r"\times ", "‖": r"\|", "≈": r"\approx ", "∈": r"\in ", "°": r"^{\circ}",
    "↑": r"\uparrow ", "↓": r"\downarrow ", "✓": r"\checkmark ", "⇒": r"\Rightarrow ",
}  # fmt: skip
_PLAIN = "“”‘’…–—"  # with ASCII and Latin letters, what a text font has
_MARKS = "\u0302-\u0308\u20d7"
_PIECE = re.compile(
    rf"(?P<small>[{''.join(_SMALL)}]+)|(?P<high>[{''.join(_HIGH)}]+)"
    r"|√(?P<root>\w+)"
    rf"|(?P<name>(?:[^\W\d_{''.join(_SMALL)}ⁿᵀ][{_MARKS}]*)+)|(?P<other>.)",
    re.S,
)
_WORD = re.compile(r"(?P<before>[(\[“\"']*)(?P<core>.*?)(?P<behind>[,.;:!?)\]”\"']*)", re.S)
_NEGATIVE = re.compile(r"-[0-9.]+(?:e[-+]?[0-9]+)?")


def paragraph(text: str, *, strong: str = "") -> str:
    """Return a sentence as LaTeX.

    Args:
        text: any text; it is escaped.
        strong: a word in bold before it.
    """
    opening = rf"$\textbf{{{strong}}}$ " if strong else ""
    end = "" if text.rstrip()[-1:] in tuple(".!?:…") else "."
    return f"{opening}{inline(text)}{end}"


def inline(text: str) -> str:
    """Return words as LaTeX; they are escaped."""
    return " ".join(map(_word, text.split()))


def _word(word: str) -> str:
    parts = _WORD.fullmatch(word)
    if parts is None or (all(map(_is_plain, word)) and not _NEGATIVE.fullmatch(parts["core"])):
        return _escaped(word)
    inner = "".join(map(_piece, _PIECE.finditer(parts["core"])))
    return f"{_escaped(parts['before'])}${inner.strip()}${_escaped(parts['behind'])}"


def _is_plain(letter: str) -> bool:
    is_latin = "\u00c0" <= letter <= "\u017f" and letter.isalpha()
    return letter.isascii() or letter in _PLAIN or is_latin


def _piece(match: re.Match[str]) -> str:
    """Return a piece of a word for math mode."""
    if match["small"]:
        return f"_{{{''.join(_SMALL[letter] for letter in match['small'])}}}"
    if match["high"]:
        return f"^{{{''.join(_HIGH[letter] for letter in match['high'])}}}"
    if match["root"]:
        return rf"\sqrt{{{inline(match['root'])}}}".replace("$", "")
    if match["name"]:
        return tex_name(match["name"], ())
    letter = printable(match["other"])
    sign = _SIGNS.get(letter) or COMMANDS.get(letter)
    return sign or (letter if letter.isascii() else rf"\text{{{letter}}}")


def _escaped(word: str) -> str:
    """Return text whose special characters are mathematics; "--" is not a dash."""
    shown = "".join(
        f"${COMMANDS[letter]}$" if letter in COMMANDS else printable(letter) for letter in word
    )
    return shown.replace("--", r"-$\text{-}$").replace("`", "'")
