"""Parsers of the magic's line and of the cell's text; they import no torch."""

from jacmagic.notebook.cell.expressions import function_of_expressions, is_import
from jacmagic.notebook.cell.line import Line
from jacmagic.notebook.cell.option_errors import explained
from jacmagic.notebook.cell.parse_line import read_line
from jacmagic.notebook.cell.ranges import RangeText, read_range
from jacmagic.notebook.cell.source import Cell, read_cell

__all__ = [
    "Cell", "Line", "RangeText", "explained", "function_of_expressions", "is_import", "read_cell",
    "read_line", "read_range",
]  # fmt: skip
