"""What a component is called: x1 in code, x₁ in a table, x_{1} in mathematics.

A label is a name and the indices that follow it. Names come from the user's code and data (argument
names, dict keys), so they may be anything; here they become text, Unicode and LaTeX that typeset
properly in MathJax, KaTeX, LaTeX and MathML and can never be executed.
"""

from __future__ import annotations

import bisect
import itertools
import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar, overload

_S = TypeVar("_S")
_T = TypeVar("_T")

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
_TEX = {name: rf"\{name}" for name in _LETTERS} | {"epsilon": r"\varepsilon", "omicron": "o"}
_TEX |= {letter: _TEX[name] for name, letter in reversed(_LETTERS.items())}
_ALIASES = {"eps": "epsilon", "lam": "lambda", "lmbda": "lambda", "lamda": "lambda"}
_ACCENTS = {"dot", "ddot", "hat", "bar", "tilde", "vec"}
_LOW = str.maketrans("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_NAME = re.compile(r"(?P<stem>[^\W\d_]+)(?P<digits>[0-9]*)(?P<rest>(?:_[^\W_]+)*)_*(?P<primes>'*)")
# the marks that IPython's Tab writes behind a letter (θ̇, x̂, v⃗), as accents
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
SHORT = {"weight": "W", "bias": "b"}  # as textbooks call a layer's parameters
_PARAMETER = re.compile(rf"(?P<path>(?:\w+\.)+)(?P<last>{'|'.join(SHORT)})")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_]+")
LONGEST = 40  # characters of a name that are shown

# Characters that TeX or HTML would read as their own stand outside \text{…}, as mathematics. The
# braces around < and > keep them from ever beginning a tag.
_COMMANDS = {
    "\\": r"\backslash",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"{\wedge}",
    "~": r"{\sim}",
    "<": "{<}",
    ">": "{>}",
}
_SIGNS = "\u2100-\u214f\u2190-\u23ff\u27c0-\u27ff\u2900-\u2aff"  # mathematics only, in KaTeX
_APART = re.escape("".join(_COMMANDS)) + _SIGNS
_RUN = re.compile(f"[{_APART}]|[^{_APART}]+")


@dataclass(frozen=True)
class Label:
    """The name of one scalar component.

    Attributes:
        name: an argument's name, an output's name or a key; any text.
        index: indices into a tensor, counted as the code counts them.
        written_out: whether it stands everywhere as the code writes it; see `apart`.
    """

    name: str
    index: tuple[int, ...] = ()
    written_out: bool = False

    @cached_property
    def text(self) -> str:
        """As the code writes it: "x1", "x[0]", "A[0,1]"."""
        return f"{self.name}[{','.join(map(str, self.index))}]" if self.index else self.name

    @cached_property
    def unicode(self) -> str:
        """As a table shows it: "x₁", "x₀", "A₀₁", "θ₁"; one line, nothing invisible in it."""
        parts = None if self.written_out else _parts(self.name)
        if (
            parts is None
            or len(parts.accents) > len(parts.marks)
            or not all(map(_fits_below, parts.low))
        ):
            return Label(_visible(self.name), self.index).text
        shown = _LETTERS.get(parts.stem, parts.stem) + parts.marks
        if parts.low and self.index:  # one kind of low figure is enough: x₁[0,2]
            named = shown + _below(parts.low, ()).translate(_LOW) + parts.primes
            return Label(named, self.index).text
        return shown + _below(parts.low, self.index).translate(_LOW) + parts.primes

    @cached_property
    def tex(self) -> str:
        r"""As mathematics: "x_{1}", "A_{01}", "\theta_{1}"; anything odd as escaped text."""
        parts = _parts(self.name)
        if self.written_out:
            return _as_text(self.text)
        if parts is None:
            shown, low = _as_text(self.name), list[str]()
        else:
            shown, low = _letter(parts.stem), parts.low
            for accent in parts.accents:
                shown = rf"\{accent}{{{shown}}}"
            shown += parts.primes
        below = _below([part if part.isdigit() else _letter(part) for part in low], self.index)
        return f"{shown}_{{{below}}}" if below else shown

    @cached_property
    def symbol(self) -> str:
        """A plain identifier: "x1", "x_0", "A_0_1". See `symbols` for many that must differ."""
        joined = "_".join([self.name, *map(str, self.index)])
        plain = "".join(c if f"_{c}".isidentifier() else "_" for c in joined)
        if plain.isidentifier():
            return f"{plain}_" if keyword.iskeyword(plain) else plain
        return f"_{plain}"


MOST_WRITTEN = 10_000  # labels up to which all of them are made at once


class Lazy(Sequence[_T]):
    """A sequence whose items are made when they are asked for."""

    def __init__(self, size: int, item: Callable[[int], _T]) -> None:
        """`item` gives the item at a position from 0 to `size` - 1."""
        self._size = size
        self._item = item

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, position: int) -> _T: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[_T, ...]: ...
    def __getitem__(self, position: int | slice) -> _T | tuple[_T, ...]:
        if isinstance(position, slice):
            return tuple(map(self._item, range(*position.indices(self._size))))
        if not -self._size <= position < self._size:
            raise IndexError(f"expected a position below {self._size}; found {position}")
        return self._item(int(position) % self._size)


def mapped(change: Callable[[_S], _T], items: Sequence[_S]) -> Sequence[_T]:
    """Return the changed items: a list of few, made one by one of many."""
    if len(items) <= MOST_WRITTEN:
        return [change(item) for item in items]
    return Lazy(len(items), lambda position: change(items[position]))


