"""Sizes of a printed page and of a terminal, in letters and lines, that displays are fitted to."""

PAGE_LETTERS = 72  # on a line beside a left-hand side, on a page with margins of an inch
PAGE_LINES = 42  # of text on such a page
MATRIX_LETTERS = 110  # side by side in a matrix: a page scrolls little, and print breaks it once
MAX_PAGE_ROWS = 40  # rows or columns of a table that a page shows without scrolling
TERMINAL_LETTERS = 100  # on a line: the usual width of a terminal
TERMINAL_LINES = 30  # its usual height
MAX_TERMINAL_ROWS = 20  # rows or columns of a table in a terminal, below its title
MAX_COPIED_CHARACTERS = 20_000  # of LaTeX beside its display, to be copied: about ten pages
