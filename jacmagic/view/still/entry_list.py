"""The closed form of a large matrix on paper: a list of its entries, at most a page."""

from __future__ import annotations

from collections.abc import Iterator

from jacmagic.labels import Label
from jacmagic.render import latex, wide
from jacmagic.render.extent import extent
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.derivation import Derivation
from jacmagic.symbolic.formula.attempt import attempt
from jacmagic.symbolic.formula.excerpt import excerpt
from jacmagic.symbolic.formula.typeset import tex
from jacmagic.symbolic.trace import Refusal

MAX_PAGES = 2  # of a chain of matrices that is printed
MAX_LINES = 32  # of a list on a page
SMALL = 0.7  # of a letter: one in the fraction that names an entry
GAP = 4  # letters between two entries


def is_listed(jacobian: JacobianResult, chain: Derivation) -> bool:
    """Whether a chain's matrices are cut with dots, or take more than two pages."""
    is_cut = None in excerpt(max(jacobian.shape))
    return is_cut or len(wide.pages(chain.lines)) > MAX_PAGES


def entry_list(jacobian: JacobianResult, chain: Derivation) -> tuple[list[str], list[str]]:
    """Return a list of a page at most as lines, and a sentence about what is left out.

    Where a matrix form says the same, entries are listed only if all of them fit.
    """
    reading, count = jacobian.reading, int(jacobian.pattern.sum())
    found = attempt(lambda: list(_entries(jacobian)), jacobian.forms.budget)
    if reading is None or isinstance(found, Refusal):
        return [], []
    named = latex.listed(chain.definitions, "with")
    groups = wide.grouped([width + GAP for _, width in found], wide.PAGE_LETTERS)
    groups = groups[: max(MAX_LINES - len(named), 0)]
    shown = sum(map(len, groups))
    if shown < count and chain.matrix:
        return [], []
    lines = [r",\quad ".join(found[k][0] for k in group) for group in groups]
    note = f"{count - shown} entries of the closed form are left out; see J.formula"
    return [*(f"&{one}" for one in lines), *named], [note] if shown < count else []


def _entries(jacobian: JacobianResult) -> Iterator[tuple[str, int]]:
    """Yield equations of the entries that are not zero everywhere, with their widths in letters.

    None is wider than a page, all together are hardly more than one.
    """
    reading = jacobian.reading
    if reading is None:
        return
    function, left = Label(jacobian.title).tex, MAX_LINES * wide.PAGE_LETTERS
    for i, j in jacobian.pattern.nonzero().tolist():
        name = jacobian.notation.tex(function, jacobian.rows[i].tex, jacobian.columns[j].tex)
        shown = tex(reading.shown(i, j), reading.all_names)
        width = round(SMALL * extent(name)) + 3 + extent(shown)
        left -= width
        if left < 0:
            return
        if width <= wide.PAGE_LETTERS:
            yield f"{name.replace('frac', 'tfrac', 1)} = {shown}", width
