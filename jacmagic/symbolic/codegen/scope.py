"""The identifiers of a generated function: valid in its language and unique."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence

# "GREEK SMALL LETTER THETA" is spelt theta, "COMBINING DOT ABOVE" dot.
_SPELLING = re.compile(r"(CAPITAL )?(?:LETTER|COMBINING) (.+?)(?: ABOVE| ACCENT)?$")


class Scope:
    """The identifiers in use in one function.

    None is a word of the language or a name that the function's body calls, and all are distinct.
    """

    def __init__(self, reserved: Collection[str], *, ascii_only: bool = False) -> None:
        """Begin with no names.

        Args:
            reserved: words that mean something else in the function.
            ascii_only: whether identifiers are written in ASCII letters.
        """
        self._taken, self._ascii_only = set(reserved), ascii_only

    def names(self, texts: Sequence[str]) -> list[str]:
        """Return distinct identifiers for texts; a free identifier is kept as it is."""
        unchanged = {
            text: self._take([text])
            for text in dict.fromkeys(texts)
            if text == self._identifier(text) and text not in self._taken
        }
        return [unchanged.pop(text, "") or self.name(text) for text in texts]

    def name(self, text: str) -> str:
        """Return an identifier for a text: the text itself where it can be."""
        stem = self._identifier(text)
        numbered = (f"{stem}_{k}" for k in itertools.count(2))
        return self._take(itertools.chain([stem, f"{stem}_"], numbered))

    def temporaries(self) -> Iterator[str]:
        """Yield t1, t2, … without those in use."""
        candidates = (f"t{k}" for k in itertools.count(1))
        while True:
            yield self._take(candidates)

    def _take(self, candidates: Iterable[str]) -> str:
        name = next(name for name in candidates if name not in self._taken)
        self._taken.add(name)
        return name

    def _identifier(self, text: str) -> str:
        """Return a text as an identifier, in Unicode's normal form NFKC as Python's are."""
        if self._ascii_only:
            # C keeps names that begin with an underscore for itself
            return re.sub(r"^(?=[_0-9]|$)", "v", _in_ascii(text))
        plain = "".join(
            c if f"_{c}".isidentifier() else "_" for c in unicodedata.normalize("NFKC", text)
        )
        return plain if plain.isidentifier() else f"_{plain}"


def _in_ascii(text: str) -> str:
    """Return a text in the letters, digits and underscores of ASCII."""
    return "".join(map(_spelt, unicodedata.normalize("NFKD", text)))


def _spelt(character: str) -> str:
    if character.isascii():
        return character if character.isalnum() else "_"
    match = _SPELLING.search(unicodedata.name(character, ""))
    spelt = re.sub(r"\W", "_", match[2].lower()) if match else f"u{ord(character):x}"
    if unicodedata.combining(character):
        return f"_{spelt}"
    return spelt.capitalize() if match and match[1] else spelt