def labels_of(name: str, shape: Sequence[int]) -> Sequence[Label]:
    """One label for each component of a tensor, row-major."""
    size = math.prod(shape)
    if size <= MOST_WRITTEN:
        return tuple(Label(name, index) for index in itertools.product(*map(range, shape)))

    def label(position: int) -> Label:
        index: list[int] = []
        for length in reversed(shape):
            position, last = divmod(position, length)
            index.insert(0, last)
        return Label(name, tuple(index))

    return Lazy(size, label)


def joined(parts: Sequence[Sequence[Label]]) -> Sequence[Label]:
    """Sequences of labels one behind the other."""
    if len(parts) == 1:
        return parts[0]
    ends = list(itertools.accumulate(map(len, parts)))
    if not ends or ends[-1] <= MOST_WRITTEN:
        return tuple(itertools.chain.from_iterable(parts))

    def label(position: int) -> Label:
        part = bisect.bisect_right(ends, position)
        return parts[part][position - (ends[part] - len(parts[part]))]

    return Lazy(ends[-1], label)


def symbols(labels: Iterable[Label]) -> list[str]:
    """Return the identifiers of several labels, different ones for different labels.

    An argument `x_0` beside a tensor `x` would share its identifier with `x[0]`; the later one gets
    an underscore more.
    """
    found: dict[Label, str] = {}
    taken: set[str] = set()
    for label in (labels := list(labels)):
        symbol = found.get(label, label.symbol)
        while label not in found and symbol in taken:
            symbol += "_"
        found[label] = symbol
        taken.add(symbol)
    return [found[label] for label in labels]


def apart(labels: Sequence[Label]) -> list[Label]:
    """Return the labels, those written out that would read as another one of them.

    An argument `x1` beside a tensor `x` would be x₁, as `x[1]` is; the one without an index, or
    else the later one, stands as the code writes it.
    """
    first: dict[str, Label] = {}
    out: set[Label] = set()
    for label in labels:
        for shown in (label.tex, label.unicode):
            other = first.setdefault(shown, label)
            if other != label:
                out.add(label if other.index or not label.index else other)
    return [replace(label, written_out=True) if label in out else label for label in labels]


@dataclass(frozen=True)
class _Parts:
    """A name that reads as a letter or word with things below and above it."""

    stem: str
    low: list[str]
    accents: list[str]
    primes: str
    marks: str = ""


def _parts(name: str) -> _Parts | None:
    """Return a name's parts; None where it is better written out."""
    marked = _MARKED.fullmatch(unicodedata.normalize("NFD", name))
    if marked is not None:
        parts = _parts(marked["letter"] + marked["rest"])
        accents = [_MARKS[mark] for mark in marked["marks"]]
        return parts and replace(parts, accents=[*accents, *parts.accents], marks=marked["marks"])
    if (path := _PARAMETER.fullmatch(name)) is not None:  # 0.weight: the W of layer 0
        return _Parts(SHORT[path["last"]], path["path"].rstrip(".").split("."), [], "")
    found = _NAME.fullmatch(name)
    if found is None or len(name) > LONGEST:
        return None
    stem = _ALIASES.get(found["stem"], found["stem"])
    rest = found["rest"].split("_")[1:]
    low = [found["digits"]] * bool(found["digits"]) + [
        part for part in rest if part not in _ACCENTS
    ]
    accents = [part for part in rest if part in _ACCENTS]
    is_word = len(stem) > 1 and stem not in _LETTERS
    if is_word and (accents or not all(map(_is_number, low))):
        return None  # learning_rate is one word, not a rate below a learning
    return _Parts(stem, low, accents, found["primes"])


def _is_number(part: str) -> bool:
    return part.isascii() and part.isdigit()


def _fits_below(part: str) -> bool:
    """Whether Unicode has small low characters for a part."""
    return _is_number(part) or (len(part) == 1 and ord(part) in _LOW)


def _below(low: list[str], index: tuple[int, ...]) -> str:
    """Return a subscript: parts of a name by commas, indices of one digit side by side."""
    places = [str(place) for place in index]
    narrow = all(len(place) == 1 for place in places)
    return ",".join([*low, *(["".join(places)] if narrow and places else places)])


def _letter(stem: str) -> str:
    r"""Return a letter, a Greek letter's command, or a word in upright type."""
    if stem in _TEX:
        return _TEX[stem]
    if stem.isascii() and len(stem) == 1:
        return stem
    return _as_text(stem)


def _as_text(name: str) -> str:
    r"""Any text: identifiers as \mathrm{…}, the rest as \text{…} with what TeX would read apart."""
    name = _visible(name)
    if _IDENTIFIER.fullmatch(name):
        return rf"\mathrm{{{name}}}".replace("_", r"\_")
    return "".join(map(_piece, _RUN.findall(name)))


def _piece(run: str) -> str:
    if re.match(f"[{_SIGNS}]", run):
        return f"{{{run}}}"
    return _COMMANDS.get(run) or rf"\text{{{run}}}"


def _visible(name: str) -> str:
    """Return a name of one line and bounded length; what cannot be seen or printed becomes �."""
    shown = "".join(map(_printable, unicodedata.normalize("NFC", name)))
    return (shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…") or "''"


def _printable(character: str) -> str:
    if character.isspace():
        return " "
    hidden = unicodedata.category(character) in {"Cc", "Cf", "Cn", "Cs", "Co"}
    return "�" if hidden or "\u0300" <= character <= "\u036f" else character
