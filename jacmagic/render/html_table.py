"""A labelled matrix as an HTML table: numbers, colours, blocks, zeros."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

import numpy as np

from jacmagic.render.layout import Blocks, cuts_of, excerpt
from jacmagic.render.page import MAX_PAGE_ROWS
from jacmagic.render.text import displayed

HEAD, TAIL = 12, 2  # of more of them, the first and the last
MAX_OPACITY = 0.42  # of the largest entry's colour, as in the live view
_POSITIVE, _NEGATIVE = "25,118,210", "239,108,0"


@dataclass(frozen=True)
class HtmlTable:
    """The numbers with their labels; row or column None is a gap."""

    values: np.ndarray
    rows: Sequence[str]
    columns: Sequence[str]
    digits: int
    pattern: np.ndarray | None
    blocks: Blocks

    @property
    def drawn(self) -> str:
        """The table element."""
        if not self.values.size:
            return f"<p>empty: {len(self.rows)} × {len(self.columns)}</p>"
        across, tops = _shown(len(self.columns)), cuts_of(self.blocks[0])
        heads = "".join(
            f'<th scope="col" align="right">{_name(self.columns, j, "…")}</th>' for j in across
        )
        body = []
        for i in _shown(len(self.rows)):
            top = ' class="jm-top"' if i in tops else ""
            name = f'<th scope="row" align="right">{_name(self.rows, i, "⋮")}</th>'
            body.append(f"<tr{top}>{name}{''.join(self._cell(i, j) for j in across)}</tr>")
        return (
            f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        )

    @property
    def legend(self) -> list[str]:
        """Line that distinguishes the two kinds of zeros, where there are both."""
        if (
            self.pattern is None
            or self.pattern.all()
            or not (self.pattern & (self.values == 0)).any()
        ):
            return []
        return ["· zero everywhere, 0 zero at this point"]

    @cached_property
    def _largest(self) -> float:
        sizes = np.abs(self.values[np.isfinite(self.values)])
        return float(sizes.max(initial=0))

    @cached_property
    def _lefts(self) -> set[int | None]:
        return cuts_of(self.blocks[1])

    def _cell(self, i: int | None, j: int | None) -> str:
        kinds = ["jm-left"] if j in self._lefts else []
        if i is None or j is None:
            return _td("⋱" if i is j else "⋮" if i is None else "…", [*kinds, "jm-none"])
        value = float(self.values[i, j])
        if value == 0 and self.pattern is not None and not self.pattern[i, j]:
            return _td("·", [*kinds, "jm-none"], title="zero everywhere")
        if not np.isfinite(value):
            return _td(displayed(value), [*kinds, "jm-odd"], title="not a finite number")
        return _td(displayed(value, self.digits), kinds, style=self._colour(value))

    def _colour(self, value: float) -> str:
        """Return a colour: blue above zero, orange below, by the root of the size."""
        if value == 0:
            return ""
        alpha = MAX_OPACITY * (abs(value) / self._largest) ** 0.5
        return f"background:rgba({_POSITIVE if value > 0 else _NEGATIVE},{alpha:.3f})"


def _td(text: str, kinds: Sequence[str], **attributes: str) -> str:
    named = {"class": " ".join(kinds), **attributes}
    source = "".join(f' {name}="{escape(value)}"' for name, value in named.items() if value)
    return f'<td align="right"{source}>{text}</td>'


def _name(labels: Sequence[str], index: int | None, gap: str) -> str:
    return gap if index is None else escape(labels[index])


def _shown(count: int) -> list[int | None]:
    return excerpt(count, MAX_PAGE_ROWS, HEAD, TAIL)
