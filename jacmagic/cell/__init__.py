"""What the user typed, read as text: the magic's line and the cell's function. Knows no torch."""

from jacmagic.cell.arguments import is_taken_apart, parameters_of, unpacked_names
from jacmagic.cell.expressions import function_of_expressions, is_import
from jacmagic.cell.hints import for_exception, for_syntax
from jacmagic.cell.line import Assignment, Line, read_line
from jacmagic.cell.names import normal
from jacmagic.cell.ranges import RangeText, read_range
from jacmagic.cell.source import Cell, read_cell

__all__ = [
    "Assignment",
    "Cell",
    "Line",
    "RangeText",
    "for_exception",
    "for_syntax",
    "function_of_expressions",
    "is_import",
    "is_taken_apart",
    "normal",
    "parameters_of",
    "read_cell",
    "read_line",
    "read_range",
    "unpacked_names",
]
