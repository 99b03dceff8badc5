"""The still form of a chain for a terminal."""

from __future__ import annotations

from jacmagic.result.chain.factor import Factor
from jacmagic.result.chain.product import ChainProduct
from jacmagic.result.chain.remarks import definitions, heading, left_out, summary, unrepeated
from jacmagic.symbolic.formula.listed import MAX_WIDTH, listed, wrapped
from jacmagic.symbolic.formula.typeset import plain, pretty

MAX_HEIGHT = 30  # lines of a factor: about a terminal's


def to_text(chain: ChainProduct) -> str:
    """Return lines for a terminal."""
    lines = [heading(chain), ""]
    for left, right in chain.equations(chain.text_writer):
        lines += wrapped(f"{left} = ", right)
    for reading, parts in definitions(chain):
        for label, value in parts:
            shown = plain(value, reading.texts, written=True)
            lines += wrapped(f"with {label.unicode} = ", shown)
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
        drawn = listed(factor.formula, factor.rows, factor.columns, names)
    return [head, *drawn, *_where(factor)]


def _where(factor: Factor) -> list[str]:
    names = factor.reading.texts
    lines = []
    for clause in factor.clauses:
        lines += wrapped(f"with {plain(clause.symbol, names)} = ", plain(clause.definition, names))
    return lines
