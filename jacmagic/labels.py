"""What a component is called: x1 in code, x₁ in a table, x_{1} in mathematics.

A label is a name and the indices that follow it. Names come from the user's code and data (argument
names, dict keys), so they may be anything; here they become text, Unicode and LaTeX that typeset
properly in MathJax, KaTeX, LaTeX and MathML and can never be executed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega"
).split()
_CAPITAL = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
_LETTERS = dict(zip(_GREEK, "αβγδεζηθικλμνξπρστυφχψω", strict=True)) | dict(
    zip(_CAPITAL, "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True)
)
_TEX_OF_LETTER = {letter: rf"\{name}" for name, letter in _LETTERS.items()}
_ALIASES = {"eps": "epsilon", "lam": "lambda", "lmbda": "lambda", "lamda": "lambda"}
_ACCENTS = {"dot": "dot", "ddot": "ddot", "hat": "hat", "bar": "bar", "tilde": "tilde", "vec": "vec"}
_LOW = str.maketrans("0123456789+-,", "₀₁₂₃₄₅₆₇₈₉₊₋,")
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\char94{}",
    "~": r"\char126{}",
    "<": r"<",
    ">": r">",
}
_NAME = re.compile(r"(?P<stem>[^\W\d_]+)(?P<digits>\d*)(?P<rest>(?:_[^\W_]+)*)_*")


@dataclass(frozen=True)
class Label:
    """The name of one scalar component.

    Attributes:
        name: an argument's name, an output's name or a key; any text.
        index: indices into a tensor, counted as the code counts them.
    """

    name: str
    index: tuple[int, ...] = ()

    @cached_property
    def text(self) -> str:
        """As the code writes it: "x1", "x[0]", "A[0,1]"."""
        return f"{self.name}[{','.join(map(str, self.index))}]" if self.index else self.name

    @cached_property
    def unicode(self) -> str:
        """As a table shows it: "x₁", "x₀", "A₀₁", "θ₁"."""
        parts = _parts(self.name)
        if parts is None:
            return self.text
        stem, low, accents = parts
        if accents or not all(part.isdigit() for part in low):
            return self.text
        return _LETTERS.get(stem, stem) + _below(low, self.index).translate(_LOW)

    @cached_property
    def tex(self) -> str:
        r"""As mathematics: "x_{1}", "A_{01}", "\theta_{1}"; anything odd as escaped text."""
        parts = _parts(self.name)
        if parts is None:
            shown, low = _as_text(self.name), list[str]()
        else:
            stem, low, accents = parts
            shown = _letter(stem)
            for accent in accents:
                shown = rf"\{accent}{{{shown}}}"
        below = _below([_low(part) for part in low], self.index)
        return f"{shown}_{{{below}}}" if below else shown

    @cached_property
    def symbol(self) -> str:
        """A plain name that is different for different labels: "x1", "x_0", "A_0_1"."""
        return "_".join([self.name, *map(str, self.index)])


def _parts(name: str) -> tuple[str, list[str], list[str]] | None:
    """A name's letter or word, what stands below it, and its accents; None for odd names."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    low = [found["digits"]] if found["digits"] else []
    accents = []
    for part in found["rest"].split("_")[1:]:
        if part in _ACCENTS:
            accents.append(_ACCENTS[part])
        else:
            low.append(part)
    return _ALIASES.get(found["stem"], found["stem"]), low, accents


def _below(low: list[str], index: tuple[int, ...]) -> str:
    """A subscript: parts of a name by commas, indices of one digit side by side."""
    places = [str(place) for place in index]
    narrow = all(len(place) == 1 for place in places)
    return ",".join([*low, *(["".join(places)] if narrow and places else places)])


def _letter(stem: str) -> str:
    r"""A letter, a Greek letter's command, or a word in upright type."""
    if stem in _LETTERS:
        return "o" if stem == "omicron" else rf"\{'varepsilon' if stem == 'epsilon' else stem}"
    if stem in _TEX_OF_LETTER:
        return _TEX_OF_LETTER[stem]
    if stem.isascii():
        return stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    return _as_text(stem)


def _low(part: str) -> str:
    """A part of a subscript."""
    return part if part.isdigit() and part.isascii() else _letter(part)


def _as_text(name: str) -> str:
    r"""Any text inside \text{…}, with TeX's own characters escaped."""
    return rf"\text{{{''.join(_ESCAPED.get(character, character) for character in name)}}}"
