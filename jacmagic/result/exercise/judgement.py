"""The judgement on one answer: right, wrong with the mistake, or not readable."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from jacmagic.render.names import escaped_text

RIGHT, WRONG, UNREADABLE = "right", "wrong", "not readable"
MARKS = {RIGHT: "✓", WRONG: "✗", UNREADABLE: "?"}


@dataclass(frozen=True)
class Judgement:
    """The verdict on one answer with its reason; true where it is right.

    Attributes:
        verdict: "right", "wrong" or "not readable".
        answer: as it was typed.
        kind: of the mistake, such as "sign" or "product rule"; "" where none is named.
        message: a clause that names the mistake, or why the answer cannot be read.
        line: of a derivation, the number of the first wrong line, counted from 1; else None.
    """

    verdict: str
    answer: str
    kind: str = ""
    message: str = ""
    line: int | None = None

    def __bool__(self) -> bool:
        return self.verdict == RIGHT

    @property
    def sentence(self) -> str:
        """The verdict with what explains it, on one line."""
        where = "" if self.line is None else f"line {self.line}: "
        reason = f": {self.message}" if self.message else ""
        return f"{where}{self.verdict}{reason}".split("\n")[0]

    def __repr__(self) -> str:
        below = self.message.partition("\n")[2]
        return f"{MARKS[self.verdict]} {self.sentence}" + (f"\n{below}" if below else "")

    def to_html(self) -> str:
        """Return self-contained HTML; all text is escaped."""
        below = self.message.partition("\n")[2]
        spot = f"<pre>{escape(below)}</pre>" if below else ""
        return f"<div>{MARKS[self.verdict]} {escape(self.sentence)}{spot}</div>"

    def to_latex(self) -> str:
        """Return the sentence as LaTeX between delimiters."""
        return f"$${escaped_text(self.sentence)}$$"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return all still forms by MIME type."""
        return {
            "text/plain": repr(self), "text/html": self.to_html(), "text/latex": self.to_latex()
        }  # fmt: skip
