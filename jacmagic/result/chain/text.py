"""The still form of a chain for a terminal."""

from __future__ import annotations

from jacmagic.result.chain.factor import Factor
from jacmagic.result.chain.product import ChainProduct
from jacmagic.result.chain.remarks import definitions, heading, left_out, summary, unrepeated
from jacmagic.symbolic.formula import plain, pretty

MAX_WIDTH = 100  # characters of a line: the usual width of a terminal
MAX_HEIGHT = 30  # lines of a factor: about a terminal's
MAX_ENTRIES = 24  # of a factor that is listed entry by entry


def to_text(chain: ChainProduct) -> str:
    """Return lines for a terminal."""
    lines = [heading(chain), ""]
    for left, right in chain.equations(chain.text_writer):
        lines += _wrapped(f"{left} = ", right)
    for reading, parts in definitions(chain):
        for label, value in parts:
            shown = plain(value, reading.texts, written=True)
            lines += _wrapped(f"with {label.unicode} = ", shown)
    lines += ["", *summary(chain)]
    for factor, other in unrepeated(chain):
        lines += ["", *_factor_text(factor, other)]
    return "\n".join([*lines, *left_out(chain)])


def _factor_text(factor: Factor, other: Factor | None) -> list[str]:
    m, n = factor.shape
    head = f"{factor.name}  ({m} × {n})"
    if other is not None:
        return [f"{head}: as {other.name}"]
    names = factor.reading.texts
    drawn = pretty(factor.formula, names).splitlines() if m <= MAX_HEIGHT and n < MAX_WIDTH else []
    if not drawn or len(drawn) > MAX_HEIGHT or max(map(len, drawn)) > MAX_WIDTH:
        drawn = _entry_lines(factor)
    return [head, *drawn, *_where(factor)]


def _entry_lines(factor: Factor) -> list[str]:
    """Return the entries of a factor that are not zero, one on a line."""
    lines: list[str] = []
    names, total = factor.reading.texts, 0
    for i, row in enumerate(factor.rows):
        for j, column in enumerate(factor.columns):
            entry = factor.entry(i, j)
            if entry != 0:
                total += 1
                if len(lines) < MAX_ENTRIES:
                    lines += _wrapped(f"  ∂{row.unicode}/∂{column.unicode} = ", plain(entry, names))
    return [*lines, *([f"  … and more: {total} entries"] if len(lines) >= MAX_ENTRIES else [])]


def _where(factor: Factor) -> list[str]:
    names = factor.reading.texts
    lines = []
    for clause in factor.clauses:
        lines += _wrapped(f"with {plain(clause.symbol, names)} = ", plain(clause.definition, names))
    return lines


def _wrapped(head: str, body: str) -> list[str]:
    """Return an equation on lines of a terminal, broken at blanks."""
    lines, line = [], head
    for word in body.split(" "):
        if len(line) + len(word) > MAX_WIDTH and line.strip():
            lines.append(line.rstrip())
            line = " " * min(len(head), 12)
        line += f"{word} "
    return [*lines, line.rstrip()]
