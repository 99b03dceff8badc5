"""Parse a slider's range, `x=0:5:0.1` or `x[0]=-pi:pi`, without evaluation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jacmagic.errors import CellError
from jacmagic.function.syntax.bindings import is_name, normal

# a name such as x, 0.weight or layers[0].w, and perhaps an index
_HEAD = re.compile(r"\s*([^\s=]*[^\s=\]])\s*(?:\[\s*([-\d\s,]*)\])?\s*=(?!=)")
_INDEX = re.compile(r"\[-?\d+\]")


@dataclass(frozen=True)
class RangeText:
    """A slider's range as typed; `low`, `high` and `step` are texts of expressions."""

    name: str
    index: tuple[int, ...]
    low: str
    high: str
    step: str | None = None

    @property
    def key(self) -> str:
        """The component as written in code: `x`, `x[0]`, `A[0,1]`."""
        return self.name + (f"[{','.join(map(str, self.index))}]" if self.index else "")


def read_range(text: str) -> RangeText:
    """Parse `NAME=LO:HI[:STEP]`, where NAME may be one component such as `x[0]`.

    Raises:
        CellError: the text has another form.

    Example:
        >>> read_range("x[0]=-pi:pi")
        RangeText(name='x', index=(0,), low='-pi', high='pi', step=None)
    """
    match = _HEAD.match(text)
    parts = _parts(text[match.end() :]) if match else []
    named = match is not None and is_name(_INDEX.sub("", match[1]))
    if match is None or not named or len(parts) not in (2, 3) or not all(parts):
        raise CellError(
            f"expected --range NAME=LO:HI or NAME=LO:HI:STEP; found {text!r}; "
            "write for example --range x=0:5 or --range x[0]=0:5:0.1"
        )
    index = tuple(int(part) for part in (match[2] or "").split(",") if part.strip())
    return RangeText(
        normal(match[1]), index, parts[0], parts[1], parts[2] if len(parts) == 3 else None
    )


def _parts(text: str) -> list[str]:
    """Split at the colons outside brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == ":" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
