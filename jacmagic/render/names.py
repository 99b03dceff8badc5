"""Names as code, Unicode and LaTeX: x[0], x₀, x_{0}; any text in them is escaped.

Names come from the user's code and data (argument names, dict keys), so they may be anything; here
they become text, Unicode and LaTeX that typeset properly in MathJax, KaTeX, LaTeX and MathML and
can never be executed.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma "
    "tau upsilon phi chi psi omega"
).split()
_CAPITAL = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
_VARIANTS = dict(zip("varepsilon vartheta varphi varrho".split(), "εϑφϱ", strict=True))
_LETTERS = {
    **dict(zip(_GREEK, "αβγδεζηθικλμνξοπρστυφχψω", strict=True)),
    **dict(zip(_CAPITAL, "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True)),
    **_VARIANTS,
    "ell": "ℓ",
    "hbar": "ℏ",
}
_TEX = {name: rf"\{name}" for name in _LETTERS} | {"omicron": "o"}
_TEX |= {"epsilon": r"\varepsilon", "phi": r"\varphi"}  # the shapes of ε and φ, as text has them
_TEX |= {letter: _TEX[name] for name, letter in reversed(_LETTERS.items())}
_LATIN = frozenset(string.ascii_letters)
_ALIASES = {"eps": "epsilon", "lam": "lambda", "lmbda": "lambda", "lamda": "lambda"}
_ACCENTS = {"dot", "ddot", "hat", "bar", "tilde", "vec"}
_SUBSCRIPTS = str.maketrans("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_NAME = re.compile(r"(?P<stem>[^\W\d_]+)(?P<digits>[0-9]*)(?P<rest>(?:_[^\W_]+)*)_*(?P<primes>'*)")
_NUMBERED = re.compile(r"(?P<word>.*[^\W\d_])(?P<digits>[0-9]+)")  # lstm_cell1
# combining characters that IPython's Tab writes after a letter (θ̇, x̂, v⃗) → accent
_MARKS = dict(
    zip(
        "\u0307\u0308\u0302\u0304\u0305\u0303\u20d7",
        "dot ddot hat bar bar tilde vec".split(),
        strict=True,
    )
)
_MARKED = re.compile(
    rf"(?P<letter>[^\W\d_])(?P<marks>[{''.join(_MARKS)}]{{1,2}})(?P<rest>[0-9_].*|)"
)
LAYER_PARAMETERS = {"weight": "W", "bias": "b"}  # a layer's parameters in textbooks
_PARAMETER = re.compile(rf"(?P<path>(?:\w+\.)+)(?P<last>{'|'.join(LAYER_PARAMETERS)})")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_]+")
MAX_CHARACTERS = 40  # of a name that are shown, so that tables keep their width

# Characters with a meaning in TeX or HTML are written outside \text{…}, as mathematics. The braces
# around < and > keep them from beginning a tag.
COMMANDS = {
    "\\": r"\backslash", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"{\wedge}", "~": r"{\sim}", "<": "{<}", ">": "{>}",
}  # fmt: skip
_SIGNS = "\u2100-\u214f\u2190-\u23ff\u27c0-\u27ff\u2900-\u2aff"  # mathematics only, in KaTeX
_APART = re.escape("".join(COMMANDS)) + _SIGNS
_RUN = re.compile(f"[{_APART}]|[^{_APART}]+")


def code_name(name: str, index: Sequence[int]) -> str:
    """Return a component as Python indexes it: "x[0]", "A[0,1]"."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def unicode_name(name: str, index: Sequence[int], *, verbatim: bool = False) -> str:
    """Return a component with Unicode subscripts where they exist: "x₁", "A₀₁", "θ₁"."""
    parts = None if verbatim else _parts(name)
    if parts is None or not parts.fits_unicode:
        return code_name(_visible(name), index)
    letter = _LETTERS.get(parts.stem, parts.stem) + parts.marks
    if parts.subscripts and index:  # one kind of subscript is enough: x₁[0,2]
        return code_name(letter + _small(_subscript(parts.subscripts)) + parts.primes, index)
    return letter + _small(_subscript(parts.subscripts, index)) + parts.primes


def tex_name(name: str, index: Sequence[int], *, verbatim: bool = False) -> str:
    r"""Return a component as LaTeX: "x_{1}", "\theta_{1}"; other text is escaped."""
    if verbatim:
        return _as_text(code_name(name, index))
    parts = _parts(name)
    if parts is None:
        letter, subscripts = _as_text(name), list[str]()
    else:
        letter, subscripts = _letter(parts.stem), parts.subscripts
        for accent in parts.accents:
            letter = rf"\{accent}{{{letter}}}"
        letter += parts.primes
    below = _subscript([s if s.isdigit() else _letter(s) for s in subscripts], index)
    return f"{letter}_{{{below}}}" if below else letter


