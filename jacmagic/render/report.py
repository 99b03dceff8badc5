r"""Reports: a title, equations, tables and sentences as text, LaTeX and HTML.

What an analysis of a Jacobian shows is a `Report`; `ReportDisplay` makes an object display it.
Strings in, strings out; all text is escaped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from jacmagic.render import html, latex, wide
from jacmagic.render.mathml import to_mathml
from jacmagic.render.page import MAX_TERMINAL_ROWS
from jacmagic.render.prose import inline, paragraph
from jacmagic.render.text import displayed, flush_left, flush_right


@dataclass(frozen=True)
class Fragment:
    """One piece of text with its LaTeX.

    Attributes:
        text: for a terminal and for HTML.
        tex: LaTeX in math mode.
    """

    text: str
    tex: str


def numeral(value: float, digits: int = 4) -> Fragment:
    """Return a number to some significant digits."""
    return Fragment(displayed(value, digits), latex.number(value, digits))


def words(text: str) -> Fragment:
    """Return words, upright in LaTeX."""
    return Fragment(text, rf"\text{{{inline(text)}}}" if text else "")


@dataclass(frozen=True)
class Grid:
    """A table: heads of the columns, and rows that begin with their own head.

    Attributes:
        heads: one for each column, that of the row heads first.
        rows: as many cells as there are heads.
        caption: a line above it; "" for none.
        left: columns of words, flush left; the others are flush right.
        kinds: of the rows, "wrong" or "doubt" for a coloured one.
        max_rows: rows that are shown.
    """

    heads: Sequence[Fragment]
    rows: Sequence[Sequence[Fragment]]
    caption: str = ""
    left: Collection[int] = ()
    kinds: Sequence[str] = ()
    max_rows: int = MAX_TERMINAL_ROWS

    @property
    def picked(self) -> list[list[Fragment]]:
        """Heads and rows that are shown: the first columns and rows of a large table."""
        wide = len(self.heads) > MAX_TERMINAL_ROWS + 1
        lines = [self.heads, *self.rows[: self.max_rows]]
        cut = [
            [*line[: MAX_TERMINAL_ROWS + 1], *[Fragment("…", r"\cdots")] * wide] for line in lines
        ]
        gap = [Fragment("⋮", r"\vdots")] * len(cut[0])
        return [*cut, gap] if len(self.rows) > self.max_rows else cut

    @property
    def text(self) -> str:
        """Lines for a terminal."""
        columns = zip(*([cell.text for cell in line] for line in self.picked), strict=True)
        flush = [
            flush_left(column) if k in self.left else flush_right(column)
            for k, column in enumerate(columns)
        ]
        lines = zip(*flush, strict=True)
        drawn = ["  ".join(line).rstrip() for line in lines]
        return "\n".join([self.caption, *drawn] if self.caption else drawn)

    @property
    def latex(self) -> list[str]:
        """Arrays with a rule below the heads, each of as many columns as fit on a line."""
        return wide.table([[cell.tex for cell in line] for line in self.picked], self.left)

    @property
    def html(self) -> str:
        """A table element."""
        head, *body = self.picked
        heads = "".join(self._cell('th scope="col"', k, cell) for k, cell in enumerate(head))
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        rows = "".join(self._row(line, *self.kinds[k : k + 1]) for k, line in enumerate(body))
        return f"{caption}<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"

    def _row(self, line: Sequence[Fragment], kind: str = "") -> str:
        tags = ['th scope="row"', *["td"] * (len(line) - 1)]
        marked = f' class="jm-{kind}"' if kind else ""
        return f"<tr{marked}>{''.join(map(self._cell, tags, range(len(line)), line))}</tr>"

    def _cell(self, tag: str, column: int, cell: Fragment) -> str:
        words = ' class="jm-words"' if column in self.left else ""
        return f"<{tag}{words}>{escape(cell.text)}</{tag[:2]}>"


@dataclass(frozen=True)
class Report:
    """What an analysis shows, in this order; warnings are marked.

    Attributes:
        title: one line.
        equations: formulas.
        grids: tables.
        warnings: sentences.
        lines: further sentences.
        verdict: a line below the title.
    """

    title: str
    equations: Sequence[Fragment] = ()
    grids: Sequence[Grid] = ()
    warnings: Sequence[str] = ()
    lines: Sequence[str] = ()
    verdict: str = ""

    @property
    def text(self) -> str:
        """Lines for a terminal."""
        blocks = [
            f"{self.title}\n{self.verdict}".rstrip(),
            "\n".join(equation.text for equation in self.equations),
        ]
        blocks += [grid.text for grid in self.grids]
        blocks.append("\n".join([*(f"⚠ {line}" for line in self.warnings), *self.lines]))
        return "\n\n".join(block for block in blocks if block)

    @property
    def latex(self) -> str:
        """Displayed equations, arrays and sentences."""
        shown = [*map(paragraph, filter(None, (self.title, self.verdict)))]
        shown += [*(f"$$\n{equation.tex}\n$$" for equation in self.equations)]
        for grid in self.grids:
            shown += [paragraph(grid.caption)] * bool(grid.caption)
            shown += [f"$$\n{part}\n$$" for part in grid.latex]
        shown += [paragraph(line, strong="Warning:") for line in self.warnings]
        return "\n\n".join([*shown, *map(paragraph, self.lines)])

    @property
    def html(self) -> str:
        """Self-contained HTML in the style of the still forms."""
        equations = [to_mathml(equation.tex, display=False) for equation in self.equations]
        figure = f'<div class="jm-verdict">{escape(self.verdict)}</div>' if self.verdict else ""
        figure += "".join(f"<div>{equation}</div>" for equation in equations)
        figure += "".join(grid.html for grid in self.grids)
        return html.page(self.title, figure, remarks=self.lines, warnings=self.warnings)


class ReportDisplay(ABC):
    """An object that displays itself by a report."""

    @abstractmethod
    def report(self) -> Report:
        """Return what is shown."""

    def __repr__(self) -> str:
        return self.report().text

    def to_latex(self) -> str:
        """Return what is shown as LaTeX, between dollars."""
        return self.report().latex

    def to_html(self) -> str:
        """Return what is shown as self-contained HTML."""
        return self.report().html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = self.report()
        return {
            "text/plain": shown.text,
            "text/latex": shown.latex,
            "text/html": shown.html,
        }