def escaped_text(text: str) -> str:
    r"""Return a sentence as LaTeX for math mode: \text{…}, signs and commands."""
    return "".join(map(_piece, _RUN.findall("".join(map(printable, text)))))


@dataclass(frozen=True)
class _Parts:
    """A letter or word with its subscripts, accents and primes.

    Attributes:
        marks: the combining characters of the first accents.
    """

    stem: str
    subscripts: list[str]
    accents: list[str]
    primes: str
    marks: str = ""

    @property
    def fits_unicode(self) -> bool:
        """Whether Unicode has a combining character or subscript for every part."""
        return len(self.accents) <= len(self.marks) and all(map(_is_small, self.subscripts))


def _parts(name: str) -> _Parts | None:
    """Return a name's parts; None for a name that is written out as text."""
    marked = _MARKED.fullmatch(unicodedata.normalize("NFD", name))
    if marked is not None:
        parts = _parts(marked["letter"] + marked["rest"])
        accents = [_MARKS[mark] for mark in marked["marks"]]
        return parts and replace(parts, accents=[*accents, *parts.accents], marks=marked["marks"])
    if (path := _PARAMETER.fullmatch(name)) is not None:  # 0.weight: the W of layer 0
        return _Parts(LAYER_PARAMETERS[path["last"]], path["path"].rstrip(".").split("."), [], "")
    return _plain_parts(name)


def _plain_parts(name: str) -> _Parts | None:
    """Return the parts of a name with digits or suffixes: x1, theta_dot, mass_2."""
    match = _NAME.fullmatch(name)
    if match is None or len(name) > MAX_CHARACTERS:
        return None
    stem = _ALIASES.get(match["stem"], match["stem"])
    suffixes = [match["digits"], *match["rest"].split("_")]
    accents = [suffix for suffix in suffixes if suffix in _ACCENTS]
    subscripts = [suffix for suffix in suffixes if suffix and suffix not in _ACCENTS]
    is_word = len(stem) > 1 and stem not in _LETTERS
    if is_word and (accents or not all(map(_is_number, subscripts))):
        # learning_rate is one word, not a learning with the subscript rate
        ending = _NUMBERED.fullmatch(name)
        return ending and _Parts(ending["word"], [ending["digits"]], [], "")
    return _Parts(stem, subscripts, accents, match["primes"])


def _is_number(part: str) -> bool:
    return part.isascii() and part.isdigit()


def _is_small(part: str) -> bool:
    """Whether Unicode has subscript characters for a part."""
    return _is_number(part) or (len(part) == 1 and ord(part) in _SUBSCRIPTS)


def _small(subscript: str) -> str:
    return subscript.translate(_SUBSCRIPTS)


def _subscript(parts: list[str], index: Sequence[int] = ()) -> str:
    """Join a subscript: parts of a name by commas, indices of one digit side by side."""
    digits = [str(number) for number in index]
    narrow = all(len(digit) == 1 for digit in digits)
    return ",".join([*parts, *(["".join(digits)] if narrow and digits else digits)])


def _letter(stem: str) -> str:
    r"""Return a letter, a Greek letter's command, or a word in upright type."""
    if stem in _TEX:
        return _TEX[stem]
    if stem.isascii() and len(stem) == 1:
        return stem
    if len(stem) == 2 and stem[0] in "Δδ" and stem[1] in _LATIN | _TEX.keys():  # Δt, δx
        return f"{{{_TEX[stem[0]]} {_letter(stem[1])}}}"
    return _as_text(stem)


def _as_text(name: str) -> str:
    r"""Return identifiers as \mathrm{…}, other text as \text{…} and commands."""
    name = _visible(name)
    if _IDENTIFIER.fullmatch(name):
        return rf"\mathrm{{{name}}}".replace("_", r"\_")
    return "".join(map(_piece, _RUN.findall(name)))


def _piece(run: str) -> str:
    if re.match(f"[{_SIGNS}]", run):
        return f"{{{run}}}"
    return COMMANDS.get(run) or rf"\text{{{run}}}"


def _visible(name: str) -> str:
    """Return a name on one line, shortened, with � for unprintable characters."""
    shown = "".join(map(printable, unicodedata.normalize("NFC", name)))
    return (shown if len(shown) <= MAX_CHARACTERS else f"{shown[: MAX_CHARACTERS - 1]}…") or "''"


def printable(character: str) -> str:
    """Return a character, or a substitute for one that is invisible or reorders text."""
    if character.isspace():
        return " "
    hidden = unicodedata.category(character) in {"Cc", "Cf", "Cn", "Cs", "Co"}
    return "�" if hidden or "\u0300" <= character <= "\u036f" else character
